import {type Dataset, rowCount} from "../datasets/dataset.ts";
import {type Tensor, tf, tidy} from "../tf.ts";
import {batchRows, takeRows} from "./batches.ts";
import {ArgumentError, checkCount, checkOptions} from "./errors.ts";
import type {Layer, ModelState} from "./layer.ts";
import {alignOutputs, type BatchLoss, type Metric, taskOf} from "./task.ts";
import type {Params} from "./tree.ts";

/** Loss, share of right answers where there are classes, and the metrics that were asked for, over a dataset. */
export type Evaluation<M extends string = never> = {loss: number; accuracy: number} & Record<M, number>;

export interface EvaluateOptions<M extends string = string> {
  /** Rows at a time, 1024 by default; the result does not depend on it. */
  batchSize?: number;
  /** Mean loss of a batch; cross-entropy for classes and tokens, mean squared error for targets by default. */
  loss?: BatchLoss;
  /** Further figures by name, each computed once from the outputs for all rows, so that it need not be a mean. */
  metrics?: Readonly<Record<M, Metric>>;
  /** What layers with a state learned in training: `training.state.modelState`. */
  modelState?: ModelState;
}

const optionNames: Readonly<Record<keyof EvaluateOptions, true>> = {
  batchSize: true,
  loss: true,
  metrics: true,
  modelState: true
};

/**
 * Applies a model to every row, without training behaviour. Loss and accuracy are means over rows; `accuracy` is NaN where
 * the rows have no classes.
 *
 * @example
 * import {evaluate, fit, mlp} from "petri/core";
 * import {digits, split} from "petri/datasets";
 *
 * const {train: seen, test: unseen} = split(await digits(), {test: 0.2, seed: 1});
 * const model = mlp([64, 32, 10]);
 * const training = fit(model, seen, {epochs: 2});
 * for await (const row of training);
 * display(await evaluate(model, training.params, unseen));
 * training.dispose();
 */
export async function evaluate<P extends Params, M extends string = never>(
  model: Layer<P>,
  params: P,
  data: Dataset,
  options: EvaluateOptions<M> = {}
): Promise<Evaluation<M>> {
  checkOptions("evaluate", options, optionNames);
  const {batchSize = 1024, metrics, modelState} = options;
  const {loss, accuracy} = taskOf(data, options.loss);
  const count = rowCount(data);
  checkCount(`The number of rows of ${data.name}`, count);
  const names = Object.keys(metrics ?? {}) as M[];
  const sums = {loss: 0, accuracy: accuracy ? 0 : NaN};
  const outputs: Tensor[] = [];
  const wanted: Tensor[] = [];
  try {
    for (const rows of batchRows(count, batchSize)) {
      const [figures, ...kept] = tidy(() => {
        const {x, y} = takeRows(data, rows);
        const out = alignOutputs(model.apply(params, x, {training: false, state: modelState}), y);
        const both = [loss(out, y).asScalar(), accuracy ? accuracy(out, y).asScalar() : tf.scalar(NaN)];
        return names.length > 0 ? [tf.stack(both), out, y] : [tf.stack(both)];
      }) as [Tensor, Tensor?, Tensor?];
      if (kept[0] && kept[1]) {
        outputs.push(kept[0]);
        wanted.push(kept[1]);
      }
      const [batchLoss = NaN, batchAccuracy = NaN] = await readAndDispose(figures);
      sums.loss += (batchLoss * rows.length) / count;
      sums.accuracy += (batchAccuracy * rows.length) / count;
    }
    const further = metrics && names.length > 0 ? await measureAll(metrics, outputs, wanted) : {};
    return {...sums, ...further} as Evaluation<M>;
  } finally {
    tf.dispose([...outputs, ...wanted]);
  }
}

/** The outputs of a model for every row, [rows, ...]. The caller disposes them. */
export function predict<P extends Params>(
  model: Layer<P>,
  params: P,
  data: Dataset,
  options: Pick<EvaluateOptions, "batchSize" | "modelState"> = {}
): Tensor {
  const {batchSize = 1024, modelState} = options;
  const count = rowCount(data);
  checkCount(`The number of rows of ${data.name}`, count);
  return tidy(() => {
    const parts = [...batchRows(count, batchSize)].map((rows) =>
      tidy(() => model.apply(params, takeRows(data, rows).x, {training: false, state: modelState}))
    );
    return tf.concat(parts);
  });
}

/** Every metric of some outputs, as numbers. The tensors stay the caller's. */
export async function measure(
  metrics: Readonly<Record<string, Metric>>,
  outputs: Tensor,
  wanted: Tensor
): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const [name, metric] of Object.entries<Metric>(metrics)) {
    const value = tidy(() => metric(outputs, wanted)) as unknown;
    if (typeof value !== "number" && !(value instanceof tf.Tensor))
      throw new ArgumentError(`The metric ${name} must give a number or a tensor, got ${String(value)}.`);
    found[name] = typeof value === "number" ? value : ((await readAndDispose(value))[0] ?? NaN);
  }
  return found;
}

async function measureAll(
  metrics: Readonly<Record<string, Metric>>,
  outputs: readonly Tensor[],
  wanted: readonly Tensor[]
): Promise<Record<string, number>> {
  const whole = [outputs, wanted].map((parts) => tf.concat([...parts])) as [Tensor, Tensor];
  try {
    return await measure(metrics, ...whole);
  } finally {
    tf.dispose(whole);
  }
}

/** The numbers of a tensor, which is freed. */
export async function readAndDispose(tensor: Tensor): Promise<Float32Array> {
  try {
    return (await tensor.data()) as Float32Array;
  } finally {
    tensor.dispose();
  }
}
