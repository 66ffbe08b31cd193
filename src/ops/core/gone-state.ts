import {type Tensor, tf} from "../tf.ts";
import {cloneState, disposeState, type TrainState} from "./train-step.ts";
import {leaves, type Tree} from "./tree.ts";

/** Somebody computed with a state of a training that only repeats its rows. */
export class GoneStateError extends Error {
  override name = "GoneStateError";
}

/**
 * The outline of a state whose numbers are gone: its tensors have shapes and are disposed, and whatever computes with
 * them throws a GoneStateError. (tfjs itself does not look whether the operands of `tf.mul` are disposed.)
 */
export function goneState<P extends TrainState>(state: P): P {
  const gone = cloneState(state) as P;
  disposeState(gone);
  const parts = [gone.params, gone.optimizerState, gone.modelState];
  for (const leaf of leaves<Tensor | number>(parts as Tree<Tensor | number>)) {
    if (leaf instanceof tf.Tensor) Object.defineProperty(leaf, "dataId", {get: refuse});
  }
  return gone;
}

function refuse(): never {
  throw new GoneStateError(
    "This state of the training was not kept: its rows are repeated up to the step at which it was saved."
  );
}
