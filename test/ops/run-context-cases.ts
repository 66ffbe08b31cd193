import {afterEach, beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {FitOptions, FitRow} from "../../src/ops/core/fit-options.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import {enterRun, type KeptTraining} from "../../src/ops/core/run-context.ts";
import {ops} from "../../src/ops/index.ts";
import {use} from "./support.ts";

const {tf} = ops;
const {train, test: held} = ops.datasets.split(ops.datasets.twoMoons({n: 120, seed: 1}), {test: 0.25});

const model = () =>
  ops.sequential([
    ops.dense({units: 6}),
    ops.batchNorm(),
    ops.dropout(0.2),
    ops.dense({units: 2})
  ] as Layer[]) as Layer;

/** A run in which one training is kept at each of `steps`, by rows and turns. */
function runThatKeeps(kept: KeptTraining | undefined, wants: (isOver: boolean) => boolean) {
  const all: KeptTraining[] = [];
  enterRun({nextTraining: () => ({kept, wants, keep: (training) => all.push(training)})});
  return all;
}

const options = (): FitOptions => ({
  steps: 40,
  batchSize: 30,
  logEvery: 4,
  key: ops.key(3),
  test: held,
  evaluateEvery: 10,
  optimizer: ops.adam({learningRate: 0.01})
});

function middle(kept: readonly KeptTraining[]): KeptTraining {
  const found = kept[Math.floor(kept.length / 2)];
  if (!found) throw new Error("Nothing was kept.");
  return found;
}

async function trained(more: FitOptions = {}): Promise<{rows: FitRow[]; weights: unknown; stopped: unknown}> {
  const training = ops.fit(model(), train, {...options(), ...more} as object);
  const rows: FitRow[] = [];
  for await (const row of training) rows.push(row);
  const weights = await ops.tree.data(training.params);
  training.dispose();
  return {rows, weights, stopped: training.stopped};
}

/** A training of a run that is started again. */
export function runContextCases(backend: BackendName): void {
  describe(`a training that a run repeats, on ${backend}`, () => {
    beforeAll(() => use(backend));
    afterEach(() => enterRun(undefined));

    test("gives all rows again and ends with the bits of an unbroken one, from wherever it was kept", async () => {
      const whole = await trained();
      const kept = runThatKeeps(undefined, () => true);
      await trained();
      const places = kept.filter(({ended}) => !ended);
      // On webgpu the rows of a replayed step wait for their figures: it is asked less often.
      expect(places.length).toBeGreaterThan(4);
      const before = tf.memory().numTensors;
      for (const place of [places[0], middle(places), places.at(-1)]) {
        const again = runThatKeeps(place, () => true);
        expect(await trained()).toEqual(whole);
        // What it keeps from there on holds the rows of before, too.
        expect(again.at(-1)?.rows).toEqual(whole.rows);
      }
      expect(tf.memory().numTensors).toBe(before);
    });

    test("is over at once when it was, as it was", async () => {
      const stopping = {earlyStopping: {patience: 1}, optimizer: ops.sgd({learningRate: 0})};
      const whole = await trained(stopping);
      expect(whole.stopped).toMatchObject({by: "early stopping"});
      const [kept] = runThatKeeps(undefined, (isOver) => isOver);
      expect(kept).toBeUndefined();
      const all = runThatKeeps(undefined, (isOver) => isOver);
      await trained(stopping);
      expect(all).toHaveLength(1);
      runThatKeeps(all[0], () => false);
      const asked: number[] = [];
      const learningRate = (step: number) => {
        asked.push(step);
        return 0;
      };
      expect(await trained({...stopping, optimizer: ops.sgd({learningRate})})).toEqual(whole);
      expect(asked).toEqual([]);
    });

    test("goes on with what early stopping had seen", async () => {
      const stopping = {evaluateEvery: 2, earlyStopping: {patience: 8, minDelta: 0.5}};
      const whole = await trained(stopping);
      expect(whole.stopped).toMatchObject({by: "early stopping"});
      const kept = runThatKeeps(undefined, (isOver) => !isOver);
      await trained(stopping);
      runThatKeeps(middle(kept), () => false);
      expect(await trained(stopping)).toEqual(whole);
    });

    test("tells the callbacks of every step again", async () => {
      const seen: string[] = [];
      const callbacks: FitOptions = {
        onStep: ({step}) => void seen.push(`step ${step}`),
        onEpoch: (_, epoch) => void seen.push(`epoch ${epoch}`),
        onEvaluate: ({step, testLoss}) => void seen.push(`${step}: ${testLoss}`)
      };
      const kept = runThatKeeps(undefined, () => true);
      await trained(callbacks);
      const whole = seen.splice(0);
      runThatKeeps(middle(kept), () => false);
      await trained(callbacks);
      expect(seen).toEqual(whole);
    });

    test("refuses to compute with a state that is gone, and frees everything", async () => {
      const kept = runThatKeeps(undefined, () => true);
      await trained();
      runThatKeeps(middle(kept), () => false);
      const before = tf.memory().numTensors;
      const training = ops.fit(model(), train, options() as object);
      const {value} = await training.next();
      expect(value).toMatchObject({step: 1});
      expect(() => ops.tree.map((leaf) => tf.mul(leaf, 2), training.params)).toThrow("not kept");
      await training.return();
      training.dispose();
      expect(tf.memory().numTensors).toBe(before);
      const peeking = {onStep: ({params}: {params: unknown}) => ops.tree.clone(params as never)};
      await expect(trained(peeking as FitOptions)).rejects.toThrow("disposed");
      expect(tf.memory().numTensors).toBe(before);
    });
  });
}
