import {beforeAll, describe, expect, test} from "vitest";
import {KernelError} from "../../src/gpu/kernel-error.ts";
import {csrPattern} from "../../src/gpu/kernels/csr-format.ts";
import {csrLinear} from "../../src/gpu/kernels/csr-linear.ts";
import type {BackendName} from "../../src/gpu/types.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectTrueGradients} from "./finite-differences.ts";
import {expectSameLayer, sparseData} from "./sparse-layer.ts";
import {use, withoutLeak} from "./support.ts";

const {tf} = ops;

/** Linear layers that keep weights one by one. */
export function csrLinearCases(backend: BackendName): void {
  describe(`single weights on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each([
      [1, 1, 1, 1],
      [3, 4, 5, 0.5],
      [17, 33, 9, 0.2],
      [130, 40, 70, 0.05],
      // More than one strip of the batch, where there are strips.
      [250, 1100, 6, 0.02]
    ])("%i rows, %i x %i weights, a share of %f kept", (rows, inputs, units, share) =>
      withoutLeak(async () => {
        const marks = ops.key(rows).uniform(inputs * units);
        // One input and one unit have no weights, where there are several.
        const isKept = (i: number) =>
          i === 0 || ((marks[i] as number) < share && Math.floor(i / units) !== 1 && i % units !== 1);
        const data = sparseData(rows, inputs, units, isKept);
        const pattern = csrPattern(data.kept, {inputs, units});
        const places = [...data.kept.keys()].filter((i) => data.kept[i]);
        expect(pattern.count).toBe(places.length);
        const weights = tf.tensor1d(places.map((i) => data.weights[i] as number));
        const spread = (values: Tensor) =>
          tf.reshape(
            tf.scatterND(tf.tensor2d(places, [places.length, 1], "int32"), values, [inputs * units]),
            [inputs, units]
          );
        await expectSameLayer(data, {weights, spread}, (x, values, bias, activation) =>
          csrLinear({x, weights: values, pattern, bias, activation})
        );
      })()
    );

    test(
      "every activation agrees with the dense layer's",
      withoutLeak(async () => {
        const data = sparseData(6, 5, 7, () => true);
        const pattern = csrPattern(data.kept, {inputs: 5, units: 7});
        const x = tf.tensor2d(data.x, [6, 5]);
        for (const activation of ["linear", "relu", "tanh", "elu"] as const) {
          const layer = ops.dense({units: 7, activation});
          const params = {kernel: tf.tensor2d(data.weights, [5, 7]), bias: tf.tensor1d(data.bias)};
          const y = csrLinear({
            x,
            weights: tf.tensor1d(data.weights),
            pattern,
            bias: params.bias,
            activation
          });
          const distance = tf.max(tf.abs(tf.sub(y, layer.apply(params, x))));
          expect((await distance.data())[0], activation).toBeLessThan(1e-5);
        }
      })
    );

    test(
      "derivatives agree with differences, and those of the derivatives",
      withoutLeak(async () => {
        const data = sparseData(5, 6, 4, (i) => i % 3 === 0);
        const pattern = csrPattern(data.kept, {inputs: 6, units: 4});
        const values = data.weights.filter((_, i) => data.kept[i]);
        await expectTrueGradients(
          ({x, weights, bias}) => csrLinear({x, weights, pattern, bias, activation: "tanh"}),
          {x: tf.tensor2d(data.x, [5, 6]), weights: tf.tensor1d(values), bias: tf.tensor1d(data.bias)},
          {together: backend === "webgpu"}
        );
      })
    );

    test(
      "what does not fit is refused",
      withoutLeak(async () => {
        expect(() => csrPattern([1, 1], {inputs: 1, units: 3})).toThrow(KernelError);
        expect(() => csrPattern([1, 1], {inputs: 1, units: 3})).toThrow("has 3 numbers, got 2");
        expect(() => csrPattern([0, 0], {inputs: 1, units: 2})).toThrow("at least one weight");
        const pattern = csrPattern([1, 0, 1, 0, 0, 0], {inputs: 2, units: 3});
        expect(() => csrLinear({x: tf.ones([1, 2]), weights: tf.ones([3]), pattern})).toThrow(
          "The pattern keeps 2 weights, got [3]."
        );
        expect(() => csrLinear({x: tf.ones([1, 3]), weights: tf.ones([2]), pattern})).toThrow(
          "x must be [rows, 2]"
        );
        expect(csrLinear({x: tf.zeros([0, 2]), weights: tf.ones([2]), pattern}).shape).toEqual([0, 3]);
      })
    );
  });
}
