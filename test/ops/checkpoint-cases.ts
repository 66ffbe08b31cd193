import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {FitOptions} from "../../src/ops/core/fit-options.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import {encodeSafetensors} from "../../src/ops/core/safetensors.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
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
        expect(() => ops.decodeCheckpoint(file)).toThrow(ops.SafetensorsError);
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
      })
    );

    test(
      "whole numbers of any size are read where they fit, and a name may be of any script",
      withoutLeak(async () => {
        const stored = (dtype: string, values: BigInt64Array | BigUint64Array | Uint32Array) => ({
          dtype,
          shape: [values.length],
          bytes: new Uint8Array(values.buffer)
        });
        const file = encodeSafetensors(
          new Map([
            ["слой.Σ😀", stored("I64", BigInt64Array.of(-(2n ** 31n), 2n ** 31n - 1n))],
            ["counts", stored("U32", Uint32Array.of(7))]
          ])
        );
        const read = ops.decodeWeights(file);
        const {слой, counts} = (await ops.tree.data(read)) as unknown as Record<string, never>;
        expect({слой, counts}).toEqual({
          слой: {"Σ😀": Int32Array.of(-(2 ** 31), 2 ** 31 - 1)},
          counts: Int32Array.of(7)
        });
        ops.tree.dispose(read);
        const large = encodeSafetensors(new Map([["n", stored("U64", BigUint64Array.of(2n ** 31n))]]));
        expect(() => ops.decodeWeights(large)).toThrow("n holds 2147483648");
      })
    );

    test(
      "refuses to go on with another model or optimizer",
      withoutLeak(async () => {
        const train = (units: number, more: FitOptions) =>
          ops.fit(ops.mlp([2, units, 2]) as Layer, moons, {steps: 1, ...more});
        const saving = train(4, {});
        for await (const _ of saving);
        const resume = await saving.save();
        saving.dispose();
        expect(() => train(5, {resume})).toThrow("dense1/kernel: the model has the shape [2, 5]");
        const other = (...layers: unknown[]) => ops.sequential([ops.dense({units: 4}), ...layers] as Layer[]);
        expect(() => ops.fit(other(), moons, {resume})).toThrow("it has dense2/kernel besides");
        const normed = other(ops.dense({units: 2}), ops.batchNorm());
        expect(() => ops.fit(normed, moons, {resume})).toThrow("it has no batchNorm1/scale");
        expect(() => train(4, {resume, optimizer: ops.sgd({learningRate: 1})})).toThrow("at optimizer/");
        expect(() => train(4, {resume, optimizer: ops.ema(ops.adam())})).toThrow("at optimizer/ema");
      })
    );

    test(
      "L-BFGS goes on from its saved history with the same bits",
      withoutLeak(async () => {
        const solver = ops.lbfgs<Tensor>();
        // Rosenbrock's valley.
        const loss = (place: Tensor) => {
          const [x, y] = tf.unstack(place) as [Tensor, Tensor];
          return tf.add(tf.mul(100, tf.square(tf.sub(y, tf.square(x)))), tf.square(tf.sub(1, x)));
        };
        const stepped = async (params: Tensor, state: ReturnType<typeof solver.init>, iterations: number) => {
          const next = await solver.step(loss, params, state, {iterations});
          ops.tree.dispose([params, state] as never, [next.params, next.state] as never);
          return next;
        };
        const whole = tf.tensor1d([-1.2, 1]);
        const half = tf.tensor1d([-1.2, 1]);
        const wholeEnd = await stepped(whole, solver.init(whole), 8);
        const {params, state: optimizerState} = await stepped(half, solver.init(half), 3);
        const file = await ops.encodeCheckpoint({
          state: {params, optimizerState: optimizerState as never, modelState: {}, step: 3},
          key: ops.key(0),
          data: {name: "none", rows: 1, batchSize: 1}
        });
        const {state} = ops.decodeCheckpoint<Tensor>(file);
        const end = await stepped(state.params, state.optimizerState as never, 5);
        expect(await end.params.data()).toEqual(await wholeEnd.params.data());
        ops.tree.dispose([
          params,
          optimizerState,
          end.params,
          end.state,
          wholeEnd.params,
          wholeEnd.state
        ] as never);
      })
    );

    test(
      "keeps tensors apart whose paths read the same, and numbers that JSON has no words for",
      withoutLeak(async () => {
        const [first, second] = [tf.scalar(1), tf.scalar(2)];
        const optimizerState = [-0, NaN, Infinity];
        const file = await ops.encodeCheckpoint({
          state: {params: {"a.b": first, a: {b: second}}, optimizerState, modelState: {}, step: 1},
          key: ops.key(1),
          data: {name: "none", rows: 1, batchSize: 1}
        });
        const {state, dispose} = ops.decodeCheckpoint(file);
        const values = await ops.tree.data(state.params);
        expect(values).toEqual({"a.b": Float32Array.of(1), a: {b: Float32Array.of(2)}});
        expect(state.optimizerState).toEqual(optimizerState);
        dispose();
        tf.dispose([first, second]);
      })
    );

    test.each([
      ["no JSON", "{", "is not JSON"],
      ["nothing", "null", "in the form undefined"],
      ["another version", '{"version":2}', "in the form 2"],
      ["no parameters", '{"version":1}', "no params"],
      ["numbers for parameters", saved({params: {w: 1}}), "no params"],
      ["a tensor that is not there", saved({params: {w: {$tensor: "w"}}}), "lacks the tensor w"],
      ["no state of layers", saved({modelState: null}), "no states of layers"],
      ["half a step", saved({step: 0.5}), "no step"],
      ["half a key", saved({key: [1]}), "no key"],
      ["no rows", saved({data: {name: "a", rows: 0, batchSize: 1}}), "no place in the data"],
      ["no patience", saved({stopping: {best: 1}}), "no early stopping"]
    ])("a damaged training is told by what is wrong with it: %s", (_what, text, message) => {
      const read = () => ops.decodeCheckpoint(encodeSafetensors(new Map(), {"petri.training": text}));
      expect(read).toThrow(ops.SafetensorsError);
      expect(read).toThrow(message);
    });
  });
}

/** What a file says of an empty training, but for some of it. */
function saved(other: object): string {
  const data = {name: "none", rows: 1, batchSize: 1};
  const whole = {params: {}, optimizerState: [], modelState: {}, step: 1, key: [0, 0], data, stopping: null};
  return JSON.stringify({version: 1, ...whole, ...other});
}
