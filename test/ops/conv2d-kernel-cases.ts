import {beforeAll, describe, expect, test} from "vitest";
import type {FusedActivation} from "../../src/gpu/kernels/activation-grad.ts";
import {conv2dProduct} from "../../src/gpu/kernels/conv2d.ts";
import {conv2dInputGrad, conv2dKernelGrad} from "../../src/gpu/kernels/conv2d-grads.ts";
import type {Window2d} from "../../src/gpu/kernels/window.ts";
import type {BackendName} from "../../src/gpu/types.ts";
import {planWindow, windowOn} from "../../src/ops/core/layers/window.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectClose, spoilMemory, use, withoutLeak} from "./support.ts";

const {tf} = ops;

export interface Case {
  batch: number;
  image: [height: number, width: number, channels: number];
  filters: number;
  options: Parameters<typeof planWindow>[1];
}

/** Sizes that fill no tile of four, windows that leave the image, skip cells or step over it. */
export const CASES: Record<string, Case> = {
  "one image, one channel, one filter": {
    batch: 1,
    image: [3, 3, 1],
    filters: 1,
    options: {size: 2, strides: 1, padding: "valid"}
  },
  "odd sizes, padded": {
    batch: 3,
    image: [5, 7, 3],
    filters: 5,
    options: {size: [3, 2], strides: 1, padding: "same"}
  },
  "more tiles than one each way": {
    batch: 2,
    image: [9, 8, 6],
    filters: 11,
    options: {size: 5, strides: 1, padding: "valid"}
  },
  "steps and holes": {
    batch: 2,
    image: [8, 9, 2],
    filters: 4,
    options: {size: [2, 3], strides: [2, 3], dilation: 2, padding: 1}
  },
  "four filters at once, padded, with channels to spare": {
    batch: 2,
    image: [4, 5, 6],
    filters: 8,
    options: {size: 3, strides: 1, padding: "same"}
  },
  "so many weights that few threads share a sum": {
    batch: 1,
    image: [3, 3, 68],
    filters: 116,
    options: {size: 3, strides: 1, padding: "same"}
  },
  "more positions than threads share a sum": {
    batch: 5,
    image: [8, 8, 1],
    filters: 2,
    options: {size: 1, strides: 1, padding: 1}
  },
  "rows of several stretches": {
    batch: 2,
    image: [3, 23, 5],
    filters: 6,
    options: {size: [2, 3], strides: 1, padding: "same"}
  },
  "rows of several stretches that step, with holes": {
    batch: 1,
    image: [5, 27, 2],
    filters: 3,
    options: {size: 3, strides: 2, dilation: [1, 2], padding: "same"}
  }
};

const ACTIVATIONS: Record<FusedActivation, [(z: number) => number, (y: number) => number]> = {
  linear: [(z) => z, () => 1],
  relu: [(z) => Math.max(z, 0), (y) => (y > 0 ? 1 : 0)],
  tanh: [Math.tanh, (y) => 1 - y * y],
  sigmoid: [(z) => 1 / (1 + Math.exp(-z)), (y) => y * (1 - y)],
  elu: [(z) => (z > 0 ? z : Math.expm1(z)), (y) => (y > 0 ? 1 : y + 1)]
};

/** The convolution and its gradients in double precision, straight from the definition. */
export function oracle(
  window: Window2d,
  batch: number,
  filters: number,
  activation: FusedActivation,
  {x, kernel, bias, dy}: Record<"x" | "kernel" | "bias" | "dy", Float32Array>
) {
  const {height, width, channels} = window;
  const [act, slope] = ACTIVATIONS[activation];
  const out = {
    y: [] as number[],
    dx: new Float64Array(x.length),
    dKernel: new Float64Array(kernel.length),
    dBias: new Float64Array(filters)
  };
  const pairs = function* (n: number, oy: number, ox: number) {
    for (let r = 0; r < window.rows; ++r)
      for (let s = 0; s < window.columns; ++s)
        for (let c = 0; c < channels; ++c) {
          const i = oy * window.strideY + r * window.dilationY - window.top;
          const j = ox * window.strideX + s * window.dilationX - window.left;
          if (i < 0 || i >= height || j < 0 || j >= width) continue;
          yield [
            ((n * height + i) * width + j) * channels + c,
            ((r * window.columns + s) * channels + c) * filters
          ] as const;
        }
  };
  for (let n = 0; n < batch; ++n)
    for (let oy = 0; oy < window.outHeight; ++oy)
      for (let ox = 0; ox < window.outWidth; ++ox)
        for (let o = 0; o < filters; ++o) {
          let z = bias[o] as number;
          for (const [i, k] of pairs(n, oy, ox)) z += (x[i] as number) * (kernel[k + o] as number);
          const dz = (dy[out.y.length] as number) * slope(act(z));
          out.y.push(act(z));
          out.dBias[o] = (out.dBias[o] as number) + dz;
          for (const [i, k] of pairs(n, oy, ox)) {
            out.dx[i] = (out.dx[i] as number) + dz * (kernel[k + o] as number);
            out.dKernel[k + o] = (out.dKernel[k + o] as number) + dz * (x[i] as number);
          }
        }
  return out;
}

export const windowOf = ({options, image}: Case) => windowOn(planWindow("conv2d", options), image, "conv2d");

export function tensorsOf(each: Case) {
  const {rows, columns, channels, outHeight, outWidth} = windowOf(each);
  const {batch, filters, image} = each;
  return {
    x: ops.random.normal(ops.key(1), [batch, ...image]),
    kernel: ops.random.normal(ops.key(2), [rows, columns, channels, filters]),
    bias: ops.random.normal(ops.key(3), [filters]),
    dy: ops.random.normal(ops.key(4), [batch, outHeight, outWidth, filters])
  };
}

export async function valuesOf<K extends string>(tensors: Record<K, Tensor>) {
  const all = Object.entries<Tensor>(tensors).map(async ([key, value]) => [key, await value.data()]);
  return Object.fromEntries(await Promise.all(all)) as Record<K, Float32Array>;
}

/** Convolutions and their gradients, one dispatch each on webgpu, against the definition. */
export function conv2dKernelCases(backend: BackendName): void {
  describe(`convolutions on ${backend}`, () => {
    beforeAll(() => use(backend));

    const runs = Object.keys(CASES).flatMap((name, i) => {
      const activation = Object.keys(ACTIVATIONS)[i % 5] as FusedActivation;
      // Each has shaders of its own, which take a software adapter a second to compile.
      const also: FusedActivation[] = backend === "webgpu" ? [] : ["relu"];
      return [activation, ...also].map((each) => [name, each] as const);
    });

    test.each(runs)("%s, %s", (name, activation) =>
      withoutLeak(async () => {
        const each = CASES[name] as Case;
        const window = windowOf(each);
        const tensors = tensorsOf(each);
        const {x, kernel, bias, dy} = tensors;
        const values = await valuesOf(tensors);
        const wanted = oracle(window, each.batch, each.filters, activation, values);
        spoilMemory(x.size, kernel.size, bias.size, dy.size);
        const y = conv2dProduct(x, kernel, bias, window, activation);
        await expectClose(y, wanted.y);
        const attrs = {window, activation, filters: each.filters};
        const upstream: Record<string, Tensor> = activation === "linear" ? {dy} : {dy, y};
        const [dx] = conv2dInputGrad({...upstream, kernel}, attrs) as [Tensor];
        await expectClose(dx, Array.from(wanted.dx), {atol: 3e-5});
        const [dKernel, dBias] = conv2dKernelGrad({x, ...upstream}, attrs) as [Tensor, Tensor];
        await expectClose(dKernel, Array.from(wanted.dKernel), {atol: 1e-4});
        await expectClose(dBias, Array.from(wanted.dBias), {atol: 1e-4});
        const product = (at: typeof tensors) =>
          tf.sum(tf.mul(conv2dProduct(at.x, at.kernel, at.bias, window, activation), dy));
        const grads = ops.grad(product)(tensors);
        await expectClose(grads.x, Array.from(wanted.dx), {atol: 3e-5});
        await expectClose(grads.kernel, Array.from(wanted.dKernel), {atol: 1e-4});
        await expectClose(grads.bias, Array.from(wanted.dBias), {atol: 1e-4});
      })()
    );

    test(
      "run twice, the same bits",
      withoutLeak(async () => {
        const each = CASES["more positions than threads share a sum"] as Case;
        const {x, dy} = tensorsOf(each);
        const attrs = {window: windowOf(each), activation: "linear", filters: each.filters} as const;
        const [first, second] = [0, 1].map(() => conv2dKernelGrad({x, dy}, attrs)[0] as Tensor);
        expect(await second?.data()).toEqual(await first?.data());
      })
    );

    test(
      "what is no number stays in the windows that see it, and infinity beside the image is never read",
      withoutLeak(async () => {
        const window = windowOn(planWindow("conv2d", {size: 2, strides: 1, padding: "same"}), [2, 2, 1], "");
        const kernel = tf.ones([2, 2, 1, 1]);
        const see = async (numbers: number[]) => {
          const x = tf.tensor4d(numbers, [1, 2, 2, 1]);
          return Array.from(await conv2dProduct(x, kernel, tf.zeros([1]), window, "relu").data());
        };
        expect(await see([1, 2, NaN, 4])).toEqual([NaN, 6, NaN, 4]);
        expect(await see([Infinity, 2, 3, 4])).toEqual([Infinity, 6, 7, 4]);
        const dy = tf.tensor4d([Infinity, 1, 1, 1], [1, 2, 2, 1]);
        const attrs = {window, activation: "linear", filters: 1} as const;
        const [dx] = conv2dInputGrad({dy, kernel}, attrs) as [Tensor];
        await expectClose(tf.isFinite(dx), [0, 0, 0, 0]);
      })
    );

    test(
      "an empty batch gives an empty image and a gradient of zeros",
      withoutLeak(async () => {
        const window = windowOn(planWindow("conv2d", {size: 2, strides: 1, padding: "valid"}), [3, 3, 1], "");
        const x = tf.zeros([0, 3, 3, 1]);
        const at = {kernel: tf.ones([2, 2, 1, 3]), bias: tf.ones([3])};
        expect(conv2dProduct(x, at.kernel, at.bias, window, "relu").shape).toEqual([0, 2, 2, 3]);
        const grads = ops.grad((here: typeof at) =>
          tf.sum(conv2dProduct(x, here.kernel, here.bias, window, "relu"))
        )(at);
        await expectClose(grads.kernel, Array<number>(12).fill(0));
        await expectClose(grads.bias, [0, 0, 0]);
      })
    );
  });
}
