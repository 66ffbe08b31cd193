// petri/metrics: figures of merit over plain arrays, for the page and for training. Free of tfjs; for tensors, read them
// first: metrics.auroc(await scores.data(), labels).
export * from "./calibration.ts";
export * from "./classification.ts";
export * from "./intervals.ts";
export * from "./language.ts";
export * from "./ranking.ts";
export * from "./regression.ts";
export {studentTQuantile} from "./student-t.ts";
export type {Rows, Values} from "./values.ts";
