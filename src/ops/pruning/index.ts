// petri/pruning: sparse networks by masks. One decomposition, after JaxPruner: score x distribution x mask x schedule x
// updater, around any optimizer.
export * as distributions from "./distributions.ts";
export * as granularity from "./granularity/index.ts";
export * from "./iterative-magnitude-pruning.ts";
export {type Count, keptCount, keptCounts} from "./kept-counts.ts";
export * from "./masked.ts";
export * from "./masks.ts";
export * from "./methods/chita.ts";
export * from "./methods/constant-fan-in.ts";
export * from "./methods/dare.ts";
export * from "./methods/distillation.ts";
export * from "./methods/dsnot.ts";
export * from "./methods/edge-of-chaos.ts";
export * from "./methods/explore-exploit.ts";
export * from "./methods/extended-training.ts";
export * from "./methods/global-magnitude.ts";
export * from "./methods/gradual-cubic.ts";
export * from "./methods/grokking-ticket.ts";
export * from "./methods/group-envelope.ts";
export * from "./methods/group-lasso.ts";
export * from "./methods/gumbel-subnetwork.ts";
export * from "./methods/hyper-sparse.ts";
export * from "./methods/icbs.ts";
export * from "./methods/jackpot.ts";
export * from "./methods/k-sparse.ts";
export * from "./methods/learned-activations.ts";
export * from "./methods/lottery-ticket.ts";
export * from "./methods/optin.ts";
export * from "./methods/partially-frozen.ts";
export * from "./methods/pdp.ts";
export * from "./methods/perp.ts";
export * from "./methods/pre-crop.ts";
export * from "./methods/progressive-n-by-m.ts";
export * from "./methods/proximal.ts";
export * from "./methods/random-pruning.ts";
export * from "./methods/random-search.ts";
export * from "./methods/random-source.ts";
export * from "./methods/soup.ts";
export * from "./methods/sparse-evolution.ts";
export * from "./methods/sparse-recipe.ts";
export * from "./methods/stability.ts";
export {
  type Gating,
  type StepOfTraining,
  type Subnetwork,
  type SubnetworkParams,
  subnetwork
} from "./methods/subnetwork.ts";
export * from "./methods/subnetwork-annealing.ts";
export * from "./methods/swamp.ts";
export * from "./methods/weight-recycling.ts";
export * from "./prune.ts";
export * from "./prune-in-rounds.ts";
export * as schedules from "./schedules.ts";
export type {Evidence} from "./scores/evidence.ts";
export * as scores from "./scores/index.ts";
export {defineScore, type Score} from "./scores/score.ts";
export {type ShrinkOptions, type Shrunk, shrink} from "./shrink/shrink.ts";
export * from "./shrink/unit-scores.ts";
export type {SparseFormat} from "./sparse/formats.ts";
export * from "./sparse/sparsify.ts";
export * from "./top-k.ts";
export * from "./updaters/ac-dc.ts";
export * from "./updaters/drop-and-grow.ts";
export type {DropGrowOptions} from "./updaters/drop-grow-rule.ts";
export * from "./updaters/gradual.ts";
export type {WeightRule} from "./updaters/mask-search.ts";
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
