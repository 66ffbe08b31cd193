import {beforeAll, describe, expect, it} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import * as ops from "../../src/ops/core/index.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import {spirals} from "../../src/ops/datasets/index.ts";
import {use} from "./support.ts";

const {adam, fitAll, key, mlp, sgd, tf} = ops;

/** Runs side by side on one backend. */
export function fitAllCases(backend: BackendName): void {
  describe(`fitAll on ${backend}`, () => {
    beforeAll(() => use(backend));

    const data = spirals({n: 60});
    const model = mlp([2, 8, 3]) as Layer;

    it("gives each run the rows and parameters that it has alone", async () => {
      const before = tf.memory().numTensors;
      const runs: ops.RunOptions[] = [0.01, 0.05].map((learningRate, i) => ({
        key: key(i),
        optimizer: adam({learningRate}),
        steps: 9,
        batchSize: 16,
        logEvery: 4,
        test: data,
        evaluateEvery: 6
      }));
      const sweep = fitAll(model, data, runs);
      const rows: ops.RunRow[] = [];
      for await (const row of sweep) rows.push(row);
      for (const [run, options] of runs.entries()) {
        const training = ops.fit(model, data, options);
        const alone: ops.FitRow[] = [];
        for await (const row of training) alone.push({run, ...row});
        expect(rows.filter((row) => row.run === run)).toEqual(alone);
        expect(await ops.tree.data(sweep.params(run))).toEqual(await ops.tree.data(training.params));
        training.dispose();
      }
      expect(rows.map(({step, run}) => `${step}/${run}`).slice(0, 4)).toEqual(["1/0", "1/1", "4/0", "4/1"]);
      if (backend !== "webgpu") expect(sweep.plan?.reason).toContain("plans need WebGPU");
      sweep.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });

    it("stops at a signal and frees everything", async () => {
      const before = tf.memory().numTensors;
      const stop = new AbortController();
      const sweep = fitAll(model, data, [{steps: 50}, {steps: 50, signal: stop.signal}]);
      await sweep.next();
      stop.abort(new Error("enough"));
      await expect(async () => {
        for await (const row of sweep) void row;
      }).rejects.toThrow("enough");
      expect(tf.memory().numTensors).toBe(before);
    });

    it("refuses runs that cannot go together, and says which", () => {
      const before = tf.memory().numTensors;
      const refusal = (runs: ops.RunOptions[], models: Layer | Layer[] = model) => {
        try {
          fitAll(models, data, runs);
        } catch (error) {
          const {name, message} = error as Error;
          return `${name}: ${message}`;
        }
        return "none";
      };
      expect(refusal([])).toContain("ArgumentError: fitAll trains at least one run");
      expect(refusal([{}, {batchSize: 8}])).toContain(
        "ArgumentError: The runs of fitAll go step by step together and have the same steps"
      );
      expect(refusal([{steps: 9}, {steps: 9, batchSize: 8}])).toContain(
        "batchSize: it is 32 in run 0 and 8 in run 1"
      );
      expect(
        refusal([
          {steps: 9, optimizer: adam()},
          {steps: 9, optimizer: sgd({learningRate: 1})}
        ])
      ).toContain("ArgumentError: The runs of fitAll have the same layers and kinds of optimizers");
      expect(refusal([{}, {}], [model, mlp([2, 9, 3]) as Layer])).toMatch(
        /ShapeError: .*kernel is \[2,8\] float32 in run 0 and \[2,9\] float32 in run 1/
      );
      expect(refusal([{}, {}], [model])).toContain("2 runs and 1 models");
      const onStep = {onStep: () => false} as ops.RunOptions;
      expect(refusal([{}, onStep])).toContain("fitAll has no option onStep, which run 1 has");
      expect(tf.memory().numTensors).toBe(before);
    });
  });
}
