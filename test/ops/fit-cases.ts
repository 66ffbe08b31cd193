import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {FitOptions, FitRow} from "../../src/ops/core/fit-options.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import {ops} from "../../src/ops/index.ts";
import {use} from "./support.ts";

const {tf} = ops;
const moons = ops.datasets.twoMoons({n: 200, seed: 1});

async function rowsOf(options: FitOptions): Promise<{rows: FitRow[]; weights: unknown}> {
  const training = ops.fit(ops.mlp([2, 8, 2], {activation: "tanh"}), moons, options as object);
  const rows: FitRow[] = [];
  for await (const row of training) rows.push(row);
  const weights = await ops.tree.data(training.params);
  training.dispose();
  return {rows, weights};
}

/** Training as a whole. */
export function fitCases(backend: BackendName): void {
  describe(`fit on ${backend}`, () => {
    beforeAll(() => use(backend));

    test("learns the digits to 95% and leaves no tensor", async () => {
      const {train, test: held} = ops.datasets.split(await ops.datasets.digits(), {test: 0.2, seed: 1});
      const before = tf.memory();
      const optimizer = ops.adam({learningRate: 5e-3});
      const training = ops.fit(ops.mlp([64, 32, 10]), train, {
        epochs: 6,
        test: held,
        optimizer,
        key: ops.key(1)
      });
      let last: FitRow | undefined;
      for await (const row of training) last = row;
      expect(last?.testAccuracy).toBeGreaterThan(0.95);
      expect(last?.progress).toBe(1);
      training.dispose();
      expect(tf.memory().numTensors).toBe(before.numTensors);
      expect(tf.memory().numBytes).toBe(before.numBytes);
    });

    test("logs the first step, every tenth and the last", async () => {
      const {rows} = await rowsOf({steps: 25, batchSize: 50});
      expect(rows.map(({step}) => step)).toEqual([1, 10, 20, 25]);
      expect(rows.map(({epoch}) => epoch)).toEqual([1, 3, 5, 7]);
    });

    test("gives the same bits for the same key, and others for another", async () => {
      const first = await rowsOf({steps: 20, key: ops.key(5)});
      expect(await rowsOf({steps: 20, key: ops.key(5)})).toEqual(first);
      expect((await rowsOf({steps: 20, key: ops.key(6)})).weights).not.toEqual(first.weights);
    });

    test("resumes from a state in the middle of an epoch with the bits of an unbroken training", async () => {
      const key = ops.key(2);
      const whole = await rowsOf({steps: 30, batchSize: 30, key});
      const half = ops.fit(ops.mlp([2, 8, 2], {activation: "tanh"}), moons, {steps: 11, batchSize: 30, key});
      for await (const _ of half);
      const resumed = await rowsOf({steps: 30, batchSize: 30, key, state: half.state as FitOptions["state"]});
      half.dispose();
      expect(resumed.weights).toEqual(whole.weights);
    });

    test("stops at the next step when aborted, throws the reason and frees everything", async () => {
      const before = tf.memory().numTensors;
      const controller = new AbortController();
      const training = ops.fit(ops.mlp([2, 8, 2]), moons, {logEvery: 1, signal: controller.signal});
      await training.next();
      controller.abort(new Error("superseded"));
      await expect(training.next()).rejects.toThrow("superseded");
      expect(tf.memory().numTensors).toBe(before);
    });

    test("frees everything when a step throws", async () => {
      const before = tf.memory().numTensors;
      const loss = () => {
        throw new Error("no loss");
      };
      await expect(ops.fit(ops.mlp([2, 8, 2]), moons, {loss}).next()).rejects.toThrow("no loss");
      expect(tf.memory().numTensors).toBe(before);
    });

    test("frees everything when a callback throws", async () => {
      const before = tf.memory().numTensors;
      const onStep = () => {
        throw new Error("enough");
      };
      await expect(ops.fit(ops.mlp([2, 8, 2]), moons, {onStep}).next()).rejects.toThrow("enough");
      expect(tf.memory().numTensors).toBe(before);
    });

    test("reads a live learning rate at every step", async () => {
      const seen: number[] = [];
      const learningRate = (step: number) => {
        seen.push(step);
        return 0.1;
      };
      await rowsOf({steps: 3, optimizer: ops.sgd({learningRate})});
      expect([...new Set(seen)]).toEqual([0, 1, 2]);
    });

    test("shows a divergence as a number that is not finite", async () => {
      const optimizer = ops.sgd({learningRate: 1e30});
      const training = ops.fit(ops.mlp([2, 8, 8, 2]), moons, {steps: 20, optimizer});
      let last: FitRow | undefined;
      for await (const row of training) last = row;
      training.dispose();
      expect(last?.loss).toBeNaN();
    });

    // The software adapter of WebGPU takes half a minute for as many.
    const many = backend === "webgpu" ? 100 : 1000;
    test(`leaves nothing behind over ${many} trainings, finished or broken off`, async () => {
      const layers = () => [ops.dense({units: 4}), ops.batchNorm(), ops.dropout(0.2), ops.dense({units: 2})];
      const data = ops.datasets.twoMoons({n: 12, seed: 1});
      const trainOnce = async (i: number) => {
        const model = ops.sequential(layers() as Layer[]) as Layer;
        const training = ops.fit(model, data, {
          steps: 3,
          batchSize: 6,
          key: ops.key(i),
          test: data,
          earlyStopping: {}
        });
        for await (const row of training) if (i % 2 === 1 && row.step > 0) break;
        training.dispose();
      };
      await trainOnce(0);
      const before = tf.memory();
      for (let i = 1; i <= many; ++i) await trainOnce(i);
      expect(tf.memory().numTensors).toBe(before.numTensors);
      expect(tf.memory().numBytes).toBe(before.numBytes);
      expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
    });

    test("says which size the data needs when the model has another", () => {
      expect(() => ops.fit(ops.mlp([3, 2]), moons)).toThrow("make 2 its first size");
    });
  });
}
