// petri/core: the training library under every package, in the manner of JAX's optax and flax over tfjs tensors.

export {tf} from "../tf.ts";
export * from "./activations.ts";
export * from "./errors.ts";
export * from "./fit.ts";
export * from "./grad.ts";
export * from "./initializers.ts";
export * from "./key.ts";
export * from "./layer.ts";
export * from "./layers/dense.ts";
export * from "./layers/dropout.ts";
export * from "./layers/flatten.ts";
export * from "./layers/mlp.ts";
export * from "./layers/sequential.ts";
export * from "./losses.ts";
export * from "./optimizers/adam.ts";
export * from "./optimizers/optimizer.ts";
export * from "./optimizers/sgd.ts";
export * from "./optimizers/transformations.ts";
export * as random from "./random.ts";
export * from "./train-step.ts";
export type {Params, Tree} from "./tree.ts";
export * as tree from "./tree.ts";
