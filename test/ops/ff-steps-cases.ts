// That steps of networks which learn by rules of their own are the same bits: recorded or not, at once or with a break between.
import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {FitOptions, FitRow} from "../../src/ops/core/fit-options.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {OptimizerState} from "../../src/ops/core/optimizers/optimizer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf, adam, dense, key, layerwise, tree} = ops;
const {
  forwardForward,
  forwardGradient,
  hardNegatives,
  hebbianNetwork,
  hybridImages,
  labelAsInput,
  layerCollaboration,
  localNetwork,
  momentumAuxiliary,
  pepita,
  predictiveCoding,
  softHebbDense,
  triangle,
  withoutLabels
} = ops.forwardForward;

const relu = (units: number) => dense({units, activation: "relu"}) as Layer;
const local = (rule: Parameters<typeof localNetwork>[0]["rule"]) =>
  localNetwork({blocks: [relu(6), relu(5)], rule, classes: 3}) as Layer;

/** One of each way to learn, with all that it draws and keeps. */
const seams: Record<string, () => Layer> = {
  "Forward-Forward": () =>
    local(
      forwardForward({labels: labelAsInput(), negatives: hardNegatives(), predict: "classifier", peer: {}})
    ),
  "incremental predictive coding": () =>
    predictiveCoding({layers: [relu(6), dense({units: 3})], steps: 3, learn: "incremental"}) as Layer,
  "forward gradients": () => forwardGradient({layers: [6, 3], activation: "tanh", samples: 2}) as Layer
};

/** Further rules of blocks, which draw and keep something else. */
const rules: Record<string, () => Layer> = {
  "hybrid images": () =>
    local(
      forwardForward({
        labels: withoutLabels(),
        negatives: hybridImages({size: [1, 2], blurs: 1}),
        predict: "classifier"
      })
    ),
  "layers that collaborate": () => local(layerCollaboration({labels: labelAsInput()})),
  "the running mean of the next block": () => local(momentumAuxiliary())
};

const others: Record<string, () => Layer> = {
  "the copy of the next block": () => local(momentumAuxiliary({useBias: "layer"})),
  "mirrored PEPITA": () => pepita({layers: [6, 3], dropout: 0.2, mirroring: {}}) as Layer,
  "Hebbian layers": () =>
    hebbianNetwork({layers: [softHebbDense({units: 6}), triangle()], classes: 3}) as Layer
};

const data = ops.datasets.gaussians({n: 24, classes: 3, seed: 5});
const options = () => ({
  ...{batchSize: 8, logEvery: 1, key: key(4)},
  optimizer: adam({learningRate: 0.02})
});

async function trained(model: Layer, more: FitOptions<Params>) {
  const training = ops.fit(model, data, {...options(), ...more});
  const rows: FitRow[] = [];
  for await (const row of training) rows.push(row);
  return {training, rows};
}

async function same(a: unknown, b: unknown): Promise<void> {
  const [left, right] = [
    tree.leaves<Tensor | number>(a as Params),
    tree.leaves<Tensor | number>(b as Params)
  ];
  expect(left.length).toBe(right.length);
  for (const [i, leaf] of left.entries()) {
    const other = right[i] as Tensor | number;
    if (typeof leaf === "number") expect(leaf).toBe(other);
    else await expectClose(leaf, Array.from(await (other as Tensor).data()), {rtol: 0, atol: 0});
  }
}

/** Parameters, and the states of optimizers and layers. */
async function sameState(a: {state: object}, b: {state: object}): Promise<void> {
  const parts = ["params", "optimizerState", "modelState"] as const;
  for (const part of parts) await same((a.state as never)[part], (b.state as never)[part]);
}

/** What an optimizer makes of several updates of one child, and trainings that go on from files. */
export function stepCases(backend: BackendName): void {
  describe(`steps of rules of their own on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "each update of a child in a step is a step of its optimizer, from where the one before ended",
      withoutLeak(async () => {
        const asked = [
          [1, -2],
          [0.5, 3]
        ];
        const params = {first: {w: tf.tensor1d([1, 2])}, second: {w: tf.tensor1d([5, 6])}};
        const seen: number[][] = [];
        const twice = {
          name: "twice",
          init: () => params,
          apply: (_: Params, x: Tensor) => tf.zeros([x.shape[0] as number, 3]),
          outputShape: () => [3],
          learning: {
            learn: (given, _x, _y, context) => {
              for (const grads of asked) context.update("first", {w: tf.tensor1d(grads)});
              // What was given stays, and what came of it can be asked for.
              const {w} = (given as typeof params).first;
              const {w: now} = (context.updated?.("first") ?? {}) as typeof params.first;
              seen.push([...w.dataSync(), ...now.dataSync()]);
              return {loss: tf.scalar(0), outputs: () => tf.zeros([_x.shape[0] as number, 3])};
            }
          }
        } as Layer;
        const {training} = await trained(twice, {params, steps: 1, plan: false} as never);
        const optimizer = layerwise(adam({learningRate: 0.02}));
        let state = (optimizer.init(params) as Record<string, OptimizerState>).first as OptimizerState;
        let child = params.first as Params;
        for (const grads of asked)
          ({params: child, state} = optimizer.stepChild("first", {w: tf.tensor1d(grads)}, state, child));
        const after = training.params as typeof params;
        await same(after.first, child);
        await same((training.state.optimizerState as Record<string, never>).first, state);
        await expectClose(after.second.w, [5, 6]);
        expect(seen[0]?.slice(0, 2)).toEqual([1, 2]);
        expect(seen[0]?.slice(2)).toEqual(Array.from(await after.first.w.data()));
        training.dispose();
      })
    );

    for (const [name, make] of Object.entries({...seams, ...others}))
      test(
        `${name}: stopped, and gone on with from a file, as without a stop`,
        withoutLeak(async () => {
          const model = make();
          const {training: whole, rows} = await trained(model, {steps: 7});
          const stopped = ops.fit(model, data, {...options(), steps: 7});
          let saved: Uint8Array | undefined;
          for await (const {step} of stopped) {
            if (step !== 4) continue;
            saved = await stopped.save();
            break;
          }
          const resume = saved as Uint8Array;
          const {training: resumed, rows: later} = await trained(model, {steps: 7, key: undefined, resume});
          expect(later).toEqual(rows.slice(4));
          await sameState(resumed, whole);
          for (const training of [whole, stopped, resumed]) training.dispose();
        })
      );
  });
}

/** That steps can be recorded and replayed, with everything that is drawn: for webgpu. */
export function replayedCases(): void {
  describe("replayed steps of rules of their own on webgpu", () => {
    beforeAll(() => use("webgpu"));

    for (const [name, make] of Object.entries({...seams, ...rules}))
      test(
        `${name}: the same bits recorded and one by one`,
        withoutLeak(async () => {
          const run = (plan: boolean) => trained(make(), {steps: 9, logEvery: 9, plan});
          const [one, plain] = [await run(true), await run(false)];
          expect(one.training.plan).toMatchObject({status: "recorded"});
          await sameState(one.training, plain.training);
          expect(one.rows).toEqual(plain.rows);
          if (name in seams) {
            const again = await run(true);
            await sameState(one.training, again.training);
            again.training.dispose();
          }
          for (const {training} of [one, plain]) training.dispose();
        }),
        120_000
      );
  });
}
