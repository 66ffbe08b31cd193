import {classCount, type Dataset} from "../datasets/dataset.ts";
import {type Tensor, tf} from "../tf.ts";
import {accuracy} from "./accuracy.ts";
import {labelCheck} from "./label-check.ts";
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
 * all positions), mean squared error for targets. The cross-entropy throws an ArgumentError where a label of the data, or
 * of `further` data that the model will be asked about, is none of the model's classes.
 */
export function taskOf(data: Dataset, loss?: BatchLoss, further: readonly Dataset[] = []): Task {
  if (data.targets) return {loss: loss ?? meanSquaredError, accuracy: undefined};
  const isOwn = loss === undefined || loss === softmaxCrossEntropy;
  return {
    loss: isOwn ? checkedCrossEntropy([data, ...further]) : loss,
    accuracy: classCount(data) > 0 ? accuracy : undefined
  };
}

const MODEL = {of: "the model", more: (classes: number) => `give its last layer ${classes} units`};

function checkedCrossEntropy(sets: readonly Dataset[]): BatchLoss {
  const checks = sets.map(labelCheck);
  return (outputs, wanted) => {
    const value = softmaxCrossEntropy(outputs, wanted);
    const classes = outputs.shape.at(-1) as number;
    // Labels in the shape of the outputs are shares of the classes.
    if (outputs.rank > wanted.rank) for (const check of checks) check(classes, MODEL);
    return value;
  };
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
