import {type Tensor, tf, tidy} from "../../tf.ts";
import {type ActivationName, activationOf} from "../activations.ts";
import type {Layer} from "../layer.ts";

/**
 * A nonlinearity as a layer, by name or as a function of a tensor: [batch, ...shape] -> the same.
 *
 * @example
 * import {activation, tf} from "petri/core";
 *
 * display(activation("gelu").apply({}, tf.tensor1d([-1, 0, 1])).arraySync());
 */
export function activation(
  nonlinearity: ActivationName | ((x: Tensor) => Tensor)
): Layer<Record<never, never>> {
  const f = activationOf(nonlinearity);
  return {
    name: "activation",
    init: () => ({}),
    apply: (_params, x) =>
      tidy(() => {
        const y = f(x);
        // A copy of what passes unchanged: whoever frees it must not free x.
        return y === x ? tf.clone(x) : y;
      }),
    flops: (shape) => shape.reduce((size, dim) => size * dim, 1)
  };
}
