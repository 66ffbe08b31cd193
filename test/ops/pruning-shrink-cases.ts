import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Layer, ModelState, Shape} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {Masks} from "../../src/ops/pruning/masks.ts";
import type {Shrunk} from "../../src/ops/pruning/shrink/shrink.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {
  expectClose,
  type Fixture,
  fixture,
  numbers,
  type Stored,
  tensor,
  use,
  withoutLeak
} from "./support.ts";

const {tf} = ops;
const {applyMasks, granularity, leastUnits, prune, shrink, unitScores} = ops.pruning;

const values = async (leaf: Tensor) => Array.from(await leaf.data());
const shapes = (params: Params) =>
  Object.fromEntries(ops.tree.entries<Tensor>(params).map(({path, leaf}) => [path, leaf.shape]));

/** Random parameters everywhere, so that no bias is zero. */
const scattered = (params: Params) => {
  let seed = 100;
  return ops.tree.map(
    (leaf: Tensor) => ops.random.normal(ops.key(++seed), leaf.shape, 0.3, 0.5),
    params
  ) as Params;
};

/** The outputs of a shrunk network are those of the masked one. */
async function expectSame(
  {
    model,
    params,
    masks,
    inputShape,
    state = {}
  }: {model: Layer; params: Params; masks: Masks; inputShape: Shape; state?: ModelState},
  small: Shrunk
): Promise<void> {
  const x = ops.random.normal(ops.key(9), [3, ...inputShape]);
  const wanted = model.apply(applyMasks(params, masks), x, {state});
  const y = small.model.apply(small.params, x, {state: small.modelState});
  await expectClose(y, await values(wanted), {rtol: 1e-3, atol: 1e-4});
  // The layers know their new sizes.
  expect(shapes(small.model.init(ops.key(0), inputShape))).toEqual(shapes(small.params));
}

/** A kernel stored (out, in, rows, columns) as HWIO. */
const hwio = (stored: Stored | undefined) => tf.transpose(tensor(stored), [2, 3, 1, 0]);

/** Weights of a dense layer after a flattened image, stored channel by channel, as pixel by pixel: (in, out). */
function afterImage(stored: Stored | undefined, channels: number): Tensor {
  const [out = 0, inputs = 0] = stored?.shape ?? [];
  const pixels = inputs / channels;
  return tf.reshape(tf.transpose(tf.reshape(tensor(stored), [out, channels, pixels]), [2, 1, 0]), [
    inputs,
    out
  ]);
}

function convolutional({inputs}: Fixture) {
  const conv = (filters: number) => ops.conv2d({filters, kernelSize: 3, padding: 1}) as Layer;
  const relu = () => ops.activation("relu") as Layer;
  const model = ops.sequential([
    ...[conv(4), ops.batchNorm() as Layer, relu(), conv(4), relu(), ops.maxPool2d() as Layer],
    ...[
      ops.flatten() as Layer,
      ops.dense({units: 6, activation: "relu"}) as Layer,
      ops.dense({units: 3}) as Layer
    ]
  ]) as Layer;
  const params: Params = {
    conv2d1: {kernel: hwio(inputs["conv1.weight"]), bias: tensor(inputs["conv1.bias"])},
    batchNorm1: {scale: tensor(inputs["bn1.weight"]), bias: tensor(inputs["bn1.bias"])},
    conv2d2: {kernel: hwio(inputs["conv2.weight"]), bias: tensor(inputs["conv2.bias"])},
    dense1: {kernel: afterImage(inputs["fc1.weight"], 4), bias: tensor(inputs["fc1.bias"])},
    dense2: {kernel: tf.transpose(tensor(inputs["fc2.weight"])), bias: tensor(inputs["fc2.bias"])}
  };
  const modelState = {
    batchNorm1: {mean: tensor(inputs["bn1.running_mean"]), variance: tensor(inputs["bn1.running_var"])}
  };
  return {model, params, modelState, x: tf.transpose(tensor(inputs.x), [0, 2, 3, 1])};
}

/** Networks made smaller: equal outputs, and the shapes that must come out. */
export function shrinkCases(backend: BackendName): void {
  describe(`shrinking networks on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "channels go with everything coupled to them as in Torch-Pruning",
      withoutLeak(async () => {
        const stored = fixture("pruning/torch-pruning-l2-channels");
        const {outputs} = stored;
        const {model, params, modelState, x} = convolutional(stored);
        const inputShape = [6, 6, 1];
        await expectClose(model.apply(params, x, {state: modelState}), outputs.y_before);
        const scores = await unitScores(model, params, {inputShape});
        const names = {dense1: "fc1", conv2d2: "conv2", conv2d1: "conv1"};
        const remove = leastUnits(scores, {sparsity: stored.params.pruning_ratio as number});
        const now = await shrink(model, params, null, {inputShape, modelState, remove});
        for (const [path, name] of Object.entries(names)) {
          await expectClose(tf.tensor1d(scores[path] as Float32Array), outputs[`importance:${name}`]);
          expect(now.kept[path]).toEqual(numbers(outputs[`kept:${name}`]));
        }
        const small = now.params as Record<string, {kernel: Tensor; bias: Tensor; scale: Tensor}>;
        await expectClose(
          (small.conv2d1 as {kernel: Tensor}).kernel,
          await values(hwio(outputs["pruned:conv1.weight"]))
        );
        await expectClose(
          (small.conv2d2 as {kernel: Tensor}).kernel,
          await values(hwio(outputs["pruned:conv2.weight"]))
        );
        await expectClose(
          (small.dense1 as {kernel: Tensor}).kernel,
          await values(afterImage(outputs["pruned:fc1.weight"], 2))
        );
        await expectClose((small.dense2 as {bias: Tensor}).bias, outputs["pruned:fc2.bias"]);
        await expectClose((small.batchNorm1 as {scale: Tensor}).scale, outputs["pruned:bn1.weight"]);
        const running = now.modelState.batchNorm1 as {mean: Tensor; variance: Tensor};
        await expectClose(running.mean, outputs["pruned:bn1.running_mean"]);
        await expectClose(running.variance, outputs["pruned:bn1.running_var"]);
        await expectClose(now.model.apply(now.params, x, {state: now.modelState}), outputs.y_after);
      })
    );

    test(
      "an mlp loses the units that masks left without inputs, and keeps its outputs",
      withoutLeak(async () => {
        const model = ops.mlp([5, 12, 8, 3], {activation: "sigmoid"}) as Layer;
        const params = scattered(model.init(ops.key(0), [5]));
        const hidden = (path: string) => path === "dense1/kernel" || path === "dense2/kernel";
        const masks = await prune(params, {
          sparsity: 0.5,
          scope: "local",
          granularity: granularity.channel(),
          prunable: hidden
        });
        const small = await shrink(model, params, masks);
        expect(shapes(small.params)).toEqual({
          "dense1/kernel": [5, 6],
          "dense1/bias": [6],
          "dense2/kernel": [6, 4],
          "dense2/bias": [4],
          "dense3/kernel": [4, 3],
          "dense3/bias": [3]
        });
        await expectSame({model, params, masks, inputShape: [5]}, small);
      })
    );

    test(
      "units that nothing reads go too, and with them what only they read",
      withoutLeak(async () => {
        const model = ops.mlp([4, 6, 5, 2]) as Layer;
        const params = scattered(model.init(ops.key(0), [4])) as Record<
          string,
          {kernel: Tensor; bias: Tensor}
        >;
        const ones = (shape: readonly number[]) => tf.ones([...shape]);
        // Unit 1 of the second layer is not read; unit 2 of the first is read by it alone.
        const out = tf.tensor2d([1, 1, 0, 0, 1, 1, 1, 1, 1, 1], [5, 2]);
        const middle = tf.tensor2d(
          Array.from({length: 30}, (_, i) => (Math.floor(i / 5) === 2 && i % 5 !== 1 ? 0 : 1)),
          [6, 5]
        );
        const masks = {
          dense1: {kernel: ones([4, 6]), bias: null},
          dense2: {kernel: middle, bias: null},
          dense3: {kernel: out, bias: null}
        };
        const small = await shrink(model, params, masks as Masks);
        expect(small.kept).toEqual({dense1: [0, 1, 3, 4, 5], dense2: [0, 2, 3, 4], dense3: [0, 1]});
        await expectSame({model, params, masks: masks as Masks, inputShape: [4]}, small);
      })
    );

    test(
      "convolutions lose channels with their batch norms; a constant that padding would break stays",
      withoutLeak(async () => {
        const relu = () => ops.activation("relu") as Layer;
        const conv = (filters: number, options = {}) =>
          ops.conv2d({filters, kernelSize: 3, ...options}) as Layer;
        const model = ops.sequential([
          ...[
            conv(6, {useBias: false}),
            ops.batchNorm() as Layer,
            relu(),
            ops.depthwiseConv2d({kernelSize: 3}) as Layer,
            relu()
          ],
          ...[
            conv(4),
            relu(),
            ops.avgPool2d() as Layer,
            ops.flatten() as Layer,
            ops.dense({units: 3}) as Layer
          ]
        ]) as Layer;
        const inputShape = [6, 6, 2];
        const params = scattered(model.init(ops.key(0), inputShape)) as Record<
          string,
          Record<string, Tensor>
        >;
        const state = {
          batchNorm1: {
            mean: ops.random.normal(ops.key(5), [6]),
            variance: ops.random.uniform(ops.key(6), [6], 0.5, 2)
          }
        };
        // Channel 0 gives nothing (relu of a negative number), channel 3 something.
        const norm = await values(params.batchNorm1?.bias as Tensor);
        const [means, variances, scales] = await Promise.all([
          values(state.batchNorm1.mean),
          values(state.batchNorm1.variance),
          values(params.batchNorm1?.scale as Tensor)
        ]);
        const silent = (c: number, to: number) =>
          to + ((means[c] as number) / Math.sqrt((variances[c] as number) + 1e-5)) * (scales[c] as number);
        norm[0] = silent(0, -1);
        norm[3] = silent(3, 1);
        const fixed = {
          ...params,
          batchNorm1: {...params.batchNorm1, bias: tf.tensor1d(norm)},
          depthwiseConv2d1: {...params.depthwiseConv2d1, bias: tf.tensor1d([-1, 0.1, 0.2, 0.3, 0.4, 0.5])}
        } as Params;
        const columns = (count: number, dead: readonly number[], shape: Shape) =>
          tf.tensor(
            Array.from({length: shape.reduce((a, b) => a * b, 1)}, (_, i) =>
              dead.includes(i % count) ? 0 : 1
            ),
            [...shape]
          );
        const masks = ops.tree.map((leaf: Tensor, path) => {
          if (path === "conv2d1/kernel") return columns(6, [0, 3], leaf.shape);
          return path === "conv2d2/kernel" ? columns(4, [2], leaf.shape) : null;
        }, fixed) as Masks;
        const small = await shrink(model, fixed, masks, {inputShape, modelState: state});
        expect(small.kept).toEqual({conv2d1: [1, 2, 3, 4, 5], conv2d2: [0, 1, 3], dense1: [0, 1, 2]});
        expect(shapes(small.params)).toMatchObject({
          "depthwiseConv2d1/kernel": [3, 3, 5, 1],
          "batchNorm1/scale": [5],
          "dense1/kernel": [27, 3]
        });
        await expectSame({model, params: fixed, masks, inputShape, state}, small);
      })
    );

    test(
      "channels that sums join go together, and what is not known stays whole",
      withoutLeak(async () => {
        const dense = (units: number) => ops.dense({units, activation: "relu"}) as Layer;
        const model = ops.sequential([
          ...[dense(6), ops.residual([dense(5), dense(6)]) as Layer],
          ...[
            ops.parallel([dense(4), dense(4)], {combine: "add"}) as Layer,
            ops.layerNorm() as Layer,
            dense(3),
            dense(2)
          ]
        ]) as Layer;
        const params = scattered(model.init(ops.key(0), [3]));
        const dead: Record<string, readonly number[]> = {
          "dense1/kernel": [1, 2],
          "residual1/body/dense1/kernel": [0],
          "residual1/body/dense2/kernel": [2, 3],
          "parallel1/dense1/kernel": [1],
          "parallel1/dense2/kernel": [1],
          "dense2/kernel": [2]
        };
        const masks = ops.tree.map((leaf: Tensor, path) => {
          const columns = leaf.shape.at(-1) as number;
          const gone = dead[path];
          return gone
            ? tf.tensor(
                Array.from({length: leaf.size}, (_, i) => (gone.includes(i % columns) ? 0 : 1)),
                leaf.shape
              )
            : null;
        }, params) as Masks;
        const small = await shrink(model, params, masks, {inputShape: [3]});
        expect(shapes(small.params)).toMatchObject({
          "dense1/kernel": [3, 5],
          "residual1/body/dense1/kernel": [5, 4],
          "residual1/body/dense2/kernel": [4, 5],
          "parallel1/dense1/kernel": [5, 4],
          "layerNorm1/scale": [4],
          "dense2/kernel": [4, 2]
        });
        await expectSame({model, params, masks, inputShape: [3]}, small);
      })
    );

    test(
      "LeNet-5 and ResNet-8 shrink by the least units and still train",
      withoutLeak(async () => {
        const inputShape = [12, 12, 1];
        for (const model of [
          ops.zoo.lenet5({classes: 3, variant: "caffe"}),
          ops.zoo.resnet8({classes: 3, width: 4})
        ] as Layer[]) {
          const shape = model.name === "lenet5" ? [20, 20, 1] : inputShape;
          const params = model.init(ops.key(0), shape);
          const state = ops.initState(model, shape);
          const remove = leastUnits(await unitScores(model, params, {inputShape: shape}), {sparsity: 0.5});
          const small = await shrink(model, params, null, {inputShape: shape, modelState: state, remove});
          expect(ops.tree.size(small.params)).toBeLessThan(0.55 * ops.tree.size(params));
          const x = ops.random.normal(ops.key(1), [2, ...shape]);
          expect(small.model.apply(small.params, x, {state: small.modelState}).shape).toEqual([2, 3]);
          expect(shapes(small.model.init(ops.key(0), shape))).toEqual(shapes(small.params));
        }
      })
    );

    test("wrong calls say what to pass", async () => {
      const model = ops.sequential([ops.dense({units: 3}) as Layer, ops.dense({units: 2}) as Layer]) as Layer;
      const params = model.init(ops.key(0), [4]);
      await expect(shrink(model, params, null)).rejects.toThrow(/pass \{inputShape/);
      const options = {inputShape: [4]};
      await expect(shrink(model, params, null, {...options, remove: {dense2: [0]}})).rejects.toThrow(
        /they can of dense1/
      );
      await expect(shrink(model, params, null, {...options, remove: {dense1: [3]}})).rejects.toThrow(
        /units 0 to 2/
      );
      await expect(shrink(model, params, null, {...options, remove: {dense1: [0, 1, 2]}})).rejects.toThrow(
        /at least one must stay/
      );
      ops.tree.dispose(params);
    });
  });
}
