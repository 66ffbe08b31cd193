// The residual function beside the basis of an edge.
import {type ActivationName, activationOf} from "../../core/activations.ts";
import {type Tensor, tf} from "../../tf.ts";

/** silu (pykan's default), "identity", "zero" for none, any activation of core, or a function of a tensor. */
export type Base = "identity" | "zero" | ActivationName | ((x: Tensor) => Tensor);

/** base(x), or undefined where there is none. */
export function baseValues(base: Base, x: Tensor): Tensor | undefined {
  if (base === "zero") return undefined;
  return activationOf(base === "identity" ? "linear" : base)(x);
}

/** What passes a layer's squash: tanh, or nothing. Layer normalisation has parameters and is done by the layer. */
export function squashed(squash: "none" | "tanh", x: Tensor): Tensor {
  return squash === "tanh" ? tf.tanh(x) : x;
}
