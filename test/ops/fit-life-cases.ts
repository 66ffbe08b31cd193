import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {FitOptions, FitRow} from "../../src/ops/core/fit-options.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {use} from "./support.ts";

const {tf} = ops;
const moons = ops.datasets.twoMoons({n: 200, seed: 1});
const options: FitOptions = {batchSize: 20, logEvery: 1};

/** What the engine and the backend hold. */
async function held() {
  // On webgpu memory is given back with what is submitted next.
  const sum = tf.tidy(() => tf.add(1, 1));
  await sum.data();
  sum.dispose();
  const {numTensors, numBytes, ...more} = tf.memory() as {
    numTensors: number;
    numBytes: number;
    numBytesInGPU?: number;
  };
  return {numTensors, numBytes, numBytesInGPU: more.numBytesInGPU, ids: tf.backend().numDataIds()};
}

const firstTensor = (tree: unknown) =>
  ops.tree.leaves(tree as Tensor).find((leaf) => leaf instanceof tf.Tensor) as Tensor;

/** Trainings that are ended, disturbed or not alone. On webgpu their steps are replayed. */
export function fitLifeCases(backend: BackendName): void {
  describe(`a fit under way on ${backend}`, () => {
    beforeAll(() => use(backend));
    const status = backend === "webgpu" ? "recorded" : "refused";
    const start = (more: FitOptions, sizes: number[] = [2, 8, 2]) =>
      ops.fit(ops.mlp(sizes) as Layer, moons, {...options, ...more});

    test("gives everything back when it is cancelled, what was recorded too", async () => {
      const before = await held();
      const controller = new AbortController();
      const training = start({steps: 1e6, signal: controller.signal});
      const steps = async () => {
        for await (const {step} of training) {
          // Between steps that plans are compared at: rows still wait for their figures.
          if (step < 22) continue;
          expect(training.plan?.status).toBe(status);
          expect(tf.memory().numTensors).toBeGreaterThan(before.numTensors);
          controller.abort();
        }
      };
      await expect(steps()).rejects.toThrow("abort");
      expect(tf.memory().numTensors).toBe(before.numTensors);
      expect(await held()).toEqual(before);
    });

    test("goes on as if it were alone beside another", async () => {
      const settings = [{key: ops.key(1)}, {key: ops.key(2), optimizer: ops.sgd({learningRate: 0.1})}];
      const makers = settings.map(
        (own, i) => () => start({steps: 41, ...own}, i === 0 ? [2, 8, 2] : [2, 5, 4, 2])
      );
      const end = async (training: ReturnType<typeof start>, rows: FitRow[]) => {
        const weights = await ops.tree.data(training.params);
        const {plan} = training;
        training.dispose();
        expect(plan?.status).toBe(status);
        return {rows, weights};
      };
      const alone = [];
      for (const make of makers) {
        const training = make();
        const rows: FitRow[] = [];
        for await (const row of training) rows.push(row);
        alone.push(await end(training, rows));
      }
      const both = makers.map((make) => ({training: make(), rows: [] as FitRow[]}));
      for (let going = 2; going > 0; ) {
        going = 0;
        for (const {training, rows} of both) {
          const {value, done} = await training.next();
          if (value) rows.push(value);
          if (!done) ++going;
        }
      }
      const beside = [];
      for (const {training, rows} of both) beside.push(await end(training, rows));
      expect(beside).toEqual(alone);
    });

    test.each([
      ["a parameter", 2, (training: ReturnType<typeof start>) => training.params],
      ["a parameter", 24, (training: ReturnType<typeof start>) => training.params],
      ["a moment of the optimizer", 24, (training: ReturnType<typeof start>) => training.state.optimizerState]
    ])("says what to do when somebody disposes %s after step %i", async (_, at, partOf) => {
      const before = await held();
      const training = start({steps: 100});
      const steps = async () => {
        for await (const {step} of training) if (step === at) firstTensor(partOf(training)).dispose();
      };
      await expect(steps()).rejects.toMatchObject({
        name: "FreedStateError",
        message: expect.stringMatching(/float32 \[.+\], was disposed.+dispose copies \(tf\.clone\)/)
      });
      expect(await held()).toEqual(before);
    });
  });
}
