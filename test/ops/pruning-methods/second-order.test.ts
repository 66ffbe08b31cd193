import {beforeAll, describe, expect, test} from "vitest";
import type {Params} from "../../../src/ops/core/tree.ts";
import {ops} from "../../../src/ops/index.ts";
import {thin} from "../../../src/ops/pruning/methods/chita.ts";
import {settle} from "../../../src/ops/pruning/methods/icbs.ts";
import {localModel} from "../../../src/ops/pruning/methods/local-model.ts";
import {datasetsFromDisk} from "../digits-source.ts";
import {use, withoutLeak} from "../support.ts";

const {applyMasks, chita, icbs, prune, sparsityOf} = ops.pruning;

beforeAll(() => use("wasm"));

/** Random slopes of a small problem, and weights. */
function problem(seed: number, count: number, size: number) {
  const slopes = ops.key(seed).uniform(count * size, -1, 1);
  const weights = Float64Array.from(ops.key(seed + 1).uniform(size, -1, 1));
  return {local: {count, size, slopes}, weights};
}

/** (1 / 2n) |A d + 1|^2 + ridge / 2 |d|^2, written out. */
function quadratic(slopes: Float32Array, count: number, changes: readonly number[], ridge: number): number {
  let sum = 0;
  for (let row = 0; row < count; ++row) {
    let at = 1;
    changes.forEach((change, i) => {
      at += change * (slopes[i * count + row] as number);
    });
    sum += at * at;
  }
  return sum / (2 * count) + (ridge / 2) * changes.reduce((all, change) => all + change * change, 0);
}

/** Every choice of so many of the first numbers. */
function choices(size: number, keep: number): number[][] {
  return Array.from({length: 2 ** size}, (_, bits) =>
    Array.from({length: size}, (_, i) => (bits >> i) & 1)
  ).filter((marks) => marks.reduce((sum, mark) => sum + mark, 0) === keep);
}

/** Solves a system by elimination, in double precision. */
function solve(matrix: number[][], right: number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i] as number]);
  const size = rows.length;
  for (let k = 0; k < size; ++k) {
    const pivot = rows
      .slice(k)
      .reduce((best, row) => (Math.abs(row[k] as number) > Math.abs(best[k] as number) ? row : best));
    rows.splice(rows.indexOf(pivot), 1);
    rows.splice(k, 0, pivot);
    for (let i = 0; i < size; ++i) {
      if (i === k) continue;
      const factor = (rows[i]?.[k] as number) / (pivot[k] as number);
      rows[i] = (rows[i] as number[]).map((value, j) => value - factor * (pivot[j] as number));
    }
  }
  return rows.map((row, i) => (row[size] as number) / (row[i] as number));
}

describe("the quadratic", () => {
  test(
    "has the gradient of every example",
    withoutLeak(async () => {
      const model = ops.dense({units: 2});
      const data = ops.datasets.twoMoons({n: 7});
      const params = model.init(ops.key(0), [2]);
      const local = await localModel(params, {model, data, batchSize: 3});
      const {tf} = ops;
      expect([local.count, local.size]).toEqual([7, 4]);
      const {kernel, bias} = params as {kernel: ReturnType<typeof tf.ones>; bias: ReturnType<typeof tf.ones>};
      const [w, b] = [await kernel.data(), await (bias as typeof kernel).data()];
      for (let row = 0; row < 7; ++row) {
        const [x0, x1] = [data.inputs[2 * row] as number, data.inputs[2 * row + 1] as number];
        const logits = [0, 1].map(
          (u) => x0 * (w[u] as number) + x1 * (w[2 + u] as number) + (b[u] as number)
        );
        const total = Math.exp(logits[0] as number) + Math.exp(logits[1] as number);
        for (const u of [0, 1]) {
          const wrong = Math.exp(logits[u] as number) / total - Number(data.labels?.[row] === u);
          expect(local.slopes[u * 7 + row]).toBeCloseTo(wrong * x0, 5);
          expect(local.slopes[(2 + u) * 7 + row]).toBeCloseTo(wrong * x1, 5);
        }
      }
    })
  );
});

describe("CHITA", () => {
  test.each([1, 2, 3])("weights that stay are at the minimum of their support (%i)", (seed) => {
    const {local, weights} = problem(seed, 9, 12);
    const ridge = 0.05;
    const found = thin(local, weights, {keep: 5, ridge, iterations: 50});
    const support = [...found.keys()].filter((i) => found[i] !== 0);
    expect(support.length).toBe(5);
    const A = (row: number, i: number) => local.slopes[i * 9 + row] as number;
    const rows = [...Array(9).keys()];
    // (A_S^T A_S / n + ridge) w_S = A_S^T (A w0 - 1) / n + ridge w0_S
    const matrix = support.map((i) =>
      support.map((j) => rows.reduce((s, r) => s + A(r, i) * A(r, j), 0) / 9 + (i === j ? ridge : 0))
    );
    const b = rows.map((r) => [...weights].reduce((s, w, i) => s + A(r, i) * w, 0) - 1);
    const right = support.map(
      (i) => rows.reduce((s, r) => s + A(r, i) * (b[r] as number), 0) / 9 + ridge * (weights[i] as number)
    );
    solve(matrix, right).forEach((want, s) => {
      expect(found[support[s] as number]).toBeCloseTo(want, 6);
    });
    const changes = (w: ArrayLike<number>) => Array.from(w, (each, i) => each - (weights[i] as number));
    const cut = [...weights].map((w) => Math.abs(w)).sort((a, b) => b - a)[4] as number;
    const byMagnitude = weights.map((w) => (Math.abs(w) >= cut ? w : 0));
    const [own, peer] = [found, byMagnitude].map((w) => quadratic(local.slopes, 9, changes(w), ridge)) as [
      number,
      number
    ];
    expect(own).toBeLessThan(peer);
  });

  test("beats magnitude on digits without retraining, and stages help it", async () => {
    const {model, params, seen} = await trained();
    const options = {sparsity: 0.9, model, data: seen};
    const accuracyOf = async (at: Params) => (await ops.evaluate(model, at as typeof params, seen)).accuracy;
    const magnitude = await accuracyOf(applyMasks(params, await prune(params, options)));
    const once = await chita(params, options);
    const staged = await chita(params, {...options, stages: 4});
    const size = await sparsityOf(once.masks);
    expect(size).toBeCloseTo(0.9, 3);
    expect(await sparsityOf(staged.params)).toBe(await sparsityOf(staged.masks));
    const own = [magnitude, await accuracyOf(once.params), await accuracyOf(staged.params)];
    expect(own[1]).toBeGreaterThan(magnitude + 0.1);
    expect(own[2]).toBeGreaterThan(own[1] as number);
  });
});

describe("iCBS", () => {
  test.each([4, 5, 6, 7])(
    "a block of everything ends where no exchange helps, below where it began (%i)",
    (seed) => {
      const {local, weights} = problem(seed, 6, 10);
      const marks = Float64Array.from({length: 10}, (_, i) => Number(i < 5));
      const now = settle(local, weights, marks, {blocks: 1, blockSize: 10, ridge: 0.1});
      const value = (at: ArrayLike<number>) =>
        quadratic(
          local.slopes,
          6,
          Array.from(weights, (w, i) => w * ((at[i] as number) - (marks[i] as number))),
          0.1
        );
      expect([...now].reduce((sum, mark) => sum + mark, 0)).toBe(5);
      const own = value(now);
      expect(own).toBeLessThan(value(marks));
      for (const other of choices(10, 5)) {
        const differ = other.filter((mark, i) => mark !== now[i]).length;
        if (differ === 2) expect(value(other)).toBeGreaterThanOrEqual(own - 1e-9);
      }
    }
  );

  test("the loss falls round after round on digits, at the same density", async () => {
    const {model, params, seen} = await trained();
    const options = {sparsity: 0.9, model, data: seen};
    const {masks, losses} = await icbs(params, {...options, rounds: 3});
    expect(await sparsityOf(masks)).toBe(await sparsityOf(await prune(params, options)));
    losses.slice(1).forEach((loss, i) => {
      expect(loss).toBeLessThanOrEqual(losses[i] as number);
    });
    expect(losses.at(-1)).toBeLessThan(0.9 * (losses[0] as number));
    expect((await ops.evaluate(model, applyMasks(params, masks), seen)).loss).toBeCloseTo(
      losses.at(-1) as number,
      4
    );
  });
});

test(
  "wrong calls say what to pass",
  withoutLeak(async () => {
    const model = ops.mlp([2, 2]);
    const params = model.init(ops.key(0));
    await expect(chita(params, {sparsity: 0.5})).rejects.toThrow("The score chita needs model and data");
    const data = ops.datasets.twoMoons({n: 10});
    await expect(chita(params, {sparsity: 1, model, data})).rejects.toThrow(/sparsity/);
    await expect(icbs(params, {sparsity: 0.5, model, data, blockSize: 0})).rejects.toThrow(/blockSize/);
    await expect(icbs(params, {sparsity: 0.5})).rejects.toThrow("needs model and data");
  })
);

async function trained() {
  datasetsFromDisk();
  const {train: seen} = ops.datasets.split(await ops.datasets.digits(), {test: 0.8, seed: 1});
  const model = ops.mlp([64, 24, 10]);
  const training = ops.fit(model, seen, {steps: 200});
  for await (const _row of training);
  return {model, params: training.params, seen};
}
