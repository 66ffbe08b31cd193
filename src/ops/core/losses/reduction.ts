// How the losses of examples become one number: an option of every loss.
import type {Reduction} from "../../../gpu/kernels/softmax-cross-entropy.ts";
import {type Tensor, tf} from "../../tf.ts";
import {ArgumentError, ShapeError} from "../errors.ts";

export type {Reduction};

/** What every loss takes. */
export interface LossOptions {
  /** What becomes of the losses of single elements or examples: "mean" (the default), "sum", or "none", which returns them. */
  reduction?: Reduction;
}

/** The mean or the sum of `values`, or the values themselves. */
export function reduce(values: Tensor, reduction: Reduction = "mean"): Tensor {
  checkReduction(reduction);
  if (reduction === "none") return values;
  return reduction === "sum" ? tf.sum(values) : tf.mean(values);
}

/** Throws an ArgumentError unless it is one of the three. */
export function checkReduction(reduction: Reduction): void {
  if (!["none", "mean", "sum"].includes(reduction)) {
    throw new ArgumentError(`reduction must be "mean", "sum" or "none", got ${JSON.stringify(reduction)}.`);
  }
}

/** Throws a ShapeError unless both have one shape: broadcasting in a loss is nearly always a mistake. */
export function checkSameShape(
  loss: string,
  [name, a]: [string, Tensor],
  [other, b]: [string, Tensor]
): void {
  if (a.shape.join() === b.shape.join()) return;
  throw new ShapeError(
    `${loss}: expected ${other} of the same shape as ${name}, [${a.shape.join(", ")}], got [${b.shape.join(", ")}].`
  );
}
