// petri/pruning: sparse networks by masks. One decomposition, after JaxPruner: score x distribution x mask x schedule x
// updater, around any optimizer.
export * as distributions from "./distributions.ts";
export * from "./iterative-magnitude-pruning.ts";
export * from "./masked.ts";
export * from "./masks.ts";
export * from "./prune.ts";
export * as schedules from "./schedules.ts";
export * as scores from "./scores.ts";
export * from "./top-k.ts";
