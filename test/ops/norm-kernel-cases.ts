import {beforeAll, describe, expect, test} from "vitest";
import {normalised} from "../../src/gpu/kernels/norm.ts";
import type {BackendName} from "../../src/gpu/types.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectClose, spoilMemory, use, withoutLeak} from "./support.ts";

const {tf} = ops;

type Numbers = ArrayLike<number>;

/** Normalised rows and the gradients of sum(y dy), in double precision: the Jacobian of a row is written out. */
function oracle(
  {x, dy, scale, bias}: Record<"x" | "dy" | "scale" | "bias", Numbers>,
  epsilon: number,
  centred: boolean
) {
  const features = scale.length;
  const out = {
    y: [] as number[],
    dx: [] as number[],
    dScale: Array<number>(features).fill(0),
    dBias: Array<number>(features).fill(0)
  };
  for (let start = 0; start < x.length; start += features) {
    const row = Array.from(x).slice(start, start + features);
    const upstream = Array.from(dy).slice(start, start + features);
    const mean = centred ? row.reduce((sum, value) => sum + value, 0) / features : 0;
    const apart = row.map((value) => value - mean);
    const deviation = Math.sqrt(apart.reduce((sum, value) => sum + value * value, 0) / features + epsilon);
    row.forEach((_, f) => {
      const normal = (apart[f] as number) / deviation;
      out.y.push(normal * (scale[f] as number) + (bias[f] as number));
      out.dScale[f] = (out.dScale[f] as number) + (upstream[f] as number) * normal;
      out.dBias[f] = (out.dBias[f] as number) + (upstream[f] as number);
      out.dx.push(
        upstream.reduce((sum, g, other) => {
          const moved = (other === f ? 1 : 0) - (centred ? 1 / features : 0);
          const bent = ((apart[other] as number) * (apart[f] as number)) / (features * deviation ** 2);
          return sum + (g * (scale[other] as number) * (moved - bent)) / deviation;
        }, 0)
      );
    });
  }
  return out;
}

/** Layer norm and rms norm against the definition, at sizes that leave threads without work. */
export function normKernelCases(backend: BackendName): void {
  describe(`normalisations on ${backend}`, () => {
    beforeAll(() => use(backend));

    const shapes = [
      [1, 1],
      [5, 3],
      [2, 9, 17],
      [67, 130]
    ];
    test.each(shapes.flatMap((shape) => [true, false].map((centred) => ({shape, centred}))))(
      "$shape, centred: $centred",
      ({shape, centred}) =>
        withoutLeak(async () => {
          const features = shape.at(-1) as number;
          const at = {
            x: tf.add(ops.random.normal(ops.key(1), shape), 3),
            scale: ops.random.normal(ops.key(2), [features]),
            bias: ops.random.normal(ops.key(3), [features])
          };
          const dy = ops.random.normal(ops.key(4), shape);
          const [x, scale, bias, upstream] = (await Promise.all(
            [at.x, at.scale, at.bias, dy].map((each) => each.data())
          )) as unknown as [Numbers, Numbers, Numbers, Numbers];
          const attrs = {epsilon: 0.01, centred};
          const wanted = oracle({x, dy: upstream, scale, bias}, 0.01, centred);
          spoilMemory(at.x.size, features, (2 * at.x.size) / features);
          await expectClose(normalised(at.x, at, attrs), wanted.y);
          const grads = ops.grad((here: typeof at) => tf.sum(tf.mul(normalised(here.x, here, attrs), dy)))(
            at
          );
          await expectClose(grads.x, wanted.dx, {atol: 3e-5});
          await expectClose(grads.scale, wanted.dScale, {atol: 1e-4});
          await expectClose(grads.bias, wanted.dBias, {atol: 1e-4});
        })()
    );

    test(
      "parameters may be left out, one or both",
      withoutLeak(async () => {
        const x = tf.tensor2d([1, 3, 2, 8], [2, 2]);
        const attrs = {epsilon: 0, centred: true};
        const [scale, bias] = [tf.tensor1d([2, 3]), tf.tensor1d([10, 20])];
        await expectClose(normalised(x, {}, attrs), [-1, 1, -1, 1]);
        await expectClose(normalised(x, {scale}, attrs), [-2, 3, -2, 3]);
        await expectClose(normalised(x, {bias}, attrs), [9, 21, 9, 21]);
        const dy = tf.tensor2d([1, 0, 0, 1], [2, 2]);
        const loss = (at: {bias: Tensor}) => tf.sum(tf.mul(normalised(x, at, attrs), dy));
        await expectClose(ops.grad(loss)({bias}).bias, [1, 1]);
      })
    );

    test(
      "a row that is no number spoils no other, nor does one of infinities",
      withoutLeak(async () => {
        const x = tf.tensor2d([1, 3, NaN, 1, Infinity, 1, 2, 8], [4, 2]);
        const y = normalised(x, {}, {epsilon: 0, centred: true});
        expect(Array.from(await y.data())).toEqual([-1, 1, NaN, NaN, NaN, NaN, -1, 1].map(nearly));
      })
    );

    test(
      "run twice, the same bits; of no rows, nothing and gradients of zeros",
      withoutLeak(async () => {
        const attrs = {epsilon: 0.1, centred: true};
        const run = (rows: number) => {
          const at = {
            x: ops.random.normal(ops.key(1), [rows, 6]),
            scale: tf.ones([6]),
            bias: tf.ones([6])
          };
          return ops.grad((here: typeof at) => tf.sum(tf.square(normalised(here.x, here, attrs))))(at);
        };
        const [first, second] = [run(300), run(300)];
        for (const name of ["x", "scale", "bias"] as const)
          expect(await second[name].data()).toEqual(await first[name].data());
        const none = run(0);
        expect(none.x.shape).toEqual([0, 6]);
        await expectClose(none.scale, [0, 0, 0, 0, 0, 0]);
      })
    );
  });
}

const nearly = (value: number) => (Number.isNaN(value) ? value : expect.closeTo(value, 5));
