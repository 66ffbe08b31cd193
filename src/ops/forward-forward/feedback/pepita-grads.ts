// What PEPITA asks of a stack's parameters.
import {matMul} from "../../../gpu/kernels/matmul.ts";
import type {BatchLoss} from "../../core/task.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {Passed, Passing, Stack, StackLayerParams, StackParams} from "../stack.ts";
import {at} from "./backward-rule.ts";
import {outputError} from "./output-error.ts";

/** A step of PEPITA. */
export interface PepitaStep {
  x: Tensor;
  y: Tensor;
  /** From errors of single examples to inputs, [inputs, outputs]. */
  projection: Tensor;
  loss?: BatchLoss;
  /** What each hidden layer's activations are multiplied by in both passes: dropout's masks. */
  masks?: readonly Tensor[];
  /** Take the change of hidden layers to first order. */
  linearized?: boolean;
}

/** What stands for the gradient of each layer, the loss, and what the first pass gave. */
export interface PepitaStepResult {
  loss: Tensor;
  outputs: Tensor;
  updates: StackParams;
}

/**
 * The updates of one step, means over the batch: (h_l - h'_l) times the input of layer l in the second pass for hidden layers,
 * the second pass's error times its input for the last.
 */
export function pepitaGrads(layers: Stack, params: StackParams, step: PepitaStep): PepitaStepResult {
  return tidy(() => {
    const {x, y, projection, loss, masks, linearized = false} = step;
    const passing: Passing = {
      activation: (i, h) => (masks ? tf.mul(h, masks[i] as Tensor) : h)
    };
    const first = layers.forward(params, x, passing);
    const outputs = first.activations.at(-1) as Tensor;
    const {loss: value, error} = outputError(outputs, y, loss);
    const batch = x.shape[0] as number;
    const push = tf.reshape(matMul(tf.mul(error, batch), projection, undefined, {transposeB: true}), x.shape);
    const changes = linearized
      ? toFirstOrder(layers, params, first, {error, push, passing})
      : bySecondPass(layers, params, first, {x, y, push, passing, loss});
    const updates = layers.names.map((name, i) => {
      const {delta, input} = changes[i] as Change;
      const mean = i === layers.names.length - 1 ? delta : tf.div(delta, batch);
      return [name, layers.grads(i, params[name] as StackLayerParams, input, mean)];
    });
    return {loss: value, outputs, updates: Object.fromEntries(updates)};
  });
}

/** What a layer's update is made of: delta of single examples (of the mean loss for the last layer), and the layer's input. */
interface Change {
  delta: Tensor;
  input: Tensor;
}

/** Inputs are pushed by the projected error, and layers compared with the first pass. */
function bySecondPass(
  layers: Stack,
  params: StackParams,
  first: Passed,
  {x, y, push, passing, loss}: Pick<PepitaStep, "x" | "y" | "loss"> & {push: Tensor; passing: Passing}
): Change[] {
  const second = layers.forward(params, tf.add(x, push), passing);
  const last = layers.names.length - 1;
  const {error} = outputError(second.activations[last] as Tensor, y, loss);
  return second.inputs.map((input, i) => {
    if (i === last) return {delta: layers.through(last, error, at(second, last)), input};
    return {delta: tf.sub(first.inputs[i + 1] as Tensor, second.inputs[i + 1] as Tensor), input};
  });
}

/** To first order the second pass differs by the projected error, carried forward through kernels and slopes. */
function toFirstOrder(
  layers: Stack,
  params: StackParams,
  first: Passed,
  {error, push, passing}: {error: Tensor; push: Tensor; passing: Passing}
): Change[] {
  const last = layers.names.length - 1;
  let carried = push;
  return layers.names.map((name, i) => {
    const input = first.inputs[i] as Tensor;
    if (i === last) return {delta: layers.through(last, error, at(first, last)), input};
    const {kernel} = params[name] as StackLayerParams;
    const slope = layers.through(i, layers.sum(i, {kernel}, carried), at(first, i));
    carried = passing.activation?.(i, slope) ?? slope;
    return {delta: tf.neg(carried), input};
  });
}
