import {beforeAll, describe, expect, test} from "vitest";
import {geluTanh} from "../../src/gpu/kernels/gelu.ts";
import type {BackendName} from "../../src/gpu/types.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf} = ops;

const u = (x: number) => Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
const gelu = (x: number) => (x / 2) * (1 + Math.tanh(u(x)));
/** The slope by differences in double precision. */
const slope = (x: number) => (gelu(x + 1e-5) - gelu(x - 1e-5)) / 2e-5;

/** The approximation of gelu and its derivatives against double precision, at sizes that are no multiple of four. */
export function geluCases(backend: BackendName): void {
  describe(`gelu on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each([1, 3, 4, 203])("%i numbers, and their slopes", (size) =>
      withoutLeak(async () => {
        const values = Array.from({length: size}, (_, i) => ((i * 0.37) % 12) - 6);
        const x = tf.tensor1d(values);
        await expectClose(geluTanh(x), values.map(gelu));
        await expectClose(
          ops.grad((at: Tensor) => tf.sum(tf.mul(geluTanh(at), 2)))(x),
          values.map((at) => 2 * slope(at))
        );
      })()
    );

    test(
      "the slope of the slope",
      withoutLeak(async () => {
        const values = [-2, -0.5, 0, 0.25, 1.5];
        const first = ops.grad((at: Tensor) => tf.sum(geluTanh(at)));
        const second = ops.grad((at: Tensor) => tf.sum(first(at)))(tf.tensor1d(values));
        await expectClose(
          second,
          values.map((at) => (slope(at + 1e-3) - slope(at - 1e-3)) / 2e-3)
        );
      })
    );

    test(
      "what is large, infinite or no number",
      withoutLeak(async () => {
        const y = Array.from(await geluTanh(tf.tensor1d([50, -50, Infinity, NaN])).data());
        expect(y.slice(0, 3)).toEqual([50, -0, Infinity]);
        expect(y[3]).toBeNaN();
      })
    );

    test(
      "nothing",
      withoutLeak(async () => {
        expect((await geluTanh(tf.zeros([0, 4])).data()).length).toBe(0);
      })
    );
  });
}
