import {beforeAll, describe, expect, test} from "vitest";
import {
  BY_ROWS,
  BY_SQUARES,
  forwardOn,
  inputGradOn,
  kernelGradOn
} from "../../src/gpu/kernels/conv2d-choice.ts";
import {webGpuBackend} from "../../src/gpu/tfjs-webgpu.ts";
import {dispatch, type GpuKernel} from "../../src/gpu/webgpu-dispatch.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {
  CASES,
  type Case,
  conv2dKernelCases,
  oracle,
  tensorsOf,
  valuesOf,
  windowOf
} from "../ops/conv2d-kernel-cases.ts";
import {expectClose, spoilMemory, use, withoutLeak} from "../ops/support.ts";

const {tf} = ops;

conv2dKernelCases("webgpu");

/** The outputs of a kernel, in memory full of other numbers. */
function run(name: string, kernel: GpuKernel, inputs: Record<string, Tensor>, shapes: number[][]): Tensor[] {
  spoilMemory(...shapes.map((shape) => shape.reduce((product, dim) => product * dim, 1)));
  const operands = Object.entries(inputs).map(([key, info]) => ({name: key, info}));
  const outputs = shapes.map((shape) => ({shape, dtype: "float32"}) as const);
  const infos = dispatch(webGpuBackend() as object, name, operands, outputs, kernel);
  return infos.map((info) => tf.engine().makeTensorFromTensorInfo(info) as Tensor);
}

describe.each(Object.entries({BY_ROWS, BY_SQUARES}))("the shaders %s", (_, way) => {
  beforeAll(() => use("webgpu"));

  const cases = Object.entries(CASES).filter(([, each]) => way.has(windowOf(each)));
  test.each(cases)("%s", (_name, each: Case) =>
    withoutLeak(async () => {
      const window = windowOf(each);
      const {batch, filters} = each;
      const tensors = tensorsOf(each);
      const {x, kernel, bias, dy} = tensors;
      const wanted = oracle(window, batch, filters, "tanh", await valuesOf(tensors));
      const layout = {window, batch, filters, activation: "tanh"} as const;
      const [y] = run("PetriConv2d", way.forward(layout), {x, kernel, bias}, [dy.shape]) as [Tensor];
      await expectClose(y, wanted.y);
      const weights = () =>
        run("PetriConv2dKernelGrad", way.kernelGrad(layout), {x, dy, y}, [kernel.shape, [filters]]);
      const [dKernel, dBias] = weights() as [Tensor, Tensor];
      await expectClose(dKernel, Array.from(wanted.dKernel), {atol: 1e-4});
      await expectClose(dBias, Array.from(wanted.dBias), {atol: 1e-4});
      expect(await weights()[0]?.data()).toEqual(await dKernel.data());
      if (!way.hasInputGrad(window)) return;
      const [dx] = run("PetriConv2dInputGrad", way.inputGrad(layout), {dy, y, kernel}, [x.shape]) as [Tensor];
      await expectClose(dx, Array.from(wanted.dx), {atol: 1e-4});
    })()
  );
});

test("software adapters compute by rows, GPUs by squares", () => {
  const window = windowOf(CASES["rows of several stretches"] as Case);
  const layout = {window, batch: 1, filters: 6, activation: "linear"} as const;
  const device = (vendor: string) =>
    ({adapterInfo: {vendor, architecture: "", device: "", description: ""}}) as unknown as GPUDevice;
  for (const make of [forwardOn, inputGradOn, kernelGradOn]) {
    expect(make(device("swiftshader"), layout).variant).toMatch(/^rows/);
    expect(make(device("nvidia"), layout).variant).not.toMatch(/^rows/);
  }
});
