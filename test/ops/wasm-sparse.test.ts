import {beforeAll, describe, expect, test} from "vitest";
import {packMask} from "../../src/gpu/kernels/bit-mask.ts";
import {blockPattern, packBlocks, unpackBlocks} from "../../src/gpu/kernels/block-format.ts";
import {blockSparseLinear} from "../../src/gpu/kernels/block-sparse-linear.ts";
import {csrPattern} from "../../src/gpu/kernels/csr-format.ts";
import {csrLinear} from "../../src/gpu/kernels/csr-linear.ts";
import {maskedLinear} from "../../src/gpu/kernels/masked-linear.ts";
import {compressNm, expandNm} from "../../src/gpu/kernels/nm-format.ts";
import {nmLinear} from "../../src/gpu/kernels/nm-linear.ts";
import {type NativeHeap, nativeHeap} from "../../src/gpu/wasm/native.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {productOf} from "./float64.ts";
import {expectSameLayer, type LayerData, type Stored, sparseData} from "./sparse-layer.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf} = ops;

type Activation = "linear" | "relu" | "tanh" | "elu";

/** A layer in a format, as a function of its operands. */
interface Layer {
  stored: Stored;
  apply(x: Tensor, weights: Tensor, bias: Tensor, activation: string): Tensor;
}

/** Makes a layer of each format from the same numbers, and marks in `data.kept` what it keeps. */
const FORMATS: Record<string, (data: LayerData) => Layer> = {
  "n:m"(data) {
    const weights = compressNm(tf.tensor2d(data.weights, [data.inputs, data.units]), {n: 2, m: 4});
    const spread = (values: Tensor) => expandNm({...weights, values});
    data.kept = Array.from(expandNm(weights).dataSync(), (weight) => Number(weight !== 0));
    return {
      stored: {weights: weights.values, spread},
      apply: (x, values, bias, activation) =>
        nmLinear({x, weights: {...weights, values}, bias, activation: activation as Activation})
    };
  },
  blocks(data) {
    const {inputs, units} = data;
    const marks = Array.from({length: (inputs * units) / 16}, (_, i) => Number(i % 3 !== 1));
    data.kept = data.kept.map(
      (_, i) => marks[Math.floor(i / units / 4) * (units / 4) + Math.floor((i % units) / 4)] as number
    );
    const pattern = blockPattern(marks, {size: 4, inputs, units});
    const weights = packBlocks(tf.tensor2d(data.weights, [inputs, units]), pattern);
    return {
      stored: {weights, spread: (values) => unpackBlocks(values, pattern)},
      apply: (x, values, bias, activation) =>
        blockSparseLinear({x, weights: values, pattern, bias, activation: activation as Activation})
    };
  },
  bits(data) {
    const {inputs, units} = data;
    data.kept = data.kept.map((_, i) => Number(i % 5 < 2));
    const mask = packMask(tf.tensor2d(data.kept, [inputs, units]));
    return {
      stored: {weights: tf.tensor2d(data.weights, [inputs, units]), spread: (all) => all},
      apply: (x, weights, bias, activation) =>
        maskedLinear({x, weights, mask, bias, activation: activation as Activation})
    };
  },
  csr(data) {
    const {inputs, units} = data;
    data.kept = data.kept.map((_, i) => Number(i % 7 < 2));
    const places = [...data.kept.keys()].filter((i) => data.kept[i]);
    const at = tf.tensor2d(places, [places.length, 1], "int32");
    const pattern = csrPattern(data.kept, {inputs, units});
    return {
      stored: {
        weights: tf.tensor1d(places.map((i) => data.weights[i] as number)),
        spread: (values) => tf.reshape(tf.scatterND(at, values, [inputs * units]), [inputs, units])
      },
      apply: (x, weights, bias, activation) =>
        csrLinear({x, weights, pattern, bias, activation: activation as Activation})
    };
  }
};

const formats = Object.keys(FORMATS);
const layerOf = (format: string, data: LayerData) => FORMATS[format]?.(data) as Layer;

/** What of our WebAssembly was called while something ran, and whether it did it. */
function callsOf(work: () => void): Record<string, boolean[]> {
  const heap = nativeHeap(tf.backend()) as NativeHeap;
  const {native} = heap;
  const calls: Record<string, boolean[]> = {};
  const watched = Object.entries(native).map(([name, call]) => [
    name,
    (...args: number[]) => {
      const answer = (call as (...args: number[]) => number)(...args);
      calls[name] = [...(calls[name] ?? []), answer === 1];
      return answer;
    }
  ]);
  heap.native = Object.fromEntries(watched) as NativeHeap["native"];
  try {
    work();
  } finally {
    heap.native = native;
  }
  return calls;
}

function gradientsOf({stored, apply}: Layer, data: LayerData): void {
  const loss = ({x, weights}: {x: Tensor; weights: Tensor}) =>
    tf.sum(apply(x, weights, tf.tensor1d(data.bias), "relu"));
  ops.grad(loss)({x: tf.tensor2d(data.x, [data.rows, data.inputs]), weights: stored.weights});
}

describe("sparse layers in our WebAssembly", () => {
  beforeAll(() => use("wasm"));

  test.each([
    ["n:m", {nmProduct: [true], nmInputGrad: [true], nmWeightGrad: [true]}],
    ["blocks", {blockProduct: [true, true], blockWeightGrad: [true]}],
    ["bits", {bitsProduct: [true], bitsInputGrad: [true], bitsWeightGrad: [true]}],
    ["csr", {sparseProduct: [true, true], sparseSlopes: [true]}]
  ])("%s: its products are the ones that compute", (format, products) =>
    withoutLeak(async () => {
      const data = sparseData(20, 8, 12, () => true);
      const layer = layerOf(format, data);
      expect(callsOf(() => gradientsOf(layer, data))).toMatchObject(products);
    })()
  );

  // A little more than a MiB is there for panels of the batch and lists of weights.
  describe.each([
    [250, 1104, 8],
    [250, 8, 1104]
  ])("%i rows, %i x %i weights: more rows than fit at a time", (rows, inputs, units) => {
    test.each(formats)("%s", (format) =>
      withoutLeak(async () => {
        const data = sparseData(rows, inputs, units, () => true);
        const {stored, apply} = layerOf(format, data);
        await expectSameLayer(data, stored, apply);
      })()
    );
  });

  test.each([
    ["n:m", {nmProduct: [false], nmInputGrad: [true], nmWeightGrad: [false]}],
    ["blocks", {blockProduct: [false, true], blockWeightGrad: [false]}],
    ["bits", {bitsProduct: [false], bitsInputGrad: [true], bitsWeightGrad: [false]}],
    ["csr", {sparseProduct: [false, true], sparseSlopes: [false]}]
  ])("%s of so many inputs that no rows fit are left to the twin", (format, products) =>
    withoutLeak(async () => {
      const data = sparseData(2, 18000, 4, () => true);
      const layer = layerOf(format, data);
      expect(callsOf(() => gradientsOf(layer, data))).toMatchObject(products);
      await expectSameLayer(data, layer.stored, layer.apply);
    })()
  );

  test.each(formats)("%s: every activation", (format) =>
    withoutLeak(async () => {
      const data = sparseData(21, 12, 20, () => true);
      const {stored, apply} = layerOf(format, data);
      const [x, bias] = [tf.tensor2d(data.x, [21, 12]), tf.tensor1d(data.bias)];
      const own = Float32Array.from(data.weights, (weight, i) => weight * (data.kept[i] as number));
      const layout = {rows: 21, columns: 20, inner: 12, transposeA: false, transposeB: false};
      const sums = Array.from(
        productOf(data.x, own, layout),
        (sum, i) => sum + (data.bias[i % 20] as number)
      );
      const values = {
        linear: (sum: number) => sum,
        relu: (sum: number) => Math.max(0, sum),
        tanh: Math.tanh,
        elu: (sum: number) => (sum > 0 ? sum : Math.expm1(sum))
      };
      for (const [activation, value] of Object.entries(values))
        await expectClose(apply(x, stored.weights, bias, activation), sums.map(value));
    })()
  );

  test(
    "bits beyond the last unit of a mask count for nothing",
    withoutLeak(async () => {
      const data = sparseData(3, 2, 5, () => true);
      const mask = tf.tensor2d([-1, -1], [2, 1], "int32");
      const weights = tf.tensor2d(data.weights, [2, 5]);
      await expectSameLayer(data, {weights, spread: (all) => all}, (x, own, bias, activation) =>
        maskedLinear({x, weights: own, mask, bias, activation})
      );
    })
  );
});
