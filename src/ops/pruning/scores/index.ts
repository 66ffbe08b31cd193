// What makes a weight important, a criterion a file.
export * from "./fisher.ts";
export * from "./gradient-saliency.ts";
export * from "./grasp.ts";
export * from "./lamp.ts";
export * from "./magnitude.ts";
export * from "./movement.ts";
export * from "./obd-diagonal.ts";
export * from "./random.ts";
export * from "./snip.ts";
export * from "./synflow.ts";
export * from "./taylor.ts";
export * from "./wanda.ts";
