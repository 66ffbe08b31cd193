import {beforeAll, describe, expect, test} from "vitest";
import {isSoftware, tileFor, tune} from "../../src/gpu/kernels/autotune.ts";
import {TILES, type TileName, tileByTable} from "../../src/gpu/kernels/matmul-tiles.ts";
import {matMulKernel, type Product} from "../../src/gpu/kernels/matmul-wgsl.ts";
import {type WebGpuBackend, webGpuBackend} from "../../src/gpu/tfjs-webgpu.ts";
import {dispatch} from "../../src/gpu/webgpu-dispatch.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {ACTIVATIONS, productOf, randomNumbers} from "../ops/float64.ts";
import {matMulCases, operands, poison} from "../ops/matmul-cases.ts";
import {expectClose, use, withoutLeak} from "../ops/support.ts";
import {countDispatches} from "./support/dispatch-count.ts";

const {tf} = ops;

matMulCases("webgpu");

const backend = () => webGpuBackend() as WebGpuBackend;

/** Runs a product with a tile of one's choice. */
function runTile(
  tile: TileName,
  product: Product,
  inputs: Record<string, Tensor>,
  shapes: number[][]
): Tensor[] {
  const named = Object.entries(inputs).map(([name, info]) => ({name, info}));
  const outputs = shapes.map((shape) => ({shape, dtype: "float32"}) as const);
  const kernel = matMulKernel(product, TILES[tile]);
  return dispatch(backend(), "PetriTileTest", named, outputs, kernel).map((info) =>
    tf.engine().makeTensorFromTensorInfo(info)
  );
}

describe.each(Object.keys(TILES) as TileName[])("the tile %s", (tile) => {
  beforeAll(() => use("webgpu"));
  const plain = {batch: 1, hasBias: false, activation: "linear"} as const;

  const readsItsOwnWay = tile === "small" || tile === "staged";

  // Neither fills a tile; the first fills no quad, the second only quads.
  const sizes = [
    {rows: 13, columns: 70, inner: 19},
    {rows: 68, columns: 12, inner: 40}
  ];

  test.each(sizes)("adds bias and applies an activation, %o", (size) =>
    withoutLeak(async () => {
      const layout = {...size, transposeA: false, transposeB: false};
      const {a, b, x, y} = operands(layout);
      const bias = randomNumbers(5, size.columns);
      await poison(size.rows * size.columns);
      const product = {...plain, ...layout, hasBias: true, activation: "relu"} as const;
      const [out] = runTile(tile, product, {a: x, b: y, bias: tf.tensor1d(bias)}, [
        [size.rows, size.columns]
      ]);
      const wanted = productOf(a, b, layout).map((sum, i) =>
        Math.max(0, sum + (bias[i % size.columns] as number))
      );
      await expectClose(out as Tensor, Array.from(wanted));
    })()
  );

  // How operands are read does not depend on the tile, but on whether they are staged.
  test.each(readsItsOwnWay ? sizes : [])(
    "applies a slope to the left operand, the right one transposed, %o",
    (size) =>
      withoutLeak(async () => {
        const layout = {...size, transposeA: false, transposeB: true};
        const {a, b, x, y} = operands(layout);
        const [value, slope] = ACTIVATIONS.tanh;
        const sums = randomNumbers(6, a.length);
        const product = {...plain, ...layout, slope: {of: "a", activation: "tanh"}} as const;
        const values = tf.tensor2d(sums.map(value), [size.rows, size.inner]);
        const [out] = runTile(tile, product, {a: x, b: y, y: values}, [[size.rows, size.columns]]);
        const graded = a.map((each, i) => each * slope(sums[i] as number));
        await expectClose(out as Tensor, Array.from(productOf(graded, b, layout)));
      })()
  );

  test.each(sizes)(
    "applies a slope to the right operand and sums its columns, the left one transposed, %o",
    (size) =>
      withoutLeak(async () => {
        const {rows, columns, inner} = size;
        const layout = {...size, transposeA: true, transposeB: false};
        const {a, b, x, y} = operands(layout);
        const [value, slope] = ACTIVATIONS.sigmoid;
        const sums = randomNumbers(6, b.length);
        await poison(rows * columns, columns);
        const product = {
          ...plain,
          ...layout,
          slope: {of: "b", activation: "sigmoid"},
          hasColumnSums: true
        } as const;
        const values = tf.tensor2d(sums.map(value), [inner, columns]);
        const run = () => runTile(tile, product, {a: x, b: y, y: values}, [[rows, columns], [columns]]);
        const [out, totals] = run() as [Tensor, Tensor];
        const graded = b.map((each, i) => each * slope(sums[i] as number));
        await expectClose(out, Array.from(productOf(a, graded, layout)));
        const ones = new Float32Array(inner).fill(1);
        await expectClose(totals, Array.from(productOf(ones, graded, {rows: 1, columns, inner})));
        const [again] = run() as [Tensor];
        expect(await again.data()).toEqual(await out.data());
      })()
  );

  test.each(readsItsOwnWay ? sizes : [])(
    "multiplies stacks, both operands transposed; what is no number stays, %o",
    (size) =>
      withoutLeak(async () => {
        const {rows, columns, inner} = size;
        const layout = {...size, transposeA: true, transposeB: true};
        const [a, b] = [randomNumbers(1, 2 * rows * inner), randomNumbers(2, 2 * inner * columns)];
        a[3] = NaN;
        b[5] = -Infinity;
        const product = {...plain, ...layout, batch: 2};
        const inputs = {a: tf.tensor(a, [2, inner, rows]), b: tf.tensor(b, [2, columns, inner])};
        const [out] = runTile(tile, product, inputs, [[2, rows, columns]]);
        const half = (x: Float32Array, i: number) => x.subarray((i * x.length) / 2, ((i + 1) * x.length) / 2);
        const wanted = [0, 1].flatMap((i) => Array.from(productOf(half(a, i), half(b, i), layout)));
        await expectClose(out as Tensor, wanted);
      })()
  );
});

describe("the choice of tiles", () => {
  beforeAll(() => use("webgpu"));
  const product = {batch: 1, rows: 40, columns: 24, inner: 50, transposeA: false, transposeB: false};

  test("goes by the table, for all sizes of a class alike", () => {
    const {device} = backend();
    expect(isSoftware(device)).toBe(true);
    expect(tileFor(device, product)).toBe("small");
    expect(tileFor(device, {...product, rows: 512, columns: 512, inner: 512})).toBe("large");
    expect(tileFor(device, {...product, rows: 511, columns: 300, inner: 257})).toBe("large");
  });

  test.each([
    [1, 4096, 4096, 4096, "staged"],
    [1, 128, 300, 784, "split"],
    [1, 10, 10, 128, "split"],
    [1, 25, 6, 73728, "long"],
    [1, 784, 300, 16, "small"],
    [256, 32, 32, 64, "small"]
  ])("a GPU computes %i of %i x %i from %i with the tile %s", (batch, rows, columns, inner, tile) => {
    expect(tileByTable({batch, rows, columns, inner}, false)).toBe(tile);
  });

  test(
    "measuring decides for a class that nobody has computed, and for no other",
    withoutLeak(async () => {
      const fresh = {...product, rows: 3, columns: 9, inner: 5};
      const used = {...product, rows: 65, columns: 9, inner: 5};
      const before = tileFor(backend().device, used);
      const [first, second] = await tune([fresh, used]);
      const fastest = Object.entries(first?.milliseconds ?? {}).sort(([, a], [, b]) => a - b)[0]?.[0];
      expect(first?.tile).toBe(fastest);
      expect(tileFor(backend().device, fresh)).toBe(fastest);
      expect(second?.tile).toBe(before);
      expect(Object.keys(second?.milliseconds ?? {})).toEqual(["small", "large"]);
    })
  );
});

describe("dispatches", () => {
  beforeAll(() => use("webgpu"));

  test(
    "forward and back through an MLP takes one for each layer, one for the loss and two back for each but the first",
    withoutLeak(async () => {
      const model = ops.mlp([784, 300, 100, 10]);
      const params = model.init(ops.key(1), [784]);
      const x = tf.tensor2d(randomNumbers(1, 8 * 784), [8, 784]);
      const labels = tf.tensor1d([0, 1, 2, 3, 4, 5, 6, 7], "int32");
      const step = ops.valueAndGrad((at: typeof params) =>
        ops.softmaxCrossEntropy(model.apply(at, x), labels)
      );
      step(params);
      const counts = await countDispatches(() => void step(params));
      expect(Object.fromEntries(counts)).toEqual({
        PetriMatMul: 3,
        PetriCrossEntropyParts: 1,
        PetriDenseInputGrad: 2,
        PetriDenseWeightGrads: 3
      });
    })
  );
});
