import {beforeAll, describe, expect, test} from "vitest";
import type {FusedActivation} from "../../src/gpu/kernels/activation-grad.ts";
import {matMul} from "../../src/gpu/kernels/matmul.ts";
import {nativeHeap} from "../../src/gpu/wasm/native.ts";
import {ops} from "../../src/ops/index.ts";
import {productOf, randomNumbers} from "./float64.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf} = ops;

describe("our WebAssembly", () => {
  beforeAll(() => use("wasm"));

  test("is in use: the other cases would pass without it", () => {
    expect(nativeHeap(tf.backend())).toBeDefined();
  });

  // Blocks are 128 rows, 512 columns and 256 along the inner dimension: one more of each.
  test.each([
    [129, 257, 513, false, false],
    [131, 300, 21, true, false],
    [5, 515, 530, false, true],
    [130, 259, 9, true, true]
  ])("%i x %i by %i columns goes over its blocks' edges", (rows, inner, columns, transposeA, transposeB) =>
    withoutLeak(async () => {
      const layout = {rows, columns, inner, transposeA, transposeB};
      const [a, b] = [randomNumbers(1, rows * inner), randomNumbers(2, inner * columns)];
      const x = tf.tensor2d(a, transposeA ? [inner, rows] : [rows, inner]);
      const y = tf.tensor2d(b, transposeB ? [columns, inner] : [inner, columns]);
      const bias = randomNumbers(3, columns);
      const sums = productOf(a, b, layout);
      const wanted = Array.from(sums, (sum, i) => Math.max(0, sum + (bias[i % columns] as number)));
      await expectClose(
        matMul(x, y, tf.tensor1d(bias), {transposeA, transposeB, activation: "relu"}),
        wanted
      );
    })()
  );

  test.each([
    ["tanh", Math.tanh],
    ["sigmoid", (x: number) => 1 / (1 + Math.exp(-x))]
  ] as [FusedActivation, (x: number) => number][])("%s from far below to far above", (activation, value) =>
    withoutLeak(async () => {
      const values = Array.from({length: 401}, (_, i) => (i - 200) / 2);
      const near = [1e-6, -3e-4, 0.01, 0.6249, 0.6251, Infinity, -Infinity, NaN];
      const x = tf.tensor2d([...values, ...near], [409, 1]);
      const y = await matMul(x, tf.ones([1, 1]), undefined, {activation}).data();
      [...values, ...near].forEach((at, i) => {
        const wanted = value(at);
        if (Number.isNaN(wanted)) expect(y[i]).toBeNaN();
        else expect(Math.abs((y[i] as number) - wanted)).toBeLessThanOrEqual(3e-7 * Math.abs(wanted) + 1e-37);
      });
    })()
  );

  test(
    "a clone shares its numbers until the last of both is freed",
    withoutLeak(async () => {
      const x = tf.tensor1d([1, 2, 3]);
      const copies = [x.clone(), tf.cast(x, "float32")];
      x.dispose();
      copies[0]?.dispose();
      await expectClose(copies[1] as typeof x, [1, 2, 3]);
    })
  );
});
