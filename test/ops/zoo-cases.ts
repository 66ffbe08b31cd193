import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Layer, Shape} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import {use, withoutLeak} from "./support.ts";

const {tf, zoo} = ops;

/** A model, the shape of an example, what comes out for one, and its parameters counted by hand or in the paper. */
type Case = [name: string, model: () => Layer, inputShape: Shape, outputShape: Shape, params: number];

const cases: Case[] = [
  ["lenet300100", () => zoo.lenet300100() as Layer, [28, 28], [10], 266_610],
  ["lenet5", () => zoo.lenet5() as Layer, [28, 28, 1], [10], 61_706],
  ["lenet5 as in Caffe", () => zoo.lenet5({variant: "caffe"}) as Layer, [28, 28, 1], [10], 431_080],
  ["resnet8", () => zoo.resnet8() as Layer, [16, 16, 3], [10], 75_290],
  ["resnet20", () => zoo.resnet20() as Layer, [8, 8, 3], [10], 269_722],
  // 2 projections: 16 x 32 + 2 x 32 and 32 x 64 + 2 x 64 more.
  ["resnet20, option B", () => zoo.resnet20({shortcut: "B"}) as Layer, [8, 8, 3], [10], 272_474],
  ["autoencoder", () => zoo.autoencoder({sizes: [32, 8]}) as Layer, [8, 8], [8, 8], 2080 + 264 + 288 + 2112],
  // 30 x 16 + 8 x 16; a block of 2 norms (64), attention (4 x 272), 16 x 64 + 64 + 64 x 16 + 16; norm 32; head 480.
  [
    "charTransformer",
    () => zoo.charTransformer({vocabulary: 30, features: 16, heads: 2, layers: 1}) as Layer,
    [8],
    [8, 30],
    608 + 64 + 1088 + 2128 + 32 + 480
  ],
  // Patches 16 x 16 + 16; positions 4 x 16; the block and norm as above; 170.
  [
    "vit",
    () => zoo.vit({features: 16, heads: 2, layers: 1}) as Layer,
    [8, 8, 1],
    [10],
    272 + 64 + 3280 + 32 + 170
  ],
  // Patches 272; norms 64; across 4 patches 4 x 5 + 5 + 5 x 4 + 4, across features 16 x 6 + 6 + 6 x 16 + 16; 32; 170.
  [
    "mlpMixer",
    () => zoo.mlpMixer({features: 16, layers: 1, tokenUnits: 5, channelUnits: 6}) as Layer,
    [8, 8, 1],
    [10],
    272 + 64 + 49 + 214 + 32 + 170
  ],
  // 30 x 8; 4 gates of 8 x 12 + 12 x 12 + 2 x 12; 12 x 30 + 30.
  [
    "rnnLanguageModel, lstm",
    () => zoo.rnnLanguageModel({vocabulary: 30, features: 8, units: 12}) as Layer,
    [6],
    [6, 30],
    240 + 1056 + 390
  ],
  [
    "rnnLanguageModel, gru",
    () => zoo.rnnLanguageModel({vocabulary: 30, features: 8, units: 12, cell: "gru"}) as Layer,
    [6],
    [6, 30],
    240 + 792 + 390
  ]
];

/** The networks of the zoo: shapes, sizes, and that each learns. */
export function zooCases(backend: BackendName): void {
  describe(`zoo on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each(cases)(
      "%s has its shapes and parameters, and a step makes its loss smaller",
      (_name, make, inputShape, outputShape, params) =>
        withoutLeak(async () => {
          const model = make();
          const described = zoo.describe(model, inputShape);
          expect(described.params).toBe(params);
          expect(described.layers.at(-1)?.outputShape).toEqual(outputShape);
          const [before, after] = await twoLosses(model, inputShape, outputShape);
          expect(after).toBeLessThan(before);
        })()
    );

    test(
      "gcn gives the classes of a graph's nodes",
      withoutLeak(async () => {
        const adjacency = tf.tensor2d([0.5, 0.5, 0, 0.5, 0.5, 0, 0, 0, 1], [3, 3]);
        const model = zoo.gcn({classes: 2, units: [4], adjacency});
        expect(zoo.describe(model, [3, 5]).params).toBe(5 * 4 + 4 + 4 * 2 + 2);
        const [before, after] = await twoLosses(model as Layer, [3, 5], [3, 2]);
        expect(after).toBeLessThan(before);
        adjacency.dispose();
      })
    );

    test(
      "the code of an autoencoder is as wide as its last size",
      withoutLeak(async () => {
        const model = zoo.autoencoder({sizes: [6, 3]});
        const params = model.init(ops.key(1), [4, 4]);
        const x = tf.ones([2, 4, 4]);
        const code = model.encode(params, x);
        expect(code.shape).toEqual([2, 3]);
        tf.dispose([x, code]);
        ops.tree.dispose(params);
      })
    );
  });
}

/** The loss before and after a small step down its gradient, on one batch. */
async function twoLosses(model: Layer, inputShape: Shape, outputShape: Shape): Promise<[number, number]> {
  const key = ops.key(3);
  const isText = inputShape.length === 1;
  const x = isText
    ? tf.tensor(
        key.permutation(4 * (inputShape[0] as number)).map((i) => i % 30),
        [4, ...inputShape],
        "int32"
      )
    : ops.random.normal(key, [4, ...inputShape]);
  const y = ops.random.normal(key.fold(1), [4, ...outputShape]);
  const optimizer = ops.sgd({learningRate: 1e-3});
  const start = model.init(key, inputShape);
  const state = ops.initTrainState(start, optimizer, model, inputShape);
  ops.tree.dispose(start);
  const step = ops.trainStep(
    (params: Params) => ops.meanSquaredError(model.apply(params, x, {training: true, key}), y),
    optimizer
  );
  const first = step(state);
  const second = step(first.state);
  const losses = [(await first.loss.data())[0], (await second.loss.data())[0]] as [number, number];
  tf.dispose([x, y, first.loss, second.loss]);
  ops.tree.dispose([second.state.params, second.state.optimizerState, second.state.modelState] as never);
  return losses;
}
