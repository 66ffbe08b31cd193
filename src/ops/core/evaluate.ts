import type {Dataset} from "../datasets/dataset.ts";
import {type Tensor, tf} from "../tf.ts";
import {batchRows, takeRows} from "./batches.ts";
import type {Layer} from "./layer.ts";
import {accuracy, softmaxCrossEntropy} from "./losses.ts";
import type {Params} from "./tree.ts";

/** Loss and share of right answers over a dataset. */
export interface Evaluation {
  loss: number;
  accuracy: number;
}

export interface EvaluateOptions {
  /** Rows at a time, 1024 by default; the result does not depend on it. */
  batchSize?: number;
  /** Mean loss of a batch, softmaxCrossEntropy by default. */
  loss?: (logits: Tensor, labels: Tensor) => Tensor;
}

/** Applies a model to every row, without training behaviour, and averages. */
export async function evaluate<P extends Params>(
  model: Layer<P>,
  params: P,
  data: Dataset,
  options: EvaluateOptions = {}
): Promise<Evaluation> {
  const {batchSize = 1024, loss = softmaxCrossEntropy} = options;
  const count = data.labels.length;
  const sums: Evaluation = {loss: 0, accuracy: 0};
  for (const rows of batchRows(count, batchSize)) {
    const both = tf.tidy(() => {
      const {x, y} = takeRows(data, rows);
      const logits = model.apply(params, x, {training: false});
      return tf.stack([loss(logits, y).asScalar(), accuracy(logits, y)]);
    });
    const [batchLoss = NaN, batchAccuracy = NaN] = await readAndDispose(both);
    sums.loss += (batchLoss * rows.length) / count;
    sums.accuracy += (batchAccuracy * rows.length) / count;
  }
  return sums;
}

/** The numbers of a tensor, which is freed. */
export async function readAndDispose(tensor: Tensor): Promise<Float32Array> {
  try {
    return (await tensor.data()) as Float32Array;
  } finally {
    tensor.dispose();
  }
}
