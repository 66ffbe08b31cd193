// What scores may look at besides the weights: the network, data, gradients.

import {batchRows, takeRows} from "../../core/batches.ts";
import {ArgumentError} from "../../core/errors.ts";
import {valueAndGrad} from "../../core/grad.ts";
import type {Key} from "../../core/key.ts";
import type {Layer, ModelState, Shape} from "../../core/layer.ts";
import {alignOutputs, type BatchLoss, taskOf} from "../../core/task.ts";
import {map, type Params} from "../../core/tree.ts";
import type {Dataset} from "../../datasets/dataset.ts";
import {rowCount} from "../../datasets/dataset.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {kernelsOnly, type Prunable} from "../masks.ts";

/** What a score may look at besides the weights. */
export interface Evidence {
  /** The network that the weights belong to. */
  model?: Layer;
  /** Rows to compute gradients or activations of. All are used: pass fewer for a quicker look. */
  data?: Dataset;
  /** Mean loss of a batch; by default cross-entropy for classes and tokens, mean squared error for targets. */
  loss?: BatchLoss;
  /** Rows of data at a time, 128 by default. */
  batchSize?: number;
  /** The shape of one example, where there are no data to tell it. */
  inputShape?: Shape;
  /** What layers with a state learned in training: `training.state.modelState`. */
  modelState?: ModelState;
  /** Weights from before a training, for scores that ask which way they moved. */
  before?: Params;
  /** The source of randomness of scores that need some. */
  key?: Key;
  /** Which parameters may be pruned: those of rank 2 and more by default. */
  prunable?: Prunable;
}

/** What a kind of evidence is, for people. */
const WORDS: Readonly<Record<keyof Evidence, string>> = {
  model: "model: the network that these are the parameters of",
  data: "data: a dataset",
  loss: "loss: a function of outputs and what was wanted",
  batchSize: "batchSize: rows at a time",
  inputShape: "inputShape: the shape of one example, or data",
  modelState: "modelState: training.state.modelState",
  before: "before: the parameters before the training",
  key: "key: a key such as key(5)",
  prunable: "prunable: which parameters may be pruned"
};

/** Throws an ArgumentError that says what to pass where evidence is missing. */
export function checkEvidence(score: string, needs: readonly (keyof Evidence)[], evidence: Evidence): void {
  const missing = needs.filter((need) => evidence[need] === undefined && !isTold(need, evidence));
  if (missing.length === 0) return;
  throw new ArgumentError(
    `The score ${score} needs ${missing.join(" and ")}: pass {${missing.map((need) => WORDS[need]).join("; ")}} with it.`
  );
}

/** The shape of inputs is known where there are data. */
function isTold(need: keyof Evidence, {data}: Evidence): boolean {
  return need === "inputShape" && data !== undefined;
}

/** Evidence of a score that needs a network and data. */
export type WithData = Evidence & {model: Layer; data: Dataset};

/** The loss of a batch as a function of parameters; layers behave as in evaluation. */
export function lossOf(
  {model, data, loss, modelState}: WithData,
  options: {temperature?: number} = {}
): (params: Params, x: Tensor, y: Tensor) => Tensor {
  const task = taskOf(data, loss);
  const {temperature = 1} = options;
  return (params, x, y) => {
    const outputs = alignOutputs(
      model.apply(params, x, {training: false, ...(modelState && {state: modelState})}),
      y
    );
    return task.loss(temperature === 1 ? outputs : tf.div(outputs, temperature), y);
  };
}

/** Calls `f` with every batch of the data, in order, and the batch's share of the rows. Tensors that it makes are freed, except those it returns. */
export function eachBatch<T>(
  {data, batchSize = 128}: {data: Dataset; batchSize?: number},
  f: (x: Tensor, y: Tensor, share: number) => T
): T[] {
  const count = rowCount(data);
  return [...batchRows(count, batchSize)].map((rows) =>
    tidy(() => {
      const {x, y} = takeRows(data, rows);
      return f(x, y, rows.length / count);
    })
  );
}

/** Gradients of the batches' mean losses, added up. */
export function summedGradients(
  params: Params,
  evidence: WithData,
  options: {temperature?: number} = {}
): Params {
  const gradients = valueAndGrad(lossOf(evidence, options));
  return summed(eachBatch(evidence, (x, y) => gradients(params, x, y)[1]));
}

/** The gradient of the mean loss over all rows. */
export function meanGradients(params: Params, evidence: WithData): Params {
  const gradients = valueAndGrad(lossOf(evidence));
  const scaled = (grads: Params, share: number) => map((leaf: Tensor) => tf.mul(leaf, share), grads);
  return summed(eachBatch(evidence, (x, y, share) => scaled(gradients(params, x, y)[1], share)));
}

/** The sum of trees of one structure. */
export function summed(trees: readonly Params[]): Params {
  const [first, ...others] = trees as [Params, ...Params[]];
  return map(
    (leaf: Tensor, _path, ...rest) => (rest.length > 0 ? tf.addN([leaf, ...rest]) : leaf),
    first,
    ...others
  );
}

/** f of every weight and what stands at its place in other trees. */
export function eachWeight(f: (...at: Tensor[]) => Tensor, params: Params, ...others: Params[]): Params {
  return map((leaf: Tensor, _path, ...rest) => f(leaf, ...rest), params, ...others);
}

/** Zeros for parameters that are not pruned. */
export function onPrunable(tree: Params, {prunable = kernelsOnly}: Evidence): Params {
  return map((leaf: Tensor, path) => (prunable(path, leaf) ? leaf : tf.zerosLike(leaf)), tree);
}

/** The sum of all elements of a tree, a scalar. */
export function total(tree: Params): Tensor {
  const sums: Tensor[] = [];
  map((leaf: Tensor) => sums.push(tf.sum(leaf)), tree);
  return tf.addN(sums);
}
