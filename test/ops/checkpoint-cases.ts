import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {FitOptions} from "../../src/ops/core/fit-options.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import {encodeSafetensors, SafetensorsError} from "../../src/ops/core/safetensors.ts";
import {ops} from "../../src/ops/index.ts";
import {use, withoutLeak} from "./support.ts";

const {tf} = ops;
const moons = ops.datasets.twoMoons({n: 100, seed: 1});

/** Everything that a training can keep: batchNorm's statistics, dropout's key, moments, the place in a shuffled epoch. */
const model = () =>
  ops.sequential([
    ops.dense({units: 12}) as Layer,
    ops.batchNorm() as Layer,
    ops.activation("relu") as Layer,
    ops.dropout(0.3) as Layer,
    ops.dense({units: 2}) as Layer
  ]) as Layer;

const options = (more: FitOptions): FitOptions => ({
  batchSize: 16,
  key: ops.key(9),
  optimizer: ops.chain(ops.clipByGlobalNorm(1), ops.adam({learningRate: (step) => 0.01 / (1 + step)})),
  ...more
});

/** A training to its end; the file is of then, or what a callback saved at an earlier step. */
async function finish(more: FitOptions, saveAt?: number, callback = "onStep") {
  let saved: Promise<Uint8Array> | undefined;
  const save = ({step: done}: {step: number}) => {
    if (done === saveAt) saved = training.save();
  };
  const training = ops.fit(model(), moons, options({...more, [callback]: save}));
  for await (const _ of training);
  const {params, modelState, optimizerState, step} = training.state;
  const bits = await Promise.all(
    ops.tree
      .leaves([params, modelState, optimizerState] as never)
      .map(async (leaf: unknown) => (leaf instanceof tf.Tensor ? Array.from(await leaf.data()) : leaf))
  );
  const file = await (saved ?? training.save());
  training.dispose();
  return {bits, step, file};
}

/** Saved trainings and weights. */
export function checkpointCases(backend: BackendName): void {
  describe(`checkpoints on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "a training that was saved in the middle of an epoch goes on with the bits of an unbroken one",
      withoutLeak(async () => {
        const whole = await finish({steps: 20});
        const {file} = await finish({steps: 20}, 9);
        const resumed = await finish({steps: 20, resume: file});
        expect(whole.bits.length).toBe(3 * 6 + 2 + 1);
        expect(resumed.step).toBe(20);
        expect(resumed.bits).toEqual(whole.bits);
        expect(resumed.file).toEqual(whole.file);
        expect((await finish({steps: 20, key: ops.key(8)})).bits).not.toEqual(whole.bits);
      })
    );

    test(
      "what early stopping has seen is saved with it",
      withoutLeak(async () => {
        const stopping: FitOptions = {
          steps: 60,
          evaluateEvery: 2,
          test: moons,
          optimizer: ops.sgd({learningRate: (step) => (step < 6 ? 0.1 : 30)}),
          earlyStopping: {patience: 4}
        };
        const whole = await finish(stopping);
        expect(whole.step).toBeLessThan(12);
        // Between evaluations; at one that is better, and at one that is not; at the end of an epoch with none.
        const places: [number, string][] = [
          [9, "onStep"],
          [2, "onStep"],
          [12, "onStep"],
          [12, "onEvaluate"],
          [7, "onEpoch"]
        ];
        const files = [whole.file];
        for (const [step, callback] of places) files.push((await finish(stopping, step, callback)).file);
        for (const resume of files) {
          const resumed = await finish({...stopping, resume});
          expect(resumed.step).toBe(whole.step);
          expect(resumed.bits).toEqual(whole.bits);
        }
      })
    );

    test(
      "early stopping that keeps no best state ends a training that is resumed after its end at once",
      withoutLeak(async () => {
        const stopping: FitOptions = {
          steps: 60,
          test: moons,
          optimizer: ops.sgd({learningRate: 30}),
          earlyStopping: {patience: 1, restoreBest: false}
        };
        const whole = await finish(stopping);
        expect(whole.step).toBeLessThan(60);
        expect((await finish({...stopping, resume: whole.file})).bits).toEqual(whole.bits);
      })
    );

    test(
      "a training that is saved while it is evaluated has seen the evaluation",
      withoutLeak(async () => {
        let saved: Promise<Uint8Array> | undefined;
        const evaluations = {
          late: {
            data: moons,
            every: 2,
            metrics: {
              save: () => {
                if (training.state.step === 4) saved = training.save();
                return 0;
              }
            }
          }
        };
        const training = ops.fit(
          model(),
          moons,
          options({steps: 5, evaluations, earlyStopping: {metric: "lateSave"}})
        );
        for await (const _ of training);
        const {stopping, dispose} = ops.decodeCheckpoint((await saved) as Uint8Array);
        expect(stopping?.waited).toBe(1);
        dispose();
        training.dispose();
      })
    );

    test(
      "refuses to go on in other data, with another batch size or another key",
      withoutLeak(async () => {
        const {file} = await finish({steps: 3});
        const resume = (data: typeof moons, more: FitOptions) => () =>
          ops.fit(model(), data, options({resume: file, ...more}));
        expect(resume(moons, {batchSize: 8})).toThrow("batches of 16 from 100 rows");
        expect(resume(ops.datasets.twoMoons({n: 60}), {})).toThrow("now they are 16 from 60 rows");
        expect(resume(moons, {key: ops.key(1)})).toThrow("another key");
        expect(resume(moons, {params: {}})).toThrow("leave out `params`");
      })
    );

    test(
      "weights go out and in with every bit, by path",
      withoutLeak(async () => {
        const params = model().init(ops.key(2), [2]);
        const file = await ops.encodeWeights(params, {made: "by a test"});
        const read = ops.decodeWeights(file);
        const like = ops.decodeWeights(file, params);
        const expected = await ops.tree.data(params);
        expect(await ops.tree.data(read)).toEqual(expected);
        expect(await ops.tree.data(like)).toEqual(expected);
        expect(Object.keys(read)).toEqual(expect.arrayContaining(["dense1", "batchNorm1", "dense2"]));
        for (const tree of [params, read, like]) ops.tree.dispose(tree);
      })
    );

    test(
      "says how the weights of another model differ",
      withoutLeak(async () => {
        const [params, wider] = [ops.mlp([2, 3, 2]).init(ops.key(0)), ops.mlp([2, 4, 2]).init(ops.key(0))];
        const file = await ops.encodeWeights(params);
        expect(() => ops.decodeWeights(file, wider)).toThrow(
          "dense1.kernel: expected the shape [2, 4], the file has [2, 3]"
        );
        expect(() => ops.decodeWeights(file, {dense1: params.dense1} as never)).toThrow("it has dense2.");
        expect(() => ops.decodeWeights(file, {...params, dense3: wider.dense1} as never)).toThrow(
          "lacks dense3."
        );
        expect(() => ops.decodeCheckpoint(file)).toThrow(SafetensorsError);
        for (const tree of [params, wider]) ops.tree.dispose(tree);
      })
    );

    test(
      "reads half precision and integers",
      withoutLeak(async () => {
        const bytes = (words: number[]) => new Uint8Array(Uint16Array.from(words).buffer);
        const file = encodeSafetensors(
          new Map([
            // 1, -2, the largest and the smallest number, infinity: IEEE 754-2008, binary16.
            ["half", {dtype: "F16", shape: [5], bytes: bytes([0x3c00, 0xc000, 0x7bff, 0x0001, 0x7c00])}],
            ["brain", {dtype: "BF16", shape: [3], bytes: bytes([0x3f80, 0xc000, 0x4049])}],
            ["small", {dtype: "I8", shape: [2], bytes: Uint8Array.of(255, 3)}]
          ])
        );
        const {half, brain, small} = ops.decodeWeights(file) as Record<string, never>;
        const values = (await ops.tree.data({half, brain, small})) as unknown as Record<
          string,
          Iterable<number>
        >;
        expect(Array.from(values.half as Iterable<number>)).toEqual([1, -2, 65504, 2 ** -24, Infinity]);
        expect(Array.from(values.brain as Iterable<number>)).toEqual([1, -2, 3.140625]);
        expect(Array.from(values.small as Iterable<number>)).toEqual([-1, 3]);
        tf.dispose([half, brain, small]);
        const strange = encodeSafetensors(
          new Map([["n", {dtype: "U64", shape: [1], bytes: new Uint8Array(8)}]])
        );
        expect(() => ops.decodeWeights(strange)).toThrow("U64, which has no tensor here");
      })
    );
  });
}
