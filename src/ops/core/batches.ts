import type {Dataset} from "../datasets/dataset.ts";
import {type Tensor, tf} from "../tf.ts";
import {checkCount} from "./errors.ts";
import type {Key} from "./key.ts";

/** Rows of a dataset as tensors: x float32 [batch, ...inputShape], y int32 [batch]. */
export interface Batch {
  x: Tensor;
  y: Tensor;
}

/** The rows with these numbers. The caller disposes them. */
export function takeRows(data: Dataset, rows: Int32Array): Batch {
  const width = data.inputs.length / data.labels.length;
  const inputs = new Float32Array(rows.length * width);
  const labels = new Int32Array(rows.length);
  rows.forEach((row, i) => {
    inputs.set(data.inputs.subarray(row * width, (row + 1) * width), i * width);
    labels[i] = data.labels[row] ?? 0;
  });
  return {x: tf.tensor(inputs, [rows.length, ...data.inputShape]), y: tf.tensor1d(labels, "int32")};
}

/** Row numbers of the batches of one epoch: shuffled by the key, in order without one. The last batch may be smaller. */
export function* batchRows(count: number, batchSize: number, key?: Key): Generator<Int32Array> {
  checkCount("batchSize", batchSize);
  const order = key ? key.permutation(count) : Int32Array.from({length: count}, (_, i) => i);
  for (let start = 0; start < count; start += batchSize) yield order.subarray(start, start + batchSize);
}

/** Batches without end from the given step on: every epoch in an order of its own. The caller disposes them. */
export function* shuffledBatches(
  data: Dataset,
  batchSize: number,
  key: Key,
  fromStep = 0
): Generator<Batch, never, undefined> {
  const stepsPerEpoch = Math.ceil(data.labels.length / batchSize);
  let skip = fromStep % stepsPerEpoch;
  for (let epoch = Math.floor(fromStep / stepsPerEpoch); ; ++epoch) {
    for (const rows of batchRows(data.labels.length, batchSize, key.fold(epoch))) {
      if (skip-- <= 0) yield takeRows(data, rows);
    }
  }
}
