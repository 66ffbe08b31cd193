import {type ArrayBackend, arrayValues, type HeapBackend, runKernel, type Values} from "../kernel.ts";
import * as tf from "../tfjs.ts";
import type {FusedActivation} from "./activation-grad.ts";
import {runProduct} from "./matmul-gpu.ts";
import {matMulTwin} from "./matmul-twin.ts";
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

/**
 * tfjs's fused kernel, on stacks of matrices: ten times slower with its transpose flags than after a transpose. Its own relu
 * would turn what is no number into 0, and a network gone wrong would look well.
 */
function onWasm({a, b, bias}: Infos, attrs: MatMulAttrs, backend: Backend): tf.TensorInfo {
  const {activation = "linear"} = attrs;
  const layout = layoutOf({a, b, bias}, attrs);
  if (layout.batch * layout.rows * layout.inner === 0)
    return sumsOfNothing({a, b, bias}, layout, backend as unknown as HeapBackend);
  const after = {relu: "Relu", tanh: "Tanh", elu: "Elu"}[activation as string];
  const temporary: tf.TensorInfo[] = [];
  const turned = (matrices: tf.TensorInfo, turn: boolean | undefined) => {
    const [rows = 0, columns = 0] = matrices.shape.slice(-2);
    const x = {
      ...matrices,
      shape: [matrices.shape.slice(0, -2).reduce((product, dim) => product * dim, 1), rows, columns]
    };
    if (!turn) return x;
    const turnedX = runWasm(backend, "Transpose", {x}, {perm: [0, 2, 1]});
    temporary.push(turnedX);
    return turnedX;
  };
  const operands = {a: turned(a, attrs.transposeA), b: turned(b, attrs.transposeB), bias};
  const options = {transposeA: false, transposeB: false, activation: after ? "linear" : activation};
  const product = runWasm(backend, "_FusedMatMul", operands, options);
  let out = {...product, shape: [...stacksOf(a), ...product.shape.slice(-2)]};
  if (after) {
    temporary.push(out);
    out = runWasm(backend, after, {x: out}, {});
  }
  for (const {dataId} of temporary) backend.disposeData(dataId);
  return out;
}

/** tfjs leaves the product of matrices without inner elements as the memory was, and divides by the size of an empty stack. */
function sumsOfNothing({a, b, bias}: Infos, layout: MatMulLayout, heap: HeapBackend): tf.TensorInfo {
  const out = heap.makeOutput([...stacksOf(a), layout.rows, layout.columns], "float32");
  const [left, right, offset] = [a, b, bias].map((info) => info && heap.typedArrayFromHeap(info));
  heap.typedArrayFromHeap(out).set(matMulTwin(left as Values, right as Values, offset, layout));
  return out;
}

function runWasm(backend: Backend, name: string, inputs: object, attrs: object): tf.TensorInfo {
  const kernel = tf.getKernel(name, "wasm");
  if (!kernel) throw new Error(`tfjs's wasm backend has no kernel ${name}.`);
  return kernel.kernelFunc({inputs, backend, attrs} as never) as tf.TensorInfo;
}
