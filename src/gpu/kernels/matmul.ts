import {type ArrayBackend, arrayValues, type HeapBackend, runKernel} from "../kernel.ts";
import * as tf from "../tfjs.ts";
import type {FusedActivation} from "./activation-grad.ts";
import {runProduct} from "./matmul-gpu.ts";
import {matMulTwin} from "./matmul-twin.ts";
import {matMulOnHeap} from "./matmul-wasm.ts";
import type {MatMulLayout} from "./matmul-wgsl.ts";

export interface MatMulAttrs {
  transposeA?: boolean;
  transposeB?: boolean;
  activation?: FusedActivation;
}

type Infos = {a: tf.TensorInfo; b: tf.TensorInfo; bias?: tf.TensorInfo};
type Backend = tf.KernelBackend;

const NAME = "PetriMatMul";

/**
 * activation(op(a) op(b) + bias) for matrices or stacks of them of the same shape, [..., rows, inner] x [..., inner, columns], op being a
 * transpose or nothing: one dispatch on webgpu. No gradient: see dense.ts and batch-product.ts.
 */
export function matMul(
  a: tf.Tensor,
  b: tf.Tensor,
  bias: tf.Tensor | undefined,
  attrs: MatMulAttrs
): tf.Tensor {
  return runKernel(NAME, bias ? {a, b, bias} : {a, b}, attrs)[0] as tf.Tensor;
}

/** Registers the product under a name; each name may have a gradient of its own. */
export function registerMatMul(kernelName: string): void {
  const kernelFuncs = {webgpu: onGpu, wasm: onWasm, cpu: onCpu};
  for (const [backendName, kernelFunc] of Object.entries(kernelFuncs)) {
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({inputs, backend, attrs}) =>
        kernelFunc(inputs as unknown as Infos, attrs as unknown as MatMulAttrs, backend as Backend)
    });
  }
}

registerMatMul(NAME);

function layoutOf({a, b, bias}: Infos, attrs: MatMulAttrs): MatMulLayout {
  const {transposeA = false, transposeB = false, activation = "linear"} = attrs;
  const [rows = 0, inner = 0] = transposeA ? [a.shape.at(-1), a.shape.at(-2)] : a.shape.slice(-2);
  const columns = b.shape.at(transposeB ? -2 : -1) ?? 0;
  const batch = stacksOf(a).reduce((product, dim) => product * dim, 1);
  return {batch, rows, columns, inner, transposeA, transposeB, hasBias: bias !== undefined, activation};
}

/** The dimensions before the matrices. */
const stacksOf = ({shape}: tf.TensorInfo) => shape.slice(0, -2);

function onGpu(infos: Infos, attrs: MatMulAttrs, backend: Backend): tf.TensorInfo {
  const layout = layoutOf(infos, attrs);
  const {a, b, bias} = infos;
  const shape = [...stacksOf(a), layout.rows, layout.columns];
  return runProduct(backend, NAME, {a, b, bias}, layout, [shape])[0] as tf.TensorInfo;
}

function onCpu(infos: Infos, attrs: MatMulAttrs, backend: Backend): tf.TensorInfo {
  const arrays = backend as unknown as ArrayBackend;
  const layout = layoutOf(infos, attrs);
  const valuesOf = (info: tf.TensorInfo) => arrayValues(arrays, info);
  const bias = infos.bias && valuesOf(infos.bias);
  const values = matMulTwin(valuesOf(infos.a), valuesOf(infos.b), bias, layout);
  return arrays.makeTensorInfo([...stacksOf(infos.a), layout.rows, layout.columns], "float32", values);
}

function onWasm(infos: Infos, attrs: MatMulAttrs, backend: Backend): tf.TensorInfo {
  const layout = layoutOf(infos, attrs);
  const shape = [...stacksOf(infos.a), layout.rows, layout.columns];
  return matMulOnHeap(infos, layout, shape, backend as unknown as HeapBackend);
}
