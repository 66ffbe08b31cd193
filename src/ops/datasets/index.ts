// petri/datasets: examples in plain typed arrays. Free of tfjs, so that a page can draw them without loading it.
export * from "./dataset.ts";
export * from "./digits.ts";
export * from "./planar.ts";
export * from "./source.ts";
export * from "./split.ts";
