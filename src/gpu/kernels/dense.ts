import {runKernel} from "../kernel.ts";
import {isRecording, outlive} from "../tape.ts";
import * as tf from "../tfjs.ts";
import {activationGrad, type FusedActivation} from "./activation-grad.ts";
import {batchProduct} from "./batch-product.ts";
import {denseInputGrad, denseWeightGrads} from "./dense-grads.ts";
import {matMul, registerMatMul} from "./matmul.ts";

const NAME = "PetriDense";

/**
 * activation(x kernel + bias), [batch, in] -> [batch, units], as one operation with a gradient of its own: on webgpu two
 * products that apply the activation's slope as they read, elsewhere one pass back through activation and bias, then two
 * products. A gradient of the gradient is taken through ordinary operations.
 */
export function denseProduct(
  x: tf.Tensor,
  kernel: tf.Tensor,
  bias: tf.Tensor | undefined,
  activation: FusedActivation
): tf.Tensor {
  const inputs = {a: x, b: kernel, bias: bias ?? tf.zeros([kernel.shape[1] ?? 0])};
  return runKernel(NAME, inputs, {activation})[0] as tf.Tensor;
}

registerMatMul(NAME);

tf.registerGradient({
  kernelName: NAME,
  inputsToSave: ["a", "b", "bias"],
  outputsToSave: [true],
  gradFunc(dy, saved, attrs) {
    const {activation} = attrs as unknown as {activation: FusedActivation};
    return denseGrads(dy as tf.Tensor, saved as Saved, activation);
  }
});

type Saved = [x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor, y: tf.Tensor];

/** The gradients of y = activation(x kernel + bias) from that of y: of x under `a`, of the kernel under `b`, and of the bias. */
export function denseGrads(dy: tf.Tensor, [x, kernel, bias, y]: Saved, activation: FusedActivation) {
  // Where the gradient will itself be differentiated, y has to be known as a function of the inputs.
  const value = isRecording() ? ACTIVATE[activation](tf.add(batchProduct(x, kernel), bias)) : y;
  const grads = isRecording() ? differentiable : fused;
  return grads(dy, x, kernel, value, activation);
}

/** The activations in ordinary operations. */
const ACTIVATE: Record<FusedActivation, (z: tf.Tensor) => tf.Tensor> = {
  linear: (z) => z,
  relu: (z) => tf.relu(z),
  tanh: (z) => tf.tanh(z),
  sigmoid: (z) => tf.sigmoid(z),
  elu: (z) => tf.elu(z)
};

type Grads = (
  dy: tf.Tensor,
  x: tf.Tensor,
  kernel: tf.Tensor,
  y: tf.Tensor,
  activation: FusedActivation
) => {a: () => tf.Tensor; b: () => tf.Tensor; bias: () => tf.Tensor};

const fused: Grads = (dy, x, kernel, y, activation) =>
  tf.getBackend() === "webgpu"
    ? inTwoDispatches(dy, x, kernel, y, activation)
    : composed(dy, x, kernel, y, activation);

const inTwoDispatches: Grads = (dy, x, kernel, y, activation) => {
  // Made with the first of the two that is asked for: a kernel that stays as it is has no gradient.
  let weights: [tf.Tensor, tf.Tensor] | undefined;
  const weightGrad = (which: 0 | 1) => () => {
    if (weights) return weights[which];
    weights = denseWeightGrads(dy, y, x, activation);
    outlive(weights[1 - which] as tf.Tensor);
    return weights[which];
  };
  return {
    a: () => denseInputGrad(dy, y, kernel, activation),
    b: weightGrad(0),
    bias: weightGrad(1)
  };
};

const composed: Grads = (dy, x, kernel, y, activation) => {
  // Made here, not in the closures: tfjs frees what one closure makes before it calls the next.
  const [bias, sums = dy] = activationGrad(activation === "linear" ? {dy} : {dy, y}, {activation});
  return {
    a: () => matMul(sums, kernel, undefined, {transposeB: true}),
    b: () => matMul(x, sums, undefined, {transposeA: true}),
    bias: () => bias as tf.Tensor
  };
};

const differentiable: Grads = (dy, x, kernel, y, activation) => {
  const sums = tf.mul(dy, SLOPES[activation](y));
  return {
    a: () => batchProduct(sums, kernel, {transposeB: true}),
    b: () => batchProduct(x, sums, {transposeA: true}),
    bias: () => tf.sum(sums, 0)
  };
};

/** Derivatives of the activations as functions of their values. */
const SLOPES: Record<FusedActivation, (y: tf.Tensor) => tf.Tensor> = {
  linear: (y) => tf.onesLike(y),
  relu: (y) => tf.step(y),
  tanh: (y) => tf.sub(1, tf.square(y)),
  sigmoid: (y) => tf.mul(y, tf.sub(1, y)),
  elu: (y) => tf.add(1, tf.minimum(y, 0))
};
