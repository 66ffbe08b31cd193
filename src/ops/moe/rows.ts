// Tokens as experts get them: sorted, those of each expert together.
import {batchProduct} from "../../gpu/kernels/batch-product.ts";
import {groupedMatmul} from "../../gpu/kernels/grouped-matmul.ts";
import {takeTableRows} from "../../gpu/kernels/rows.ts";
import {type ActivationName, activationOf, isFused} from "../core/activations.ts";
import {ShapeError} from "../core/errors.ts";
import {type Tensor, tf, tidy} from "../tf.ts";

/** A batch in which the rows of each expert lie together. */
export interface GroupedRows {
  /** Rows sorted by expert, [rows, features]; or tokens of which `from` picks the rows. */
  readonly x: Tensor;
  /** Which row of x each sorted row is, int32 [rows]; without it x is sorted itself. */
  readonly from?: Tensor;
  /** The sorted rows of every token, int32 [tokens, k], -1 for none: with `from`, for the way back. */
  readonly places?: Tensor;
  /** int32 [experts + 1]: where the rows of each expert begin. Rows from the last number on belong to none. */
  readonly offsets: Tensor;
  /** Rows of each expert, where all have as many: stacks of matrices are multiplied then. */
  readonly each?: number;
}

/** A matrix for each expert, [experts, in, out], and a bias, [experts, out]. */
export type ExpertLinear = {kernel: Tensor; bias?: Tensor};

/** The rows themselves, [rows, features], sorted by expert. */
export function sortedRows({x, from}: GroupedRows): Tensor {
  return from ? takeTableRows(x, from) : tf.clone(x);
}

/** The same grouping with other numbers in the rows, [rows, any]: what an expert goes on with. */
export function withRows({offsets, each}: GroupedRows, x: Tensor): GroupedRows {
  return each === undefined ? {x, offsets} : {x, offsets, each};
}

/**
 * activation(row kernel_e + bias_e) for every row of every expert e: [rows, in] -> [rows, out]. Rows of no expert give 0.
 * Throws a ShapeError where the kernels do not fit the rows.
 *
 * @example
 * import {groupedLinear} from "petri/moe";
 * import {tf} from "petri/core";
 *
 * const rows = {x: tf.ones([3, 2]), offsets: tf.tensor1d([0, 1, 3], "int32")};
 * const kernel = tf.stack([tf.fill([2, 1], 1), tf.fill([2, 1], 10)]);
 * display(groupedLinear(rows, {kernel}).arraySync());
 */
export function groupedLinear(
  rows: GroupedRows,
  {kernel, bias}: ExpertLinear,
  activation: ActivationName | ((x: Tensor) => Tensor) = "linear"
): Tensor {
  checkKernel(rows, kernel);
  return tidy(() => {
    if (rows.each !== undefined) return activationOf(activation)(stacked(rows, rows.each, kernel, bias));
    const {x, from, offsets, places} = rows;
    const product = {x, rows: from, kernels: kernel, bias, offsets, places};
    if (isFused(activation)) return groupedMatmul({...product, activation});
    return activationOf(activation)(groupedMatmul(product));
  });
}

function checkKernel({x, offsets}: GroupedRows, kernel: Tensor): void {
  const experts = (offsets.shape[0] as number) - 1;
  if (kernel.rank === 3 && kernel.shape[0] === experts && kernel.shape[1] === x.shape[1]) return;
  throw new ShapeError(
    `experts: expected a kernel of shape [${experts}, ${x.shape[1]}, out], one matrix for each expert, got [${kernel.shape.join(", ")}].`
  );
}

function stacked(rows: GroupedRows, each: number, kernel: Tensor, bias: Tensor | undefined): Tensor {
  const [experts, features, outputs] = kernel.shape as [number, number, number];
  const y = batchProduct(tf.reshape(sortedRows(rows), [experts, each, features]), kernel);
  const sum = bias ? tf.add(y, tf.reshape(bias, [experts, 1, outputs])) : y;
  return tf.reshape(sum, [experts * each, outputs]);
}
