import type {FusedActivation} from "../../gpu/kernels/activation-grad.ts";
import {geluTanh} from "../../gpu/kernels/gelu.ts";
import {type Tensor, tf} from "../tf.ts";
import {ArgumentError} from "./errors.ts";

type Activation = (x: Tensor) => Tensor;

/** Frees what a function of several operations makes on the way. */
const scoped =
  (f: Activation): Activation =>
  (x) =>
    tf.tidy(() => f(x));

/**
 * The element-wise nonlinearities by name. `gelu` is the exact one, x Phi(x); `geluTanh` its usual approximation.
 *
 * @example
 * import {activations, tf} from "petri/core";
 *
 * const x = tf.linspace(-4, 4, 81);
 * const curves = ["relu", "gelu", "silu", "tanh"].flatMap((name) => {
 *   const y = activations[name](x).arraySync();
 *   return x.arraySync().map((at, i) => ({x: at, y: y[i], name}));
 * });
 * display(Plot.plot({height: 240, color: {legend: true}, marks: [Plot.ruleY([0]), Plot.line(curves, {x: "x", y: "y", stroke: "name"})]}));
 */
export const activations = {
  linear: (x: Tensor) => x,
  relu: (x: Tensor) => tf.relu(x),
  leakyRelu: (x: Tensor) => tf.leakyRelu(x, 0.01),
  elu: (x: Tensor) => tf.elu(x),
  selu: (x: Tensor) => tf.selu(x),
  sigmoid: (x: Tensor) => tf.sigmoid(x),
  logSigmoid: (x: Tensor) => tf.logSigmoid(x),
  tanh: (x: Tensor) => tf.tanh(x),
  softplus: (x: Tensor) => tf.softplus(x),
  softsign: scoped((x) => tf.div(x, tf.add(tf.abs(x), 1))),
  silu: scoped((x) => tf.mul(x, tf.sigmoid(x))),
  gelu: scoped((x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1))),
  geluTanh: (x: Tensor) => geluTanh(x),
  mish: scoped((x) => tf.mul(x, tf.tanh(tf.softplus(x)))),
  hardSwish: scoped((x) => tf.mul(x, tf.div(tf.relu6(tf.add(x, 3)), 6)))
} satisfies Record<string, Activation>;

/** The name of a nonlinearity. */
export type ActivationName = keyof typeof activations;

/** The function of that name, or the function itself. */
export function activationOf(activation: ActivationName | Activation): Activation {
  if (typeof activation === "function") return activation;
  const found = activations[activation];
  if (!found) {
    throw new ArgumentError(
      `There is no activation "${String(activation)}". Use one of ${Object.keys(activations).join(", ")}, or a function of a tensor.`
    );
  }
  return found;
}

const FUSED = ["linear", "relu", "tanh", "sigmoid", "elu"] as const satisfies readonly FusedActivation[];

/** True for the nonlinearities that layers compute in the same pass as their product. */
export function isFused(activation: unknown): activation is FusedActivation {
  return FUSED.some((name) => name === activation);
}
