import {type Dataset, gatherRows, outcomeShape, rowCount} from "../datasets/dataset.ts";
import {type Tensor, tf} from "../tf.ts";
import {checkCount} from "./errors.ts";
import type {Key} from "./key.ts";

/** Rows of a dataset as tensors: x float32 [batch, ...inputShape]; y int32 [batch, ...labelShape], or float32 [batch, ...targetShape]. */
export interface Batch {
  x: Tensor;
  y: Tensor;
}

/** The rows with these numbers. The caller disposes them. */
export function takeRows(data: Dataset, rows: ArrayLike<number>): Batch {
  const {inputs, labels, targets} = gatherRows(data, rows);
  const shape = [rows.length, ...outcomeShape(data)];
  return {
    x: tf.tensor(inputs, [rows.length, ...data.inputShape]),
    y: targets ? tf.tensor(targets, shape) : tf.tensor(labels as Int32Array, shape, "int32")
  };
}

/** Row numbers of the batches of one epoch: shuffled by the key, in order without one. The last batch may be smaller. */
export function* batchRows(count: number, batchSize: number, key?: Key): Generator<Int32Array> {
  checkCount("batchSize", batchSize);
  const order = key ? key.permutation(count) : Int32Array.from({length: count}, (_, i) => i);
  for (let start = 0; start < count; start += batchSize) yield order.subarray(start, start + batchSize);
}

/** Row numbers of batches without end from the given step on: every epoch in an order of its own. */
export function* shuffledRows(
  data: Dataset,
  batchSize: number,
  key: Key,
  fromStep = 0
): Generator<Int32Array, never, undefined> {
  const count = rowCount(data);
  const stepsPerEpoch = Math.ceil(count / batchSize);
  let skip = fromStep % stepsPerEpoch;
  for (let epoch = Math.floor(fromStep / stepsPerEpoch); ; ++epoch) {
    for (const rows of batchRows(count, batchSize, key.fold(epoch))) if (skip-- <= 0) yield rows;
  }
}

/** The rows in `parts` pieces of nearly the same size; fewer when there are fewer rows. */
export function splitRows(rows: Int32Array, parts: number): Int32Array[] {
  const size = Math.ceil(rows.length / parts);
  return Array.from({length: Math.ceil(rows.length / size)}, (_, i) =>
    rows.subarray(i * size, (i + 1) * size)
  );
}
