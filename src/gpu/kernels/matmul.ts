import {runKernel} from "../kernel.ts";
import * as tf from "../tfjs.ts";
import {dispatch} from "../webgpu-dispatch.ts";
import type {FusedActivation} from "./activation-grad.ts";
import {matMulKernel} from "./matmul-wgsl.ts";

export interface MatMulAttrs {
  transposeA?: boolean;
  transposeB?: boolean;
  activation?: FusedActivation;
}

type Infos = {a: tf.TensorInfo; b: tf.TensorInfo; bias?: tf.TensorInfo};
type Backend = tf.KernelBackend;

const NAME = "PetriMatMul";

/** activation(op(a) op(b) + bias) for matrices, op being a transpose or nothing: one dispatch on webgpu. No gradient: see dense.ts. */
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

function onGpu({a, b, bias}: Infos, attrs: MatMulAttrs, backend: Backend): tf.TensorInfo {
  const {transposeA = false, transposeB = false, activation = "linear"} = attrs;
  const [rows = 0, inner = 0] = transposeA ? [a.shape[1], a.shape[0]] : a.shape;
  const columns = (transposeB ? b.shape[0] : b.shape[1]) ?? 0;
  const kernel = matMulKernel({
    rows,
    columns,
    inner,
    transposeA,
    transposeB,
    hasBias: bias !== undefined,
    activation
  });
  const operands = [
    {name: "a", info: a},
    {name: "b", info: b},
    bias ? {name: "bias", info: bias} : []
  ].flat();
  return dispatch(
    backend,
    NAME,
    operands,
    [{shape: [rows, columns], dtype: "float32"}],
    kernel
  )[0] as tf.TensorInfo;
}

/** tfjs's kernel is ten times slower with its transpose flags than after a transpose. */
function onWasm({a, b, bias}: Infos, attrs: MatMulAttrs, backend: Backend): tf.TensorInfo {
  const turn = (x: tf.TensorInfo) => runOn("wasm", backend, "Transpose", {x}, {perm: [1, 0]});
  const turned = {a: attrs.transposeA ? turn(a) : a, b: attrs.transposeB ? turn(b) : b, bias};
  const out = fusedProduct(
    "wasm",
    turned,
    {transposeA: false, transposeB: false, activation: attrs.activation},
    backend
  );
  if (turned.a !== a) backend.disposeData(turned.a.dataId);
  if (turned.b !== b) backend.disposeData(turned.b.dataId);
  return out;
}

function onCpu(infos: Infos, attrs: MatMulAttrs, backend: Backend): tf.TensorInfo {
  return fusedProduct("cpu", infos, {transposeA: false, transposeB: false, ...attrs}, backend);
}

/** tfjs's fused kernel, and the activation after it where that one cannot. It takes stacks of matrices, here of one. */
function fusedProduct(on: string, {a, b, bias}: Infos, attrs: MatMulAttrs, backend: Backend): tf.TensorInfo {
  const {activation = "linear", ...flags} = attrs;
  const after = {tanh: "Tanh", elu: "Elu"}[activation as string];
  const stack = (x: tf.TensorInfo) => ({...x, shape: [1, ...x.shape]});
  const options = {...flags, activation: after ? "linear" : activation};
  const product = runOn(on, backend, "_FusedMatMul", {a: stack(a), b: stack(b), bias}, options);
  const out = {...product, shape: product.shape.slice(1)};
  if (!after) return out;
  const activated = runOn(on, backend, after, {x: out}, {});
  backend.disposeData(out.dataId);
  return activated;
}

function runOn(on: string, backend: Backend, name: string, inputs: object, attrs: object): tf.TensorInfo {
  const kernel = tf.getKernel(name, on);
  if (!kernel) throw new Error(`tfjs's ${on} backend has no kernel ${name}.`);
  return kernel.kernelFunc({inputs, backend, attrs} as never) as tf.TensorInfo;
}
