// Derivatives that go forward with the values: no tape, and nothing kept for a way back.
import {map, type Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {Passed, Stack, StackLayerParams, StackParams} from "../stack.ts";
import {at} from "./backward-rule.ts";

/** Where to a stack is moved: its parameters, or the sums of its layers before the nonlinearity; layers may be missing. */
export interface Direction {
  weights?: Readonly<Record<string, StackLayerParams>>;
  /** By layer, [batch, ...outputs]. */
  sums?: readonly (Tensor | undefined)[];
}

/** A stack on the way: what it was given and computed, and the gradient of its mean loss by its outputs. */
export interface OnTheWay {
  layers: Stack;
  params: StackParams;
  passed: Passed;
  error: Tensor;
}

/** The derivative of a stack's outputs along a direction, as jvp, by one more pass forward: [batch, outputs]. */
export function pushForward(
  {layers, params, passed}: Omit<OnTheWay, "error">,
  {weights = {}, sums = []}: Direction
): Tensor {
  return tidy(() => {
    let carried: Tensor | undefined;
    for (const [i, name] of layers.names.entries()) {
      const {kernel} = params[name] as StackLayerParams;
      const own = weights[name];
      const parts = [
        carried && layers.sum(i, {kernel}, carried),
        own && layers.sum(i, own, passed.inputs[i] as Tensor),
        sums[i]
      ].filter((part) => part !== undefined);
      if (parts.length === 0) continue;
      const moved = parts.length === 1 ? (parts[0] as Tensor) : tf.addN(parts);
      carried = layers.through(i, moved, at(passed, i));
    }
    return carried ?? tf.zerosLike(passed.activations.at(-1) as Tensor);
  });
}

/**
 * The gradient as a direction tells it: the derivative of the loss along it, times it. Of weights that is one number for all
 * of the direction; of sums one for each example, and the gradients of the parameters follow from what the layers were given.
 * `apart` takes a pass for each layer, so that what others are moved by does not count.
 */
export function forwardEstimate(way: OnTheWay, direction: Direction, apart: boolean): StackParams {
  const {layers, params, passed, error} = way;
  const all = layers.names.map((_, i) => i);
  return tidy(() => {
    const estimates: StackParams = {};
    for (const moved of apart ? all.map((i) => [i]) : [all]) {
      const slopes = tf.mul(error, pushForward(way, only(layers, direction, moved)));
      for (const i of moved) {
        const name = layers.names[i] as string;
        const [own, sum] = [direction.weights?.[name], direction.sums?.[i]];
        if (own) estimates[name] = scaled(own, tf.sum(slopes));
        if (sum) {
          const slope = tf.reshape(tf.sum(slopes, 1), [-1, ...sum.shape.slice(1).map(() => 1)]);
          const input = passed.inputs[i] as Tensor;
          estimates[name] = layers.grads(i, params[name] as StackLayerParams, input, tf.mul(sum, slope));
        }
      }
    }
    return estimates;
  });
}

/** All leaves times a scalar. */
export function scaled<P extends Params>(tree: P, by: Tensor): P {
  return map((leaf: Tensor) => tf.mul(leaf, by), tree as Params) as P;
}

/** The direction for some layers alone. */
function only({names}: Stack, {weights = {}, sums = []}: Direction, moved: readonly number[]): Direction {
  return {
    weights: Object.fromEntries(
      Object.entries(weights).filter(([name]) => moved.includes(names.indexOf(name)))
    ),
    sums: sums.map((sum, i) => (moved.includes(i) ? sum : undefined))
  };
}
