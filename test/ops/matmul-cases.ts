import {beforeAll, describe, expect, test} from "vitest";
import type {FusedActivation} from "../../src/gpu/kernels/activation-grad.ts";
import {batchProduct} from "../../src/gpu/kernels/batch-product.ts";
import {denseProduct} from "../../src/gpu/kernels/dense.ts";
import {matMul} from "../../src/gpu/kernels/matmul.ts";
import type {BackendName} from "../../src/gpu/types.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {ACTIVATIONS, type ProductLayout, productOf, randomNumbers} from "./float64.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf} = ops;
const TRANSPOSES = [
  [false, false],
  [true, false],
  [false, true],
  [true, true]
] as const;

/** Operands of a product of that layout, as numbers and as tensors. */
export function operands(layout: ProductLayout) {
  const {rows, columns, inner, transposeA, transposeB} = layout;
  const [a, b] = [randomNumbers(rows + inner, rows * inner), randomNumbers(columns + 7, inner * columns)];
  const x = tf.tensor2d(a, transposeA ? [inner, rows] : [rows, inner]);
  const y = tf.tensor2d(b, transposeB ? [columns, inner] : [inner, columns]);
  return {a, b, x, y};
}

/** Lets the memory of tensors of that size be full of what must not be seen when it is used again. */
export async function poison(...sizes: number[]): Promise<void> {
  const dirty = sizes.map((size) => tf.mul(tf.fill([size], 7), NaN));
  for (const tensor of dirty) await tensor.data();
  tf.dispose(dirty);
}

/** Products and dense layers against float64, at sizes that fill no tile and at those that fill quads. */
export function matMulCases(backend: BackendName): void {
  describe(`products on ${backend}`, () => {
    beforeAll(() => use(backend));
    sizeCases();
    edgeCases();
    denseCases();
  });
}

function sizeCases(): void {
  const sizes = [
    [1, 1, 1],
    [13, 17, 29],
    [12, 20, 36],
    [1, 131, 66],
    [68, 64, 1],
    [5, 300, 3]
  ] as const;
  const cases = sizes.flatMap((size) => TRANSPOSES.map((transposes) => [...size, ...transposes] as const));

  test.each(cases)(
    "%i x %i by %i columns, transposed: %s %s",
    (rows, inner, columns, transposeA, transposeB) =>
      withoutLeak(async () => {
        const layout = {rows, columns, inner, transposeA, transposeB};
        const {a, b, x, y} = operands(layout);
        await poison(rows * columns);
        const product = matMul(x, y, undefined, {transposeA, transposeB});
        expect(product.shape).toEqual([rows, columns]);
        await expectClose(product, Array.from(productOf(a, b, layout)));
      })()
  );

  test.each(TRANSPOSES)("a stack of matrices, transposed: %s %s", (transposeA, transposeB) =>
    withoutLeak(async () => {
      const layout = {rows: 6, columns: 10, inner: 8, transposeA, transposeB};
      const [a, b] = [randomNumbers(1, 3 * 48), randomNumbers(2, 3 * 80)];
      const x = tf.tensor3d(a, [3, ...(transposeA ? [8, 6] : [6, 8])] as [number, number, number]);
      const y = tf.tensor3d(b, [3, ...(transposeB ? [10, 8] : [8, 10])] as [number, number, number]);
      const wanted = [0, 1, 2].flatMap((i) =>
        Array.from(productOf(a.subarray(48 * i, 48 * (i + 1)), b.subarray(80 * i, 80 * (i + 1)), layout))
      );
      await expectClose(batchProduct(x, y, {transposeA, transposeB}), wanted);
    })()
  );
}

function edgeCases(): void {
  test.each([
    [0, 3, 2],
    [3, 0, 2],
    [3, 2, 0]
  ])("%i x %i by %i columns: a sum of nothing is zero", (rows, inner, columns) =>
    withoutLeak(async () => {
      await poison(Math.max(1, rows * columns));
      const product = matMul(tf.zeros([rows, inner]), tf.zeros([inner, columns]), undefined, {});
      expect(product.shape).toEqual([rows, columns]);
      await expectClose(product, new Array<number>(rows * columns).fill(0));
    })()
  );

  test.each([
    [6, 5, 7],
    [4, 8, 8]
  ])("%i x %i by %i columns: NaN and infinity stay in their rows and columns", (rows, inner, columns) =>
    withoutLeak(async () => {
      const layout = {rows, columns, inner};
      const {a, b} = operands(layout);
      a[inner + 2] = NaN;
      b[3 * columns + 1] = Infinity;
      const product = matMul(tf.tensor2d(a, [rows, inner]), tf.tensor2d(b, [inner, columns]), undefined, {});
      await expectClose(product, Array.from(productOf(a, b, layout)));
    })()
  );

  test(
    "the same numbers give the same bits",
    withoutLeak(async () => {
      const {x, y} = operands({rows: 70, columns: 30, inner: 90});
      const first = await matMul(x, y, undefined, {}).data();
      await poison(2100);
      expect(await matMul(x, y, undefined, {}).data()).toEqual(first);
    })
  );
}

const FUSED = ["linear", "relu", "tanh", "sigmoid", "elu"] as const;

/** activation(x kernel + bias) and the gradients of sum(dy y), in double precision. */
function denseOf(numbers: DenseNumbers, {batch, inputs, units}: DenseSizes, activation: FusedActivation) {
  const {x, kernel, bias, dy} = numbers;
  const [value, slope] = ACTIVATIONS[activation];
  const z = productOf(x, kernel, {rows: batch, columns: units, inner: inputs}).map(
    (sum, i) => sum + (bias[i % units] as number)
  );
  const dz = z.map((sum, i) => (dy[i] as number) * slope(sum));
  const biasGrad = new Float64Array(units);
  for (let i = 0; i < dz.length; ++i)
    biasGrad[i % units] = (biasGrad[i % units] as number) + (dz[i] as number);
  return {
    y: z.map(value),
    x: productOf(dz, kernel, {rows: batch, columns: inputs, inner: units, transposeB: true}),
    kernel: productOf(x, dz, {rows: inputs, columns: units, inner: batch, transposeA: true}),
    bias: biasGrad
  };
}

type DenseNumbers = Record<"x" | "kernel" | "bias" | "dy", Float32Array>;
type DenseSizes = {batch: number; inputs: number; units: number};

function denseCases(): void {
  const sizes = [
    {batch: 9, inputs: 6, units: 7},
    {batch: 12, inputs: 8, units: 20},
    {batch: 1, inputs: 5, units: 1}
  ];
  test.each(FUSED)("dense with %s of large and of endless sums", (activation) =>
    withoutLeak(async () => {
      const sums = [-Infinity, -3e38, -1000, -90, -50, 50, 90, 1000, 3e38, Infinity];
      const x = tf.tensor2d(sums, [sums.length, 1]);
      const y = denseProduct(x, tf.ones([1, 1]), tf.zeros([1]), activation);
      const [value] = ACTIVATIONS[activation];
      await expectClose(
        y,
        sums.map((sum) => value(Math.fround(sum)))
      );
    })()
  );

  const cases = FUSED.flatMap((activation) => sizes.map((size) => [activation, size] as const));

  test.each(cases)("dense with %s, %o: values and gradients", (activation, size) =>
    withoutLeak(async () => {
      const {batch, inputs, units} = size;
      const numbers = {
        x: randomNumbers(1, batch * inputs),
        kernel: randomNumbers(2, inputs * units),
        bias: randomNumbers(3, units),
        dy: randomNumbers(4, batch * units)
      };
      const wanted = denseOf(numbers, size, activation);
      const dy = tf.tensor2d(numbers.dy, [batch, units]);
      const at = {
        x: tf.tensor2d(numbers.x, [batch, inputs]),
        kernel: tf.tensor2d(numbers.kernel, [inputs, units]),
        bias: tf.tensor1d(numbers.bias)
      };
      const layer = (here: typeof at) => denseProduct(here.x, here.kernel, here.bias, activation);
      await expectClose(layer(at), Array.from(wanted.y));
      await poison(batch * inputs, inputs * units, units);
      const grads = ops.grad((here: typeof at) => tf.sum(tf.mul(layer(here), dy)))(at);
      for (const name of ["x", "kernel", "bias"] as const)
        await expectClose(grads[name], Array.from(wanted[name]));
    })()
  );

  test.each(["x", "kernel", "bias"] as const)(
    "dense: the gradient by %s alone leaves nothing behind",
    (name) =>
      withoutLeak(async () => {
        const at: Record<string, Tensor> = {
          x: tf.tensor2d([1, 2], [1, 2]),
          kernel: tf.tensor2d([3, 4], [2, 1]),
          bias: tf.tensor1d([5])
        };
        const before = tf.memory().numTensors;
        const value = (one: Tensor) => {
          const {x, kernel, bias} = {...at, [name]: one} as Record<"x" | "kernel" | "bias", Tensor>;
          return tf.sum(denseProduct(x, kernel, bias, "tanh"));
        };
        ops
          .grad(value)(at[name] as Tensor)
          .dispose();
        expect(tf.memory().numTensors).toBe(before);
      })()
  );

  test(
    "dense: a second derivative agrees with finite differences of the first",
    withoutLeak(async () => {
      const x = tf.tensor2d(randomNumbers(1, 12), [4, 3]);
      const bias = tf.tensor1d([0.1, -0.2]);
      const slope = (kernel: Tensor) =>
        tf.sum(tf.square(ops.grad((at: Tensor) => tf.sum(denseProduct(x, at, bias, "tanh")))(kernel)));
      const kernel = tf.tensor2d(randomNumbers(2, 6), [3, 2]);
      const direction = tf.tensor2d(randomNumbers(3, 6), [3, 2]);
      const along = tf.sum(tf.mul(ops.grad(slope)(kernel), direction));
      const step = tf.mul(direction, 1e-2);
      const difference = tf.sub(slope(tf.add(kernel, step)), slope(tf.sub(kernel, step)));
      await expectClose(along, Array.from(await tf.div(difference, 2e-2).data()), {rtol: 1e-2, atol: 1e-3});
    })
  );
}
