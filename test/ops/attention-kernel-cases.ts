import {beforeAll, describe, expect, test} from "vitest";
import {selfAttention} from "../../src/gpu/kernels/attention.ts";
import {joinProjections} from "../../src/gpu/kernels/join-projections.ts";
import type {BackendName} from "../../src/gpu/types.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectTrueGradients} from "./finite-differences.ts";
import {expectClose, spoilMemory, use, withoutLeak} from "./support.ts";

const {tf} = ops;

type Numbers = ArrayLike<number>;

interface Case {
  batch: number;
  time: number;
  heads: number;
  width: number;
  causal: boolean;
  masked: boolean;
}

const CASES: Case[] = [
  {batch: 1, time: 1, heads: 1, width: 1, causal: false, masked: false},
  {batch: 2, time: 8, heads: 2, width: 4, causal: true, masked: false},
  {batch: 3, time: 12, heads: 1, width: 8, causal: false, masked: true},
  {batch: 2, time: 7, heads: 3, width: 5, causal: true, masked: true},
  {batch: 2, time: 13, heads: 2, width: 4, causal: false, masked: false},
  {batch: 1, time: 8, heads: 2, width: 3, causal: true, masked: false}
];

/** Attention and the gradient of sum(y dy) by qkv, in double precision, the Jacobian of the softmax written out. */
function oracle(
  {batch, time, heads, width, causal}: Case,
  qkv: Numbers,
  mask: Numbers | undefined,
  dy: Numbers
) {
  const features = heads * width;
  const y = Array<number>(batch * time * features).fill(0);
  const grad = Array<number>(3 * y.length).fill(0);
  const at = (n: number, t: number, part: number, h: number) =>
    ((n * time + t) * 3 + part) * features + h * width;
  const steps = Array.from({length: time}, (_, t) => t);
  const each = Array.from({length: width}, (_, f) => f);
  const add = (array: number[], i: number, value: number) => {
    array[i] = (array[i] as number) + value;
  };
  const x = (i: number) => qkv[i] as number;
  for (let n = 0; n < batch; ++n)
    for (let h = 0; h < heads; ++h)
      for (const t of steps) {
        const own = (n * time + t) * features + h * width;
        const q = at(n, t, 0, h);
        const seen = steps.filter((k) => (!causal || k <= t) && (!mask || mask[n * time + k] === 1));
        const raw = seen.map((k) =>
          Math.exp(each.reduce((sum, f) => sum + x(q + f) * x(at(n, k, 1, h) + f), 0) / Math.sqrt(width))
        );
        const total = raw.reduce((sum, e) => sum + e, 0);
        const weights = raw.map((e) => e / total);
        const upstream = seen.map((k, i) => {
          const v = at(n, k, 2, h);
          for (const f of each) {
            add(y, own + f, (weights[i] as number) * x(v + f));
            add(grad, v + f, (weights[i] as number) * (dy[own + f] as number));
          }
          return each.reduce((sum, f) => sum + (dy[own + f] as number) * x(v + f), 0);
        });
        seen.forEach((k, i) => {
          const score = upstream.reduce(
            (sum, g, j) => sum + g * (weights[j] as number) * ((i === j ? 1 : 0) - (weights[i] as number)),
            0
          );
          for (const f of each) {
            add(grad, q + f, (score * x(at(n, k, 1, h) + f)) / Math.sqrt(width));
            add(grad, at(n, k, 1, h) + f, (score * x(q + f)) / Math.sqrt(width));
          }
        });
      }
  return {y, grad};
}

/** Self-attention and its gradient against the definition, at sizes that four at a time do not fill. */
export function attentionKernelCases(backend: BackendName): void {
  describe(`self-attention on ${backend}`, () => {
    beforeAll(() => use(backend));

    const maskOf = ({batch, time, masked}: Case) =>
      masked
        ? tf.tensor(
            Array.from({length: batch * time}, (_, i) => (i % 3 === 1 ? 0 : 1)),
            [batch, time]
          )
        : undefined;

    test.each(CASES)("$batch x $time, $heads heads of $width, causal: $causal, masked: $masked", (each) =>
      withoutLeak(async () => {
        const {batch, time, heads, width, causal} = each;
        const qkv = ops.random.normal(ops.key(1), [batch, time, 3 * heads * width]);
        const dy = ops.random.normal(ops.key(2), [batch, time, heads * width]);
        const mask = maskOf(each);
        const wanted = oracle(each, await qkv.data(), await mask?.data(), await dy.data());
        spoilMemory(qkv.size, dy.size, batch * heads * time * time);
        await expectClose(selfAttention(qkv, mask, {heads, causal}), wanted.y);
        spoilMemory(qkv.size, batch * heads * time * time);
        const loss = (x: Tensor) => tf.sum(tf.mul(selfAttention(x, mask, {heads, causal}), dy));
        await expectClose(ops.grad(loss)(qkv), wanted.grad, {atol: 3e-5});
      })()
    );

    test.each([false, true])("derivatives agree with finite differences, masked: %s", (masked) =>
      withoutLeak(async () => {
        const mask = masked ? tf.tensor2d([1, 0, 1, 1], [1, 4]) : undefined;
        const attrs = {heads: 2, causal: masked};
        await expectTrueGradients(
          (x: Tensor) => selfAttention(x, mask, attrs),
          ops.random.normal(ops.key(3), [1, 4, 12])
        );
      })()
    );

    test(
      "scores that overflow an exponential are no trouble, and run twice give the same bits",
      withoutLeak(async () => {
        const qkv = tf.mul(ops.random.normal(ops.key(4), [2, 8, 24]), 100);
        const run = () =>
          ops.grad((x: Tensor) => tf.sum(tf.square(selfAttention(x, undefined, {heads: 2, causal: true}))))(
            qkv
          );
        const [first, second] = [await run().data(), await run().data()];
        expect(Array.from(first).every(Number.isFinite)).toBe(true);
        expect(second).toEqual(first);
      })
    );

    test(
      "a query that may look at nothing gives zeros, one that sees no number none, and no sequence spoils another",
      withoutLeak(async () => {
        const qkv = tf.concat([tf.fill([1, 4, 12], NaN), tf.ones([2, 4, 12])]);
        const mask = tf.tensor2d([1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 1, 1], [3, 4]);
        const y = await selfAttention(qkv, mask, {heads: 1, causal: false}).data();
        expect(Array.from(y.slice(0, 16)).every(Number.isNaN)).toBe(true);
        expect(Array.from(y.slice(16, 32))).toEqual(Array(16).fill(0));
        for (const value of y.slice(32)) expect(value).toBeCloseTo(1, 5);
      })
    );

    test(
      "of no sequences there is nothing",
      withoutLeak(async () => {
        const x = tf.zeros([0, 4, 12]);
        expect(selfAttention(x, undefined, {heads: 2, causal: true}).shape).toEqual([0, 4, 4]);
      })
    );

    test(
      "three linear maps side by side, and their gradients apart again",
      withoutLeak(async () => {
        const map = (seed: number) => ({
          kernel: ops.random.normal(ops.key(seed), [3, 5]),
          bias: ops.random.normal(ops.key(seed + 10), [5])
        });
        const maps = {a: map(1), b: map(2), c: map(3)};
        const {kernel, bias} = joinProjections([maps.a, maps.b, maps.c]);
        const kernels = tf.concat([maps.a.kernel, maps.b.kernel, maps.c.kernel], 1);
        await expectClose(kernel, Array.from(await kernels.data()), {rtol: 0, atol: 0});
        await expectClose(bias, Array.from(await tf.concat([maps.a.bias, maps.b.bias, maps.c.bias]).data()));
        await expectTrueGradients((at: typeof maps) => {
          const joined = joinProjections([at.a, at.b, at.c]);
          return tf.add(joined.kernel, joined.bias);
        }, maps);
      })
    );
  });
}
