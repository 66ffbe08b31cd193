// petri/moe: mixtures of experts. A router decides as data, dispatch brings tokens to experts and back, a layer puts them together.

export {type DispatchOptions, dispatch} from "./dispatch.ts";
export type {Expert, ExpertShape} from "./experts/expert.ts";
export * from "./experts/glu-expert.ts";
export * from "./experts/mlp-expert.ts";
export {decisionEntropy, leafBalanceLoss} from "./layers/decision-tree.ts";
export * from "./layers/fast-feedforward.ts";
export * from "./layers/smear.ts";
export * from "./layers/soft-moe.ts";
export * from "./moe.ts";
export type {LinearRouterOptions} from "./routers/logits.ts";
export {type TopKRouterOptions, topKRouter} from "./routers/top-k-router.ts";
export type * from "./routing.ts";
export {type ExpertLinear, type GroupedRows, groupedLinear, sortedRows, withRows} from "./rows.ts";
export type {SharedExperts} from "./shared.ts";
export * from "./transforms/index.ts";
