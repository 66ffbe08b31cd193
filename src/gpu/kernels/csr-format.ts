import {checkWhole, KernelError} from "../kernel-error.ts";
import * as tf from "../tfjs.ts";

/** Which weights of a matrix [inputs, units] are kept, one by one: compressed sparse rows, and the way through them by columns. */
export interface CsrPattern {
  inputs: number;
  units: number;
  /** How many weights are kept. They are numbered by rows, and by columns within one. */
  count: number;
  /** int32 [count]: the row of each. */
  rows: tf.Tensor;
  /** int32 [count]: the column of each. */
  columns: tf.Tensor;
  /** int32 [inputs + 1]: the first weight of each row. */
  rowStarts: tf.Tensor;
  /** int32 [count]: the weights by columns. */
  byUnit: tf.Tensor;
  /** int32 [units + 1]: where each column begins in `byUnit`. */
  unitStarts: tf.Tensor;
}

/**
 * The pattern of a mask [inputs, units], row after row, 0 where a weight is pruned. The caller frees it with tf.dispose. Throws KernelError where the mask has
 * another size, and where nothing is kept.
 */
export function csrPattern(
  mask: ArrayLike<number>,
  {inputs, units}: {inputs: number; units: number}
): CsrPattern {
  checkWhole("The number of inputs", inputs, 1);
  checkWhole("The number of units", units, 1);
  if (mask.length !== inputs * units)
    throw new KernelError(
      `A mask of weights [${inputs}, ${units}] has ${inputs * units} numbers, got ${mask.length}.`
    );
  const rowStarts = new Int32Array(inputs + 1);
  const unitStarts = new Int32Array(units + 1);
  let count = 0;
  for (let i = 0; i < mask.length; ++i) {
    if (mask[i] === 0) continue;
    count += 1;
    const unit = i % units;
    unitStarts[unit + 1] = (unitStarts[unit + 1] as number) + 1;
    rowStarts[Math.floor(i / units) + 1] = count;
  }
  if (count === 0) throw new KernelError("A sparse layer needs at least one weight.");
  for (let row = 0; row < inputs; ++row)
    rowStarts[row + 1] = Math.max(rowStarts[row + 1] as number, rowStarts[row] as number);
  for (let unit = 0; unit < units; ++unit)
    unitStarts[unit + 1] = (unitStarts[unit + 1] as number) + (unitStarts[unit] as number);
  const [rows, columns, byUnit] = [new Int32Array(count), new Int32Array(count), new Int32Array(count)];
  const next = unitStarts.slice();
  for (let i = 0, k = 0; i < mask.length; ++i) {
    if (mask[i] === 0) continue;
    const unit = i % units;
    rows[k] = Math.floor(i / units);
    columns[k] = unit;
    byUnit[next[unit] as number] = k;
    next[unit] = (next[unit] as number) + 1;
    k += 1;
  }
  const whole = (values: Int32Array) => tf.tensor1d(values, "int32");
  return {
    inputs,
    units,
    count,
    rows: whole(rows),
    columns: whole(columns),
    rowStarts: whole(rowStarts),
    byUnit: whole(byUnit),
    unitStarts: whole(unitStarts)
  };
}
