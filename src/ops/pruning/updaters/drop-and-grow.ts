// How weights are dropped and grown, on the device: exact numbers, of equal scores the lower index, nothing read back.
import {largestMask} from "../../../gpu/kernels/radix-select.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";

/** A number of weights: a number, or an int32 scalar on the device. */
export type Amount = number | Tensor;

/**
 * A mask of the `keep` largest scores of a tensor.
 *
 * @example
 * import {tf} from "petri/core";
 * import {dropSmallest, growLargest, largestOf} from "petri/pruning";
 *
 * display(largestOf(tf.tensor1d([3, -5, 4]), 2).arraySync());
 * const kept = dropSmallest(tf.tensor1d([3, -5, 0, 4]), tf.tensor1d([1, 1, 0, 1]), 2);
 * display(kept.arraySync());
 * display(growLargest(kept, tf.tensor1d([0.1, 9, 0.2, 9]), 3).arraySync());
 */
export function largestOf(scores: Tensor, keep: Amount): Tensor {
  return largestMask(scores, keep, "value");
}

/** Of the active weights the `keep` largest in magnitude stay: a new mask. */
export function dropSmallest(weight: Tensor, mask: Tensor, keep: Amount): Tensor {
  return tidy(() =>
    largestOf(tf.where(tf.cast(mask, "bool"), tf.abs(weight), tf.fill(weight.shape, -1)), keep)
  );
}

/** A mask with `active` ones: those of `kept`, and the inactive weights with the largest scores. */
export function growLargest(kept: Tensor, scores: Tensor, active: Amount): Tensor {
  return tidy(() =>
    largestOf(tf.where(tf.cast(kept, "bool"), tf.fill(scores.shape, Infinity), scores), active)
  );
}

/** The number of active weights of a mask, an int32 scalar on the device. */
export function activeCount(mask: Tensor): Tensor {
  return tidy(() => tf.cast(tf.sum(mask), "int32"));
}

/** What a share dropped leaves of a number, rounded half to even: an int32 scalar on the device. */
export function keptShare(active: Tensor, drop: number): Tensor {
  return tidy(() => tf.cast(tf.round(tf.mul(tf.cast(active, "float32"), 1 - drop)), "int32"));
}

/** keptShare, but at least one. */
export function keptAfterDrop(active: Tensor, drop: number): Tensor {
  return tidy(() => tf.maximum(keptShare(active, drop), tf.scalar(1, "int32")));
}

/** One update of a mask: `drop` of its weights go, the smallest, and as many come back where the scores are largest. */
export function dropAndGrow(
  {weight, mask, scores}: {weight: Tensor; mask: Tensor; scores: Tensor},
  drop: number
): Tensor {
  return tidy(() => {
    const active = activeCount(mask);
    return growLargest(dropSmallest(weight, mask, keptAfterDrop(active, drop)), scores, active);
  });
}
