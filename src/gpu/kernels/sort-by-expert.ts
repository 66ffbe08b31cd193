import {checkTensor} from "../kernel-error.ts";
import {offTape} from "../tape.ts";
import * as tf from "../tfjs.ts";
import {countingSortRows} from "./counting-sort.ts";

/** The choices of n tokens, k each, in the order of their experts: m = n k rows. */
export interface SortedChoices {
  /** int32 [m]: the choice of every sorted row; choice j of token t is number t k + j. */
  order: tf.Tensor;
  /** int32 [m]: its token, for `groupedMatmul` to read from. */
  rows: tf.Tensor;
  /** int32 [E + 1]: where the rows of each expert begin; behind the last number stand those that were dropped. */
  offsets: tf.Tensor;
  /** int32 [n, k]: the sorted row of every choice, -1 where it was dropped. */
  places: tf.Tensor;
}

/**
 * Sorts choices of experts, int32 [n, k], by expert and then by token, by counting: two dispatches on webgpu for up to 255 experts. A choice that
 * is no expert, as -1, is dropped and comes last. Nothing is read back and no gradient goes through it. Throws KernelError for other tensors and for no experts.
 */
export function sortByExpert(indices: tf.Tensor, experts: number): SortedChoices {
  checkTensor("The indices", indices, 2, ["int32"]);
  const [n = 0, k = 0] = indices.shape;
  return offTape(() =>
    tf.tidy(() => {
      const {order, rows, offsets, places} = countingSortRows(
        tf.reshape(indices, [n * k]),
        experts,
        Math.max(1, k)
      );
      return {order, rows, offsets, places: tf.reshape(places, [n, k])} as SortedChoices &
        tf.TensorContainerObject;
    })
  );
}
