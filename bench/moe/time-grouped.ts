import {runKernel} from "../../src/gpu/kernel.ts";
import {groupedMatmul} from "../../src/gpu/kernels/grouped-matmul.ts";
import {KERNEL_GRADS, ROWS} from "../../src/gpu/kernels/grouped-names.ts";
import {matMul} from "../../src/gpu/kernels/matmul.ts";
import {routeTopK} from "../../src/gpu/kernels/route-top-k.ts";
import {sortByExpert} from "../../src/gpu/kernels/sort-by-expert.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {median} from "../support/median.ts";
import {type MoeTask, numbersOf} from "./task.ts";

const {tf} = ops;

/** Milliseconds of one product, by what it is for. */
export type ProductTimes = Record<"forward" | "gradient of rows" | "gradient of matrices", number>;

/** A measurement takes so long at least, by repeating the product. */
const ROUND_MS = 60;

/** The three products of the first layer of experts, on rows as a router spreads them, beside those of a dense layer that has as many rows. */
export async function timeGrouped(
  task: MoeTask,
  rounds: number
): Promise<{grouped: ProductTimes; dense: ProductTimes}> {
  const {tokens, features, hidden, experts, k} = task;
  const numbers = numbersOf(task);
  const [x, router, kernels] = [numbers.x, numbers.router, numbers.first].map(({values, shape}) =>
    tf.tensor(values, shape)
  ) as [Tensor, Tensor, Tensor];
  const {offsets, rows, ...unused} = tf.tidy(() => {
    const {indices} = routeTopK(tf.matMul(x as never, router as never), {k, weights: "softmax"});
    return {...sortByExpert(indices, experts)};
  });
  const sorted = tf.gather(x, rows as never);
  const dy = ops.random.normal(ops.key(1), [tokens * k, hidden]);
  const kernel = tf.reshape(tf.slice(kernels, [0, 0, 0], [1, -1, -1]), [features, hidden]);
  const linear = {activation: "linear", slope: "linear", isTurned: true};
  const works: Record<"grouped" | "dense", Record<keyof ProductTimes, () => Tensor>> = {
    grouped: {
      forward: () => groupedMatmul({x, kernels, offsets, rows}),
      "gradient of rows": () => runKernel(ROWS, {a: dy, b: kernels, offsets}, linear)[0] as Tensor,
      "gradient of matrices": () =>
        runKernel(
          KERNEL_GRADS,
          {a: x, b: dy, offsets, rows},
          {activation: "linear", hasBias: false, hasGaps: false}
        )[0] as Tensor
    },
    dense: {
      forward: () => matMul(sorted, kernel, undefined, {}),
      "gradient of rows": () => matMul(dy, kernel, undefined, {transposeB: true}),
      "gradient of matrices": () => matMul(sorted, dy, undefined, {transposeA: true})
    }
  };
  const times = {grouped: {}, dense: {}} as {grouped: ProductTimes; dense: ProductTimes};
  for (const product of Object.keys(works.dense) as (keyof ProductTimes)[]) {
    const [ours, theirs] = await inTurns([works.grouped[product], works.dense[product]], rounds);
    times.grouped[product] = ours as number;
    times.dense[product] = theirs as number;
  }
  tf.dispose([x, router, kernels, offsets, rows, sorted, dy, kernel, ...Object.values(unused)]);
  return times;
}

/** Medians of several rounds, in turns, so that a busy machine disturbs all alike. */
async function inTurns(works: readonly (() => Tensor)[], rounds: number): Promise<number[]> {
  const repeats: number[] = [];
  for (const work of works) {
    await timed(work, 1);
    repeats.push(Math.max(1, Math.round(ROUND_MS / (await timed(work, 1)))));
  }
  const times: number[][] = works.map(() => []);
  for (let round = 0; round < rounds; ++round)
    for (const [i, work] of works.entries()) times[i]?.push(await timed(work, repeats[i] as number));
  return times.map(median);
}

async function timed(work: () => Tensor, repeats: number): Promise<number> {
  const start = performance.now();
  for (let i = 1; i < repeats; ++i) work().dispose();
  const last = work();
  // One number is all that has to come back.
  const one = tf.slice(tf.reshape(last, [-1]), [0], [1]);
  await one.data();
  tf.dispose([last, one]);
  return (performance.now() - start) / repeats;
}
