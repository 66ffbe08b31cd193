// Back through a dense layer in two dispatches, on webgpu; elsewhere fast products of plain matrices are put together.
import {runKernel} from "../kernel.ts";
import * as tf from "../tfjs.ts";
import type {FusedActivation} from "./activation-grad.ts";
import {runProduct} from "./matmul-gpu.ts";
import type {Product} from "./matmul-wgsl.ts";

const INPUT = "PetriDenseInputGrad";
const WEIGHTS = "PetriDenseWeightGrads";

interface GradAttrs {
  activation: FusedActivation;
}

type Infos = {dy: tf.TensorInfo; y?: tf.TensorInfo; x?: tf.TensorInfo; kernel?: tf.TensorInfo};

/**
 * The gradient of a dense layer's inputs, (dy slope(y)) kernel^T, [batch, in], in one dispatch on webgpu: from that of its output and the
 * output y itself, both [batch, units], and the kernel [in, units]. The activation's slope is applied while dy is read.
 */
export function denseInputGrad(
  dy: tf.Tensor,
  y: tf.Tensor,
  kernel: tf.Tensor,
  activation: FusedActivation
): tf.Tensor {
  return runKernel(INPUT, {...upstream(dy, y, activation), kernel}, {activation})[0] as tf.Tensor;
}

/**
 * The gradients of a dense layer's kernel, x^T (dy slope(y)), [in, units], and bias, the sums of dy slope(y) over the batch,
 * [units], in one dispatch on webgpu: from the inputs x [batch, in], dy and y as for `denseInputGrad`.
 */
export function denseWeightGrads(
  dy: tf.Tensor,
  y: tf.Tensor,
  x: tf.Tensor,
  activation: FusedActivation
): [kernel: tf.Tensor, bias: tf.Tensor] {
  return runKernel(WEIGHTS, {...upstream(dy, y, activation), x}, {activation}) as [tf.Tensor, tf.Tensor];
}

/** A linear layer has no slope: its values are not read. */
const upstream = (dy: tf.Tensor, y: tf.Tensor, activation: FusedActivation): Record<string, tf.Tensor> =>
  activation === "linear" ? {dy} : {dy, y};

/** The parts of a product that both have. */
const plain = {batch: 1, hasBias: false, activation: "linear"} as const;

const slopeOf = (of: "a" | "b", {activation}: GradAttrs): Pick<Product, "slope"> =>
  activation === "linear" ? {} : {slope: {of, activation}};

function register(
  kernelName: string,
  run: (infos: Required<Infos>, attrs: GradAttrs, backend: object) => tf.TensorInfo[]
) {
  tf.registerKernel({
    kernelName,
    backendName: "webgpu",
    kernelFunc: ({inputs, attrs, backend}) =>
      run(inputs as unknown as Required<Infos>, attrs as unknown as GradAttrs, backend as object)
  });
}

register(INPUT, ({dy, y, kernel}, attrs, backend) => {
  const [rows = 0, inner = 0] = dy.shape;
  const [columns = 0] = kernel.shape;
  const sizes = {rows, columns, inner, transposeA: false, transposeB: true};
  const product = {...plain, ...sizes, ...slopeOf("a", attrs)};
  return runProduct(backend, INPUT, {a: dy, b: kernel, y}, product, [[rows, columns]]);
});

register(WEIGHTS, ({dy, y, x}, attrs, backend) => {
  const [inner = 0, columns = 0] = dy.shape;
  const rows = x.shape[1] as number;
  const sizes = {rows, columns, inner, transposeA: true, transposeB: false};
  const product = {...plain, ...sizes, ...slopeOf("b", attrs), hasColumnSums: true};
  const shapes = [[rows, columns], [columns]];
  return runProduct(backend, WEIGHTS, {a: x, b: dy, y}, product, shapes);
});
