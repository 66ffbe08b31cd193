import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import {entries, type Params} from "../../src/ops/core/tree.ts";
import type {Dataset} from "../../src/ops/datasets/dataset.ts";
import {ops} from "../../src/ops/index.ts";
import type {Masks} from "../../src/ops/pruning/masks.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {
  expectClose,
  type Fixture,
  fixture,
  kernel,
  numbers,
  type Stored,
  tensor,
  use,
  withoutLeak
} from "./support.ts";

const {tf} = ops;
const {prune, pruneInRounds, scores, disposeMasks} = ops.pruning;

/** A stored [out, in] matrix in the order [in, out]. */
function transposed(stored: Stored | undefined): number[] {
  const [rows = 0, columns = 0] = stored?.shape ?? [];
  const values = numbers(stored);
  return values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)] as number);
}

function classes(inputs: Fixture["inputs"], order: readonly number[], width: number, count: number): Dataset {
  const [x, y] = [numbers(inputs.x), numbers(inputs.y)];
  return {
    name: "fixture",
    inputs: Float32Array.from(order.flatMap((row) => x.slice(row * width, (row + 1) * width))),
    inputShape: [width],
    labels: Int32Array.from(order, (row) => y[row] as number),
    classes: count
  };
}

/** The network of a fixture, its weights, and its data as the batches of the original. */
function network({params: settings, inputs}: Fixture) {
  const sizes = settings.sizes as number[];
  const batches = settings.n_batches as number;
  const rows = inputs.x?.shape[0] as number;
  const order = Array.from({length: batches}, (_, b) => b).flatMap((b) =>
    Array.from({length: rows}, (_, i) => i).filter((i) => i % batches === b)
  );
  const params = Object.fromEntries(
    sizes
      .slice(1)
      .map((_, i) => [`dense${i + 1}`, {kernel: kernel(inputs[`w${i}`]), bias: tensor(inputs[`b${i}`])}])
  );
  const data = classes(inputs, order, sizes[0] as number, sizes.at(-1) as number);
  return {model: ops.mlp(sizes) as Layer, params, data, batchSize: rows / batches};
}

const kernels = (tree: Params | Masks) =>
  entries<Tensor | null>(tree)
    .filter(({path}) => path.endsWith("kernel"))
    .map(({leaf}) => leaf as Tensor);

/** Synaptic-Flow's count: the whole part of what goes, goes. */
const truncated = (size: number, sparsity: number) => size - Math.floor(sparsity * size + 1e-9);

/** Scores against those of the originals, and what they must do without one. */
export function scoreCases(backend: BackendName): void {
  describe(`pruning scores on ${backend}`, () => {
    beforeAll(() => use(backend));

    describe.each(["snip-grasp-synflow-mlp", "snip-grasp-synflow-two-batches"])("%s", (name) => {
      test.each(["snip", "grasp", "synflow", "mag"] as const)("%s scores and masks", (kind) =>
        withoutLeak(async () => {
          const stored = fixture(`pruning/${name}`);
          const {model, params, data, batchSize} = network(stored);
          const score = {
            snip: scores.snip,
            grasp: scores.grasp(),
            synflow: scores.synflow,
            mag: scores.magnitude
          }[kind];
          const evidence = {model, data, batchSize};
          const found = kernels(await score(params, evidence));
          const masks = await prune(params, {
            ...evidence,
            score,
            keep: numbers(stored.outputs[`${kind}_kept`])[0] as number
          });
          for (const [i, leaf] of found.entries()) {
            const scale = Math.max(...numbers(stored.outputs[`${kind}_score${i}`]).map(Math.abs));
            await expectClose(leaf, transposed(stored.outputs[`${kind}_score${i}`]), {
              rtol: 2e-3,
              atol: 2e-4 * scale
            });
            const mask = Array.from(await (kernels(masks)[i] as Tensor).data());
            expect(mask).toEqual(transposed(stored.outputs[`${kind}_mask${i}`]));
          }
        })()
      );

      test.each([10, 100])("SynFlow in %i rounds", (rounds) =>
        withoutLeak(async () => {
          const stored = fixture(`pruning/${name}`);
          const {model, params} = network(stored);
          const sparsity = 1 - (stored.params.synflow_iter_density as number);
          const inputShape = [(stored.params.sizes as number[])[0] as number];
          const masks = await pruneInRounds(params, {
            ...{model, inputShape, sparsity, rounds},
            score: scores.synflow,
            count: truncated
          });
          for (const [i, mask] of kernels(masks).entries()) {
            const wanted = transposed(stored.outputs[`synflow_iter${rounds}_mask${i}`]);
            expect(Array.from(await mask.data())).toEqual(wanted);
          }
        })()
      );
    });

    test(
      "LAMP scores and the global mask",
      withoutLeak(async () => {
        const {params: settings, inputs, outputs} = fixture("pruning/lamp-scores");
        const params = {w0: tensor(inputs.w0), w1: tensor(inputs.w1)};
        const found = (await scores.lamp(params, {})) as typeof params;
        await expectClose(found.w0, outputs.score0);
        await expectClose(found.w1, outputs.score1);
        const masks = (await prune(params, {
          sparsity: settings.sparsity as number,
          score: scores.lamp
        })) as typeof params;
        expect(Array.from(await masks.w0.data())).toEqual(numbers(outputs.mask0));
        expect(Array.from(await masks.w1.data())).toEqual(numbers(outputs.mask1));
      })
    );

    test.each(["wanda-unstructured", "wanda-2-4"])("%s", (name) =>
      withoutLeak(async () => {
        const {params: settings, inputs, outputs} = fixture(`pruning/${name}`);
        const [outs = 0, width = 0] = inputs.weight?.shape ?? [];
        const x = [...numbers(inputs.x1), ...numbers(inputs.x2)];
        const data = {
          name,
          inputs: Float32Array.from(x),
          inputShape: [width],
          targets: new Float32Array((x.length / width) * outs),
          targetShape: [outs]
        };
        const model = ops.dense({units: outs, useBias: false}) as Layer;
        const evidence = {model, data: data as Dataset, batchSize: 7};
        const params = {kernel: kernel(inputs.weight)};
        const score = (await scores.wanda(params, evidence)) as typeof params;
        // The original means squared norms over its two calls.
        const metric = transposed(outputs.metric).map((value) => value * Math.SQRT2);
        await expectClose(score.kernel, metric);
        const {
          prune_n: pruned,
          prune_m: m,
          sparsity
        } = settings as {prune_n: number; prune_m: number; sparsity: number};
        const pattern =
          m > 0
            ? {granularity: ops.pruning.granularity.nByM(m - pruned, m)}
            : {sparsity, scope: "output" as const};
        const masks = (await prune(params, {...pattern, ...evidence, score: scores.wanda})) as typeof params;
        expect(Array.from(await masks.kernel.data())).toEqual(transposed(outputs.mask));
        await expectClose(ops.pruning.applyMasks(params, masks).kernel, transposed(outputs.pruned_weight));
      })()
    );

    test(
      "Wanda sees the inputs of layers inside a network, and of convolutions by channel",
      withoutLeak(async () => {
        const model = ops.sequential([
          ops.conv2d({filters: 2, kernelSize: 1, activation: "relu"}),
          ops.flatten(),
          ops.dense({units: 2})
        ]) as Layer;
        const params = {
          conv2d1: {kernel: tf.tensor4d([1, 0, 0, 2], [1, 1, 2, 2]), bias: tf.zeros([2])},
          dense1: {kernel: tf.ones([4, 2]), bias: tf.zeros([2])}
        };
        // Two pixels with two channels: [3, 1] and [4, 0].
        const data = {
          name: "two",
          inputs: Float32Array.of(3, 1, 4, 0),
          inputShape: [1, 2, 2],
          labels: Int32Array.of(0),
          classes: 2
        } as Dataset;
        const found = (await scores.wanda(params, {model, data})) as typeof params;
        await expectClose(found.conv2d1.kernel, [5, 0, 0, 2]);
        await expectClose(found.dense1.kernel, [3, 3, 2, 2, 4, 4, 0, 0]);
      })
    );

    test(
      "scores of a line follow from its derivatives",
      withoutLeak(async () => {
        // y = w1 x1 + w2 x2, loss = mean (y - t)^2. Rows: x = (1, 0), t = 0 and x = (0, 2), t = 1; w = (3, -1).
        const model = ops.dense({units: 1, useBias: false}) as Layer;
        const data = {
          name: "line",
          inputs: Float32Array.of(1, 0, 0, 2),
          inputShape: [2],
          targets: Float32Array.of(0, 1),
          targetShape: [1]
        } as Dataset;
        const params = {kernel: tf.tensor2d([3, -1], [2, 1])};
        const evidence = {model, data, batchSize: 2};
        // Gradients of the rows: (6, 0) and (0, -12); of the mean: (3, -6). Hessian of the mean: diag(1, 4).
        const of = async (score: typeof scores.magnitude, more = {}) =>
          ((await score(params, {...evidence, ...more})) as typeof params).kernel;
        await expectClose(await of(scores.gradientSaliency), [9, 6]);
        await expectClose(await of(scores.gradientSaliency, {batchSize: 1}), [9, 6]);
        await expectClose(await of(scores.snip), [9 / 15, 6 / 15]);
        await expectClose(await of(scores.taylor), [81, 36]);
        await expectClose(await of(scores.taylor, {batchSize: 1}), [162, 72]);
        await expectClose(await of(scores.fisher), [81, 36]);
        await expectClose(await of(scores.obdDiagonal({probes: 3})), [4.5, 2]);
        await expectClose(
          await of(scores.movement, {before: {kernel: tf.tensor2d([1, -2], [2, 1])}}),
          [4, -1.5]
        );
      })
    );

    test("a score without its evidence says what to pass", async () => {
      const params = {w: tf.ones([2, 2])};
      await expect(prune(params, {sparsity: 0.5, score: scores.snip})).rejects.toThrow(
        /snip needs model and data: pass \{model: .*; data: a dataset\}/
      );
      await expect(prune(params, {sparsity: 0.5, score: scores.movement})).rejects.toThrow(
        /movement needs before/
      );
      await expect(pruneInRounds(params, {sparsity: 0.5, score: scores.synflow})).rejects.toThrow(
        /inputShape/
      );
      expect(() => scores.fisher(params, {})).toThrow(ops.ArgumentError);
      params.w.dispose();
    });

    test("random scores are those of their key", async () => {
      const params = {w: tf.ones([20, 20])};
      const bits = async (seed: number) => {
        const masks = await prune(params, {sparsity: 0.5, score: scores.random(ops.key(seed))});
        const values = Array.from(await (masks as {w: Tensor}).w.data());
        disposeMasks(masks);
        return values;
      };
      expect(await bits(1)).toEqual(await bits(1));
      expect(await bits(1)).not.toEqual(await bits(2));
      params.w.dispose();
    });
  });
}
