import {beforeAll, describe, expect, test} from "vitest";
import {ops} from "../../../src/ops/index.ts";
import type {TicketStability} from "../../../src/ops/pruning/methods/stability.ts";
import {use, withoutLeak} from "../support.ts";

const {tf} = ops;

describe("stability of tickets", () => {
  beforeAll(() => use("cpu"));

  test(
    "distance and angle of what the masks keep",
    withoutLeak(async () => {
      const a = {kernel: tf.tensor2d([3, 0, 5, 9], [2, 2]), bias: tf.tensor1d([7, 7])};
      const b = {kernel: tf.tensor2d([0, 4, 5, -9], [2, 2]), bias: tf.tensor1d([1, 1])};
      const masks = {kernel: tf.tensor2d([1, 1, 0, 0], [2, 2]), bias: null};
      const found = await ops.pruning.weightDistance(a, b, masks);
      expect(found.distance).toBeCloseTo(5, 12);
      expect(found.angle).toBeCloseTo(90, 10);
      expect((await ops.pruning.weightDistance(a, a, masks)).angle).toBeCloseTo(0, 5);
    })
  );

  test("a ticket that is rewound to the end is where the dense network was; earlier ones are further away", async () => {
    const {train, test: unseen} = ops.datasets.split(ops.datasets.twoMoons({n: 200}), {test: 0.3, seed: 1});
    const before = tf.memory().numTensors;
    const found: TicketStability[] = [];
    const options = {
      ...{sparsity: 0.5, rewindSteps: [0, 30, 59], steps: 60, batchSize: 16, test: unseen},
      optimizer: ops.sgd({learningRate: 0.1})
    };
    for await (const each of ops.pruning.ticketStability(ops.mlp([2, 16, 2]), train, options))
      found.push(each);
    expect(tf.memory().numTensors).toBe(before);
    expect(found.map(({rewindStep}) => rewindStep)).toEqual([0, 30, 59]);
    expect(found[0]?.sparsity).toBe(0.5);
    const distances = found.map(({toPruning}) => toPruning.distance);
    expect(distances).toEqual([...distances].sort((a, b) => b - a));
    expect(distances[2]).toBeLessThan((distances[0] as number) / 5);
    const orders = found.map(({toDataOrder}) => toDataOrder.distance);
    expect(orders[0]).toBeGreaterThan(0);
    expect(orders[2]).toBeLessThan(orders[0] as number);
    expect(found[0]?.last.testAccuracy).toBeGreaterThan(0.6);
  });

  test("says what to pass", async () => {
    const run = (rewindSteps: number[]) =>
      ops.pruning
        .ticketStability(ops.mlp([2, 4, 2]), ops.datasets.twoMoons({n: 40}), {
          ...{rewindSteps, sparsity: 0.5, steps: 4}
        })
        .next();
    await expect(run([])).rejects.toThrow("pass [0, 100]");
    await expect(run([4])).rejects.toThrow("rewind less");
    await expect(run([9])).rejects.toThrow("never reached");
  });
});
