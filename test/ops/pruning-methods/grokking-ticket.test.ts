import {beforeAll, describe, expect, test} from "vitest";
import type {Params} from "../../../src/ops/core/tree.ts";
import {ops} from "../../../src/ops/index.ts";
import type {GrokkingRow} from "../../../src/ops/pruning/methods/grokking-ticket.ts";
import type {Tensor} from "../../../src/ops/tf.ts";
import {use} from "../support.ts";

const {tf} = ops;
const {grokkingTicket, grokkingDelay, prune, applyMasks, scores} = ops.pruning;
const moons = () => ops.datasets.split(ops.datasets.twoMoons({n: 120}), {test: 0.5, seed: 1});

async function rowsOf(run: AsyncGenerator<GrokkingRow>): Promise<GrokkingRow[]> {
  const rows: GrokkingRow[] = [];
  for await (const row of run) rows.push(row);
  return rows;
}

describe("grokking tickets", () => {
  beforeAll(() => use("cpu"));

  test("at sparsity 0 every arm is the dense training again", async () => {
    const {train, test: unseen} = moons();
    const before = tf.memory().numTensors;
    const rows = await rowsOf(
      grokkingTicket(ops.mlp([2, 16, 2]), train, {
        ...{test: unseen, sparsity: 0, steps: 30, every: 10, arms: ["ticket", "equal L1", "equal L2"]}
      })
    );
    expect(tf.memory().numTensors).toBe(before);
    const losses = (arm: string) => rows.filter((row) => row.arm === arm).map(({loss}) => loss);
    expect(losses("dense").length).toBeGreaterThan(3);
    for (const arm of ["ticket", "equal L1", "equal L2"])
      losses(arm).forEach((loss, i) => {
        expect(loss).toBeCloseTo(losses("dense")[i] as number, 5);
      });
    const steps = rows.map(({step}) => step);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(rows.at(-1)?.progress).toBeCloseTo(1, 12);
  });

  test("arms begin with the first weights: masked, or scaled to the ticket's norm", async () => {
    const {train, test: unseen} = moons();
    const model = ops.mlp([2, 16, 2]);
    const params = model.init(ops.key(4), [2]);
    const masks = await prune(params, {sparsity: 0.5});
    const ticket = applyMasks(params, masks);
    const norm = (of: Params, power: number) => {
      const kernels = ops.tree.leaves<Tensor>(of).filter(({rank}) => rank > 1);
      const all = kernels.flatMap((leaf) => Array.from(leaf.dataSync()));
      return all.reduce((sum, w) => sum + Math.abs(w) ** power, 0) ** (1 / power);
    };
    const scaled = (power: number) => {
      const factor = norm(ticket, power) / norm(params, power);
      return ops.tree.map(
        (leaf: Tensor) => (leaf.rank > 1 ? leaf.mul(factor) : leaf.clone()),
        params as Params
      );
    };
    // A learning rate of 0: the network stays what it was, and its masks are those of the first weights.
    const rows = await rowsOf(
      grokkingTicket(model, train, {
        ...{test: unseen, params, sparsity: 0.5, steps: 2, batchSize: 60, threshold: 0},
        arms: ["ticket", "memorised", {name: "again", score: scores.magnitude}, "equal L1", "equal L2"],
        optimizerOf: () => ops.sgd({learningRate: 0})
      })
    );
    const wanted = {ticket, memorised: ticket, again: ticket, "equal L1": scaled(1), "equal L2": scaled(2)};
    for (const [arm, start] of Object.entries(wanted)) {
      const {loss} = await ops.evaluate(model, start as typeof params, train);
      expect(rows.find((row) => row.arm === arm)?.loss, arm).toBeCloseTo(loss, 5);
    }
  });

  test("the delay is counted in each arm's own steps", () => {
    const row = (arm: string, roundStep: number, accuracy: number, testAccuracy?: number): GrokkingRow => ({
      ...{step: roundStep + 100, roundStep, progress: 0, loss: 1, arm, accuracy, testAccuracy}
    });
    const rows = [
      row("dense", 10, 1),
      row("dense", 20, 1, 0.5),
      row("dense", 30, 1, 0.96),
      row("ticket", 10, 0.9, 0.6)
    ];
    expect(grokkingDelay(rows)).toEqual([
      {arm: "dense", memorisedAt: 10, generalisedAt: 30, delay: 20},
      {arm: "ticket", memorisedAt: undefined, generalisedAt: undefined, delay: undefined}
    ]);
  });

  test("says what to pass", async () => {
    const {train, test: unseen} = moons();
    const run = (options: {threshold?: number; test?: typeof unseen}) =>
      rowsOf(
        grokkingTicket(ops.mlp([2, 4, 2]), train, {
          ...{test: unseen, sparsity: 0.5, steps: 2, arms: ["memorised"] as const, threshold: 1},
          ...options
        })
      );
    await expect(run({})).rejects.toThrow("lower threshold");
    await expect(run({test: undefined as unknown as typeof unseen})).rejects.toThrow("pass test");
  });
});
