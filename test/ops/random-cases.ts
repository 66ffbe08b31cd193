import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import {uniformRange} from "../../src/ops/core/key.ts";
import {orthonormal} from "../../src/ops/core/orthogonal.ts";
import {mulHigh} from "../../src/ops/core/philox.ts";
import {inverseNormal} from "../../src/ops/core/quantile.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectClose, fixture, numbers, use, withoutLeak} from "./support.ts";

const {random, tf} = ops;

/** Large enough for the GPU, and no multiple of a block or a workgroup. */
const SHAPE = [77, 65];
const SIZE = 77 * 65;
const KEY = ops.key(42);

const valuesOf = async (x: Tensor) => Array.from(await x.data());

/** How many of the stream's blocks in the fixture follow each other from 0: a draw begins with them. */
function consecutive(): number {
  const first = numbers(fixture("core/philox4x32-stream").inputs.counter).filter((_, i) => i % 4 === 0);
  const end = first.findIndex((counter, i) => counter !== i);
  return 4 * (end === -1 ? first.length : end);
}

/** Random numbers against the published stream, against JavaScript's, and by what is known of their distributions. */
export function randomCases(backend: BackendName): void {
  describe(`random numbers on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each([[SHAPE], [[consecutive()]]])("uniforms are the reference stream, in the shape %j", (shape) =>
      withoutLeak(async () => {
        const {outputs} = fixture("core/philox4x32-stream");
        const draw = random.uniform(KEY, shape);
        expect(draw.shape).toEqual(shape);
        const values = await valuesOf(draw);
        const count = consecutive();
        expect(values.slice(0, count)).toEqual(numbers(outputs.uniform).slice(0, count));
        expect(values).toEqual(Array.from(KEY.uniform(values.length)));
      })()
    );

    test.each([[SHAPE], [[consecutive()]]])(
      "normals are those of the reference stream, in the shape %j",
      (shape) =>
        withoutLeak(async () => {
          const {outputs} = fixture("core/philox4x32-stream");
          const draw = random.normal(KEY, shape);
          const count = consecutive();
          const first = tf.slice(tf.reshape(draw, [-1]), [0], [count]);
          await expectClose(first, numbers(outputs.normal).slice(0, count), {rtol: 0, atol: 1e-5});
          await expectClose(draw, Array.from(KEY.normal(draw.size)), {rtol: 0, atol: 1e-5});
        })()
    );

    test(
      "whole numbers and zeros and ones have the same bits on every backend",
      withoutLeak(async () => {
        const u = KEY.uniform(SIZE);
        for (const probability of [0, 0.3, 1 - 2 ** -24, 1]) {
          const draw = await valuesOf(random.bernoulli(KEY, probability, SHAPE));
          expect(draw).toEqual(Array.from(u, (value) => (value < probability ? 1 : 0)));
        }
        const words = Array.from(KEY.bits(SIZE), BigInt);
        for (const [low, high] of [
          [-3, 4],
          [0, 1],
          [-(2 ** 31), 2 ** 31 - 1]
        ] as const) {
          const wanted = words.map((word) => low + Number((word * BigInt(high - low)) >> 32n));
          const draw = random.randint(KEY, SHAPE, low, high);
          expect(draw.dtype).toBe("int32");
          expect(await valuesOf(draw)).toEqual(wanted);
        }
      })
    );

    test(
      "uniforms stay below their upper end where rounding would reach it",
      withoutLeak(async () => {
        const high = 1e7 + 1;
        expect(new Set(await valuesOf(random.uniform(KEY, SHAPE, 1e7, high)))).toEqual(new Set([1e7]));
        expect(uniformRange(-1, 0).last).toBe(-(2 ** -149));
        expect(uniformRange(-2, -1).last).toBe(-1 - 2 ** -23);
        expect(uniformRange(0, 0.1).last).toBeLessThan(0.1);
        const between = await valuesOf(random.uniform(KEY, SHAPE, -2, 3));
        const wanted = Array.from(KEY.uniform(SIZE), (u) => 5 * u - 2);
        await expectClose(tf.tensor1d(between), wanted, {rtol: 0, atol: 1e-6});
      })
    );

    test(
      "normals cut off at 2 are quantiles of uniforms",
      withoutLeak(async () => {
        const tail = 0.022750131948179212;
        const wanted = Array.from(KEY.uniform(SIZE), (u) => 0.5 * inverseNormal(tail + u * (1 - 2 * tail)));
        await expectClose(random.truncatedNormal(KEY, SHAPE, 0.5), wanted, {rtol: 0, atol: 5e-6});
        expect(inverseNormal(tail)).toBeCloseTo(-2, 7);
        expect(inverseNormal(0.8413447460685429)).toBeCloseTo(1, 7);
        expect(inverseNormal(0.001)).toBeCloseTo(-3.090232306167813, 6);
      })
    );

    test(
      "Gumbel noise is the double logarithm of uniforms, and finite",
      withoutLeak(async () => {
        const wanted = Array.from(KEY.uniform(SIZE), (u) => -Math.log(-Math.log1p(-u)));
        await expectClose(random.gumbel(KEY, SHAPE), wanted, {rtol: 1e-5, atol: 1e-5});
      })
    );

    test(
      "categories come as often as their probabilities say, impossible ones never",
      withoutLeak(async () => {
        const probabilities = [0.5, 0.2, 0, 0.3];
        const logits = tf.tensor1d(probabilities.map(Math.log));
        const drawn = random.categorical(KEY, logits, 20_000);
        expect([drawn.shape, drawn.dtype]).toEqual([[20_000], "int32"]);
        const values = await valuesOf(drawn);
        probabilities.forEach((probability, c) => {
          const share = values.filter((value) => value === c).length / values.length;
          // Five standard errors.
          expect(Math.abs(share - probability)).toBeLessThanOrEqual(
            5 * Math.sqrt((probability * (1 - probability)) / 2e4)
          );
        });
        const rows = random.categorical(KEY, tf.tensor2d([0, -1e9, -1e9, 0, 0, -1e9], [3, 2]));
        expect((await valuesOf(rows)).slice(0, 2)).toEqual([0, 1]);
        expect(() => random.categorical(KEY, tf.scalar(1))).toThrow("logits of shape [..., classes]");
      })
    );

    test(
      "choices are different numbers unless they may repeat",
      withoutLeak(async () => {
        const chosen = await valuesOf(random.choice(KEY, 100, 30));
        expect(new Set(chosen).size).toBe(30);
        expect(chosen.every((value) => value >= 0 && value < 100)).toBe(true);
        expect(new Set(await valuesOf(random.choice(KEY, 3, 50, {replace: true})))).toEqual(
          new Set([0, 1, 2])
        );
        expect(() => random.choice(KEY, 3, 4)).toThrow("4 of 3 different numbers cannot be had");
        expect((await valuesOf(random.permutation(KEY, 5))).sort()).toEqual([0, 1, 2, 3, 4]);
      })
    );

    test(
      "draws of nothing are empty, and out of range refused",
      withoutLeak(async () => {
        expect(random.uniform(KEY, [0, 3]).shape).toEqual([0, 3]);
        expect(await valuesOf(random.normal(KEY, []))).toHaveLength(1);
        expect(() => random.uniform(KEY, [2], 1, 0)).toThrow("high must be a number of at least 1");
        expect(() => random.bernoulli(KEY, 1.5, [2])).toThrow("probability must be a number between 0 and 1");
        expect(() => random.randint(KEY, [2], 3, 3)).toThrow("high must be a whole number of at least 4");
      })
    );
  });

  describe(`initializers on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each(["tall", "wide"])("orthogonal: the reference's QR of a %s matrix", (kind) => {
      const {params, inputs, outputs} = fixture(`core/initializer-orthogonal-${kind}`);
      const [rows = 0, columns = 0] = inputs.normal?.shape ?? [];
      const wanted = numbers(outputs.weight);
      orthonormal(numbers(inputs.normal), rows, columns).forEach((value, i) => {
        expect((params.gain as number) * value).toBeCloseTo(wanted[i] as number, 12);
      });
    });

    test.each([[[3, 3, 4, 8]], [[5, 20]], [[40, 40]]])("orthogonal of the shape %j", (shape) =>
      withoutLeak(async () => {
        const columns = shape.at(-1) as number;
        const matrix = tf.reshape(ops.orthogonal(2)(KEY, shape), [-1, columns]);
        const tall = (matrix.shape[0] as number) >= columns;
        const gram = tf.matMul(matrix, matrix, tall, !tall);
        await expectClose(gram, await valuesOf(tf.mul(tf.eye(gram.shape[0] as number), 4)), {
          rtol: 0,
          atol: 1e-5
        });
      })()
    );

    const UNIFORM = {
      glorot_uniform_limit: ops.glorotUniform,
      kaiming_uniform_limit: ops.heUniform,
      lecun_uniform_limit: ops.lecunUniform,
      kaiming_fan_out_uniform_limit: ops.varianceScaling({scale: 2, mode: "fanOut", distribution: "uniform"}),
      glorot_tanh_gain_uniform_limit: ops.varianceScaling({
        scale: ops.gain("tanh") ** 2,
        mode: "fanAverage",
        distribution: "uniform"
      })
    };
    const NORMAL = {
      glorot_normal_std: {mode: "fanAverage"},
      kaiming_normal_std: {scale: ops.gain("relu") ** 2},
      lecun_normal_std: {},
      kaiming_fan_out_normal_std: {scale: 2, mode: "fanOut"},
      kaiming_leaky_relu_0_1_normal_std: {scale: ops.gain("leakyRelu", 0.1) ** 2}
    } as const;

    test.each([
      ["dense", "weight_shapes_in_out"],
      ["conv", "weight_shapes_hwio"]
    ])("scales of %s kernels", (kind, name) =>
      withoutLeak(async () => {
        const {inputs, outputs} = fixture(`core/initializer-scales-${kind}`);
        const [count = 0, rank = 0] = inputs[name]?.shape ?? [];
        for (let i = 0; i < count; ++i) {
          const shape = numbers(inputs[name]).slice(rank * i, rank * (i + 1));
          const scaleOf = (output: string) => numbers(outputs[output])[i] as number;
          // Of a large kernel the first numbers will do.
          const size = shape.reduce((product, dim) => product * dim, 1);
          const some = (draw: Tensor) => tf.slice(tf.reshape(draw, [-1]), [0], [Math.min(size, 500)]);
          const unit = some(random.uniform(KEY, shape, -1, 1));
          for (const [output, initializer] of Object.entries(UNIFORM)) {
            await expectClose(some(initializer(KEY, shape)), await valuesOf(tf.mul(unit, scaleOf(output))));
          }
          const standard = some(random.normal(KEY, shape));
          const cut = some(random.truncatedNormal(KEY, shape, 1 / 0.8796256610342398));
          for (const [output, options] of Object.entries(NORMAL)) {
            const [plain, truncated] = (["normal", "truncatedNormal"] as const).map((distribution) =>
              some(ops.varianceScaling({...options, distribution})(KEY, shape))
            ) as [Tensor, Tensor];
            await expectClose(plain, await valuesOf(tf.mul(standard, scaleOf(output))));
            await expectClose(truncated, await valuesOf(tf.mul(cut, scaleOf(output))));
          }
        }
      })()
    );
  });

  test("the high word of a product is exact", () => {
    for (const a of [0, 1, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xd2511f53, 0xffffffff]) {
      for (const b of [0, 3, 0xffff, 0x10001, 0x80000000, 0xcd9e8d57, 0xffffffff]) {
        expect(mulHigh(a, b) >>> 0).toBe(Number((BigInt(a) * BigInt(b)) >> 32n));
      }
    }
  });
}
