import {beforeAll, describe, expect, test} from "vitest";
import {ops} from "../../../src/ops/index.ts";
import type {TicketRow} from "../../../src/ops/pruning/methods/lottery-ticket.ts";
import type {Tensor} from "../../../src/ops/tf.ts";
import {datasetsFromDisk} from "../digits-source.ts";
import {use, withoutLeak} from "../support.ts";

const {lotteryTicket, ticketResults, slowerOutput, randomMaskLike, keptCounts} = ops.pruning;
const SHAPES = {"dense1/kernel": [784, 300], "dense2/kernel": [300, 100], "dense3/kernel": [100, 10]};

describe("the lottery ticket experiment", () => {
  beforeAll(async () => {
    await use("wasm");
    datasetsFromDisk();
  });

  test("the output layer loses a tenth of what is left where the others lose a fifth", () => {
    for (const round of [1, 7, 15]) {
      const shares = slowerOutput()(SHAPES, 1 - 0.8 ** round);
      expect(shares["dense1/kernel"]).toBeCloseTo(1 - 0.8 ** round, 12);
      expect(shares["dense3/kernel"]).toBeCloseTo(1 - 0.9 ** round, 12);
    }
  });

  test(
    "a random mask keeps as many weights of every layer, elsewhere",
    withoutLeak(async () => {
      const params = ops.mlp([20, 30, 4]).init(ops.key(0));
      const masks = await ops.pruning.prune(params, {sparsity: 0.83});
      const drawn = await randomMaskLike(masks, params, ops.key(1));
      const bits = async (tree: typeof masks) =>
        Promise.all(
          ops.tree
            .leaves<Tensor | null>(tree)
            .flatMap((mask) => (mask ? [mask.data().then((values) => Array.from(values))] : []))
        );
      const [before, after] = [await bits(masks), await bits(drawn)];
      const sums = (all: number[][]) => all.map((each) => each.reduce((sum, bit) => sum + bit, 0));
      expect(sums(after)).toEqual(sums(before));
      expect(after).not.toEqual(before);
    })
  );

  test("rewound, re-initialised and random networks train at the same sparsity, each from its own start", async () => {
    const {train, test: unseen} = ops.datasets.split(await ops.datasets.digits(), {test: 0.2, seed: 1});
    const before = ops.tf.memory().numTensors;
    const rows: TicketRow[] = [];
    const run = lotteryTicket(ops.mlp([64, 32, 10]), train, {
      ...{rounds: 3, fraction: 0.5, scope: "local", distribution: slowerOutput(0.5)},
      ...{
        isControlled: (round) => round !== 2,
        steps: 40,
        optimizer: ops.adam({learningRate: 0.01}),
        evaluateEvery: 10,
        logEvery: 10,
        test: unseen
      }
    });
    for await (const row of run) rows.push(row);
    expect(ops.tf.memory().numTensors).toBe(before);
    const results = ticketResults(rows);
    expect(results.map(({arm, round}) => `${arm} ${round}`)).toEqual([
      ...[0, 1, 2, 3].map((round) => `rewound ${round}`),
      ...[1, 3].flatMap((round) => [`re-initialised ${round}`, `random mask ${round}`])
    ]);
    const total = 64 * 32 + 32 * 10;
    const kept = (round: number) => {
      const shares = [1 - 0.5 ** round, 1 - 0.75 ** round];
      return keptCounts([2048, 320], shares).reduce((sum, count) => sum + count, 0);
    };
    for (const {round, sparsity} of results) {
      expect(Math.abs(total * (1 - sparsity) - (round ? kept(round) : total))).toBeLessThan(1.5);
    }
    expect(rows.map(({step}) => step)).toEqual([...rows.map(({step}) => step)].sort((a, b) => a - b));
    expect(rows.at(-1)?.progress).toBeCloseTo(1, 12);
    const firstLoss = (arm: string, round: number) =>
      rows.find((row) => row.arm === arm && row.round === round)?.loss as number;
    const losses = ["rewound", "re-initialised", "random mask"].map((arm) => firstLoss(arm, 1));
    expect(new Set(losses).size).toBe(3);
    const best = results.filter(({arm, round}) => arm === "rewound" && round === 3)[0];
    expect(best?.accuracy).toBeGreaterThan(0.5);
  });

  test("the early stop is where the loss of the evaluation was least", () => {
    const row = (roundStep: number, testLoss: number, testAccuracy: number): TicketRow => ({
      ...{step: roundStep, roundStep, progress: 0, loss: 1, round: 1, sparsity: 0.5, arm: "rewound"},
      ...{testLoss, testAccuracy}
    });
    const [result] = ticketResults([row(10, 0.5, 0.7), row(20, 0.3, 0.8), row(30, 0.4, 0.9)]);
    expect(result).toMatchObject({earlyStopStep: 20, earlyStopAccuracy: 0.8, accuracy: 0.9});
  });
});
