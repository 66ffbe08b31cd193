import {classCount, type Dataset} from "../datasets/dataset.ts";
import {type Tensor, tf} from "../tf.ts";
import {accuracy} from "./accuracy.ts";
import {softmaxCrossEntropy} from "./losses/cross-entropy.ts";
import {meanSquaredError} from "./losses/regression.ts";

/** Mean loss of a batch: outputs of the model and what they should be -> a scalar. */
export type BatchLoss = (outputs: Tensor, wanted: Tensor) => Tensor;

/** A figure of merit: outputs of the model and what they should be -> one number. */
export type Metric = (outputs: Tensor, wanted: Tensor) => Tensor | number;

/** What a model is trained for on a dataset: the loss, and the share of right answers where there are classes. */
export interface Task {
  loss: BatchLoss;
  accuracy: BatchLoss | undefined;
}

/**
 * The loss that fits the data unless another is given: cross-entropy for classes and for the next token (the mean over
 * all positions), mean squared error for targets.
 */
export function taskOf(data: Dataset, loss?: BatchLoss): Task {
  if (data.targets) return {loss: loss ?? meanSquaredError, accuracy: undefined};
  return {loss: loss ?? softmaxCrossEntropy, accuracy: classCount(data) > 0 ? accuracy : undefined};
}

/** Outputs in the shape of the targets where they only differ in dimensions of one: [batch, 1] and [batch] would broadcast. */
export function alignOutputs(outputs: Tensor, wanted: Tensor): Tensor {
  const plain = (shape: readonly number[]) => shape.filter((dim) => dim !== 1).join();
  const isSame =
    wanted.dtype === "float32" &&
    outputs.rank !== wanted.rank &&
    plain(outputs.shape) === plain(wanted.shape);
  return isSame ? tf.reshape(outputs, wanted.shape) : outputs;
}
