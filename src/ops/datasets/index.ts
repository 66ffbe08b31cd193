// petri/datasets: examples in plain typed arrays. Free of tfjs, so that a page can draw them without loading it.
export * from "./augment.ts";
export * from "./data-hash.ts";
export * from "./dataset.ts";
export * from "./dataset-error.ts";
export * from "./digits.ts";
export * from "./normalise.ts";
export * from "./one-hot.ts";
export * from "./planar.ts";
export * from "./readers/cifar.ts";
export * from "./readers/csv.ts";
export * from "./readers/idx.ts";
export * from "./readers/mnist.ts";
export * from "./readers/table.ts";
export * from "./readers/text.ts";
export * from "./source.ts";
export * from "./split.ts";
