import {valueAndGrad} from "../../core/grad.ts";
import type {Learning} from "../../core/layer.ts";
import {softmaxCrossEntropy} from "../../core/losses/cross-entropy.ts";
import {meanSquaredError} from "../../core/losses/regression.ts";
import {alignOutputs, type BatchLoss} from "../../core/task.ts";
import {type Tensor, tidy} from "../../tf.ts";

/** A network's loss on a batch, and what it has to send back: the gradient of the mean loss by the outputs, in their shape. */
export function outputError(
  outputs: Tensor,
  y: Tensor,
  loss: BatchLoss = lossFor(y)
): {loss: Tensor; error: Tensor} {
  return tidy(() => {
    const [value, error] = valueAndGrad((given: Tensor) => loss(alignOutputs(given, y), y))(outputs);
    return {loss: value, error};
  });
}

/** The classes that a rule can tell by the loss it has if it is given none; one that it is given may take labels of any kind. */
export const classesBy = (loss: BatchLoss | undefined) =>
  ({classes: loss ? "any" : "outputs"}) satisfies Pick<Learning, "classes">;

/** Cross-entropy for class numbers, int32; mean squared error for targets. */
export function lossFor(y: Tensor): BatchLoss {
  return y.dtype === "int32" ? softmaxCrossEntropy : meanSquaredError;
}
