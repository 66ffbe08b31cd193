// petri/pruning: sparse networks by masks. One decomposition, after JaxPruner: score x distribution x mask x schedule x
// updater, around any optimizer.
export * as distributions from "./distributions.ts";
export * as granularity from "./granularity/index.ts";
export * from "./iterative-magnitude-pruning.ts";
export {type Count, keptCount, keptCounts} from "./kept-counts.ts";
export * from "./masked.ts";
export * from "./masks.ts";
export * from "./prune.ts";
export * from "./prune-in-rounds.ts";
export * as schedules from "./schedules.ts";
export type {Evidence} from "./scores/evidence.ts";
export * as scores from "./scores/index.ts";
export {defineScore, type Score} from "./scores/score.ts";
export * from "./top-k.ts";
export * from "./updaters/ac-dc.ts";
export * from "./updaters/drop-and-grow.ts";
export type {DropGrowOptions} from "./updaters/drop-grow-rule.ts";
export * from "./updaters/gradual.ts";
export * from "./updaters/rigl.ts";
export * from "./updaters/set.ts";
export {snfs} from "./updaters/snfs.ts";
export * from "./updaters/sparse.ts";
export {makePermanent, masksOf} from "./updaters/sparse-state.ts";
export * from "./updaters/static-sparse.ts";
export * from "./updaters/statistics.ts";
export * from "./updaters/straight-through.ts";
export * from "./updaters/supermask.ts";
export type {TopologyOptions} from "./updaters/topology.ts";
