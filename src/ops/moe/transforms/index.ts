// Trained networks made into mixtures of experts, and mixtures made smaller.

export {type CmoeOptions, cmoe} from "./cmoe.ts";
export {
  type ExpertScoreOptions,
  type ExpertScores,
  expertLoad,
  expertNorm,
  randomExpertScores,
  routerNorm,
  routerNormChange
} from "./expert-scores.ts";
export type {Ffn, FfnOptions, FfnsReplaced} from "./ffn.ts";
export type {Network, Place} from "./layers.ts";
export {
  type LowRankExpertOptions,
  type LowRankExpertParams,
  type LowRankLinear,
  lowRankExpert
} from "./low-rank-expert.ts";
export {type MergedExperts, type MergeExpertsOptions, mergeExperts} from "./merge-experts.ts";
export {type MoefyOptions, type MoefySplit, moefy} from "./moefy.ts";
export {type PrunedExperts, type PruneExpertsOptions, pruneExperts} from "./prune-experts.ts";
export {type ReadMeOptions, readMe} from "./read-me.ts";
export {type LayerRouting, type RoutingReportOptions, routingReport} from "./routing-report.ts";
export {type SelfContrastOptions, selfContrast} from "./self-contrast.ts";
export {type UncurlOptions, uncurl} from "./uncurl.ts";
export {type Upcycled, type UpcycleOptions, upcycle} from "./upcycle.ts";
export {upcycleVirtualGroups, type VirtualGroupOptions} from "./virtual-groups.ts";
