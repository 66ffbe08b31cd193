import {beforeAll, describe, expect, test} from "vitest";
import {activationGrad} from "../../src/gpu/kernels/activation-grad.ts";
import {matMul} from "../../src/gpu/kernels/matmul.ts";
import type {BackendName} from "../../src/gpu/types.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectClose, use, withoutLeak} from "../ops/support.ts";

const {tf} = ops;
const FUSED = ["linear", "relu", "tanh", "sigmoid", "elu"] as const;

const random = (seed: number, ...shape: number[]) => ops.random.normal(ops.key(seed), shape);

async function numbersOf(tensor: Tensor): Promise<number[]> {
  return Array.from(await tensor.data());
}

/** Our kernels against tfjs's own operations, at sizes that fill no tile. */
export function kernelCases(backend: BackendName): void {
  describe(`kernels on ${backend}`, () => {
    beforeAll(() => use(backend));

    for (const [rows, inner, columns] of [
      [1, 1, 1],
      [33, 17, 29],
      [64, 32, 96],
      [5, 130, 3]
    ] as const) {
      test.each([
        [false, false],
        [true, false],
        [false, true],
        [true, true]
      ])(`${rows}x${inner} by ${inner}x${columns}, transposed: %s %s`, (transposeA, transposeB) =>
        withoutLeak(async () => {
          const a = transposeA ? random(1, inner, rows) : random(1, rows, inner);
          const b = transposeB ? random(2, columns, inner) : random(2, inner, columns);
          const bias = random(3, columns);
          const expected = tf.relu(tf.add(tf.matMul(a, b, transposeA, transposeB), bias));
          const options = {transposeA, transposeB, activation: "relu"} as const;
          await expectClose(matMul(a, b, bias, options), await numbersOf(expected), {atol: 1e-4});
        })()
      );
    }

    test.each(FUSED)("dense with %s: gradients agree with those of the spelled-out layer", (activation) =>
      withoutLeak(async () => {
        const layer = ops.dense({units: 7, activation});
        const params = {kernel: random(4, 5, 7), bias: random(5, 7)};
        const x = random(6, 9, 5);
        const weights = random(7, 9, 7);
        const fused = (at: typeof params) => tf.sum(tf.mul(layer.apply(at, x), weights));
        const plain = (at: typeof params) =>
          tf.sum(tf.mul(ops.activations[activation](tf.add(tf.matMul(x, at.kernel), at.bias)), weights));
        const [value, grads] = ops.valueAndGrad(fused)(params);
        const [wanted, expected] = ops.valueAndGrad(plain)(params);
        await expectClose(value, await numbersOf(wanted));
        await expectClose(grads.kernel, await numbersOf(expected.kernel), {atol: 1e-4});
        await expectClose(grads.bias, await numbersOf(expected.bias), {atol: 1e-4});
      })()
    );

    test.each(["tanh", "sigmoid"] as const)(
      "a gradient of the gradient through dense with %s agrees with finite differences",
      (activation) =>
        withoutLeak(async () => {
          const layer = ops.dense({units: 4, activation});
          const x = random(6, 8, 3);
          const bias = random(5, 4);
          const labels = tf.tensor1d([0, 1, 2, 3, 3, 2, 1, 0], "int32");
          const loss = (kernel: Tensor) => ops.softmaxCrossEntropy(layer.apply({kernel, bias}, x), labels);
          const squaredSlope = (kernel: Tensor) => tf.sum(tf.square(ops.grad(loss)(kernel)));
          const kernel = random(4, 3, 4);
          const direction = random(10, 3, 4);
          const along = tf.sum(tf.mul(ops.grad(squaredSlope)(kernel), direction));
          const step = tf.mul(direction, 1e-2);
          const ahead = squaredSlope(tf.add(kernel, step));
          const behind = squaredSlope(tf.sub(kernel, step));
          await expectClose(along, await numbersOf(tf.div(tf.sub(ahead, behind), 2e-2)), {
            rtol: 2e-2,
            atol: 1e-4
          });
        })()
    );

    // XNNPACK, under tfjs's wasm backend, clamps NaN to 0 in a ReLU; the linear last layer of a network still shows it.
    const faithful = FUSED.filter((activation) => backend !== "wasm" || activation !== "relu");
    test.each(faithful)("NaN passes through dense with %s", (activation) =>
      withoutLeak(async () => {
        const layer = ops.dense({units: 5, activation});
        const params = {kernel: random(1, 3, 5), bias: tf.fill([5], NaN)};
        const y = await numbersOf(layer.apply(params, random(2, 6, 3)));
        expect(y.every(Number.isNaN)).toBe(true);
      })()
    );

    test(
      "the bias gradient sums columns, from memory that is not zeroed",
      withoutLeak(async () => {
        const dy = random(8, 130, 65);
        for (let round = 0; round < 3; ++round) {
          const [bias] = activationGrad({dy}, {activation: "linear"});
          await expectClose(bias as Tensor, await numbersOf(tf.sum(dy, 0)), {atol: 1e-4});
        }
      })
    );

    test(
      "cross-entropy of extreme logits is finite, and of many rows equal to that of few",
      withoutLeak(async () => {
        const logits = tf.tensor2d([1000, -1000, 0, -1000, 1000, 0], [2, 3]);
        const loss = ops.softmaxCrossEntropy(logits, tf.tensor1d([0, 0], "int32"), {reduction: "none"});
        await expectClose(loss, [0, 2000]);
        const many = random(9, 3000, 100);
        const labels = tf.tensor1d(
          ops
            .key(1)
            .permutation(3000)
            .map((i) => i % 100),
          "int32"
        );
        const rows = await numbersOf(ops.softmaxCrossEntropy(many, labels, {reduction: "none"}));
        const mean = rows.reduce((sum, row) => sum + row, 0) / rows.length;
        await expectClose(ops.softmaxCrossEntropy(many, labels), [mean]);
      })
    );

    test(
      "a loss that throws leaves nothing behind",
      withoutLeak(async () => {
        const before = tf.memory().numTensors;
        const kernel = random(1, 3, 3);
        const failing = (at: Tensor) => {
          tf.square(tf.matMul(at, at));
          throw new Error("by design");
        };
        expect(() => ops.grad(failing)(kernel)).toThrow("by design");
        expect(tf.memory().numTensors).toBe(before + 1);
      })
    );
  });
}
