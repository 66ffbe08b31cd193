import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {PruningRow} from "../../src/ops/pruning/iterative-magnitude-pruning.ts";
import type {Masks} from "../../src/ops/pruning/masks.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectClose, fixture, kernel, numbers, type Stored, tensor, use, withoutLeak} from "./support.ts";

const {tf} = ops;
const {prune, masked, applyMasks, sparsityOf} = ops.pruning;

async function expectMask(mask: Masks | undefined, expected: Parameters<typeof numbers>[0]): Promise<void> {
  expect(Array.from(await (mask as Tensor).data())).toEqual(numbers(expected));
}

/** Numbers stored (out, in) in the order (in, out). */
function transposed(stored: Stored | undefined): number[] {
  const [rows = 0, columns = 0] = stored?.shape ?? [];
  const values = numbers(stored);
  return values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)] as number);
}

function expectAllClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 4);
}

/** Masks, and training under them, against reference numbers. */
export function pruningCases(backend: BackendName): void {
  describe(`pruning on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each(["torch-l1-unstructured-frac", "torch-l1-unstructured-frac-b", "torch-l1-unstructured-int"])(
      "%s",
      (name) =>
        withoutLeak(async () => {
          const {params, inputs, outputs} = fixture(`pruning/${name}`);
          const weight = tensor(inputs.weight);
          const masks = await prune({weight}, {keep: weight.size - (params.n_pruned as number)});
          await expectMask((masks as {weight: Masks}).weight, outputs.mask);
          await expectClose(applyMasks({weight}, masks).weight, outputs.pruned_weight);
        })()
    );

    test(
      "global pruning agrees with torch's",
      withoutLeak(async () => {
        const {params, inputs, outputs} = fixture("pruning/torch-global-l1");
        const weights = {w0: tensor(inputs.w0), w1: tensor(inputs.w1), w2: tensor(inputs.w2)};
        const masks = (await prune(weights, {sparsity: params.amount as number})) as Record<string, Masks>;
        await expectMask(masks.w0, outputs.mask0);
        await expectMask(masks.w1, outputs.mask1);
        await expectMask(masks.w2, outputs.mask2);
      })
    );

    test.each(["global-magnitude-normalised", "global-magnitude-unnormalised"])("%s", (name) =>
      withoutLeak(async () => {
        const {params: settings, inputs, outputs} = fixture(`pruning/${name}`);
        const params = Object.fromEntries(
          Object.entries(inputs).map(([path, stored]) => [path.replace("param:", ""), tensor(stored)])
        );
        const masks = (await prune(params, {
          sparsity: settings.sparsity as number,
          normalize: settings.use_normalization as boolean
        })) as Record<string, Masks>;
        for (const path of ["l1/kernel", "l2/kernel", "l3/kernel"]) {
          await expectMask(masks[path], outputs[`mask:${path}`]);
        }
        expect(masks["l1/bias"]).toBeNull();
      })()
    );

    test("iterative magnitude pruning with rewinding follows the reference through a round", async () => {
      const {params: settings, inputs, outputs} = fixture("pruning/magnitude-rewind-one-round");
      const before = tf.memory().numTensors;
      const initial = {
        dense1: {kernel: kernel(inputs.w0), bias: tensor(inputs.b0)},
        dense2: {kernel: kernel(inputs.w1), bias: tensor(inputs.b1)}
      };
      const data = {
        name: "fixture",
        inputs: Float32Array.from(numbers(inputs.x)),
        inputShape: [6],
        labels: Int32Array.from(numbers(inputs.y)),
        classes: 3
      };
      const steps = settings.train_steps as number;
      // The reference removes one weight more than the ceiling.
      const removed = Math.ceil((settings.pruning_fraction as number) * 72) + 1;
      const rows: PruningRow[] = [];
      let masks: number[] = [];
      let final: number[] = [];
      const run = ops.pruning.iterativeMagnitudePruning(ops.mlp([6, 8, 3]), data, {
        params: initial,
        sparsities: [removed / 72],
        steps,
        batchSize: 24,
        logEvery: 1,
        optimizer: ops.sgd({learningRate: settings.lr as number}),
        onRound: async (round) => {
          if (round.round === 0) return;
          const read = async (tree: Params | Masks) =>
            Array.from(await (tree as unknown as typeof initial).dense1.kernel.data());
          masks = await read(round.masks as Masks);
          final = await read(round.params);
        }
      });
      for await (const row of run) rows.push(row);
      const losses = (round: number) => rows.filter((row) => row.round === round).map((row) => row.loss);
      expectAllClose(losses(0), numbers(outputs.loss_round0));
      expectAllClose(losses(1), numbers(outputs.loss_round1));
      expect(masks).toEqual(transposed(outputs.mask0_round1));
      expectAllClose(final, transposed(outputs.final_w0));
      ops.tree.dispose(initial);
      expect(tf.memory().numTensors).toBe(before);
    });

    test(
      "pruned weights and their moments stay exactly zero through the optimizer",
      withoutLeak(async () => {
        const params = {kernel: ops.random.normal(ops.key(1), [20, 30]), bias: tf.zeros([30])};
        const masks = await prune(params, {sparsity: 0.8});
        const optimizer = masked(ops.adam({learningRate: 0.1}), {mask: masks});
        // Starting from dense weights: the first update takes the pruned ones to zero.
        let state: Loop = {params, state: optimizer.init(params)};
        for (let i = 0; i < 5; ++i) {
          const grads = {kernel: ops.random.normal(ops.key(10 + i), [20, 30]), bias: tf.ones([30])};
          const {updates, state: next} = optimizer.update(grads, state.state, state.params);
          state = {params: ops.applyUpdates(state.params, updates), state: next};
        }
        const mask = await ((masks as {kernel: Tensor}).kernel as Tensor).data();
        const moments = (state.state as unknown as {mu: typeof params}).mu;
        for (const tree of [state.params, moments]) {
          const values = await tree.kernel.data();
          values.forEach((value, i) => {
            if (mask[i] === 0) expect(value).toBe(0);
            else expect(value).not.toBe(0);
          });
        }
      })
    );

    test(
      "a masked step and a masked update end at the same weights",
      withoutLeak(async () => {
        const params = {kernel: ops.random.normal(ops.key(1), [7, 5]), bias: tf.zeros([5])};
        const grads = {kernel: ops.random.normal(ops.key(2), [7, 5]), bias: tf.ones([5])};
        const mask = await prune(params, {sparsity: 0.5});
        const optimizer = masked(ops.sgd({learningRate: 0.1, momentum: 0.9}), {mask});
        const updated = ops.applyUpdates(
          params,
          optimizer.update(grads, optimizer.init(params), params).updates
        );
        const stepped = ops.stepOptimizer(optimizer, grads, optimizer.init(params), params).params;
        await expectClose(stepped.kernel, Array.from(await updated.kernel.data()));
        await expectClose(stepped.bias, Array.from(await updated.bias.data()));
        expect(await sparsityOf(stepped)).toBe(17 / 35);
      })
    );

    test(
      "earlier masks stay pruned, whatever their weights are now",
      withoutLeak(async () => {
        const params = {kernel: tf.tensor2d([1, 2, 3, 4], [2, 2])};
        const first = await prune(params, {sparsity: 0.5});
        const regrown = {kernel: tf.tensor2d([9, 9, 3, 4], [2, 2])};
        const second = (await prune(regrown, {sparsity: 0.75, masks: first})) as {kernel: Tensor};
        expect(Array.from(await second.kernel.data())).toEqual([0, 0, 0, 1]);
      })
    );

    test.each([1, -0.1, NaN, 1.5])("refuses the sparsity %s and says what to pass", async (sparsity) => {
      await expect(prune({w: tf.ones([2, 2])}, {sparsity})).rejects.toThrow(/sparsity/);
    });

    test("refuses what it cannot compare, and asks how much is to go", async () => {
      const broken = {a: tf.ones([2, 2]), b: tf.tensor2d([1, NaN, 3, 4], [2, 2])};
      await expect(prune(broken, {sparsity: 0.5})).rejects.toThrow(/score of weight 1 of b is NaN/);
      const {a} = broken;
      await expect(prune({a}, {})).rejects.toThrow(/Pass one of sparsity/);
      await expect(prune({a}, {scope: "local"})).rejects.toThrow(/Pass one of sparsity/);
      await expect(prune({a}, {scope: "local", distribution: {b: 0.5}})).rejects.toThrow(/"b"; there are a/);
      expect(await sparsityOf(await prune({a}, {scope: "local", distribution: {a: 0.5}}))).toBe(0.5);
      const everyLayer = ops.pruning.distributions.perLayer({a: 0.75});
      expect(await sparsityOf(await prune({a}, {scope: "local", distribution: everyLayer}))).toBe(0.75);
      const {keptCount, pruneInRounds, iterativeMagnitudePruning} = ops.pruning;
      for (const sparsity of [1, -0.1, NaN]) expect(() => keptCount(10, sparsity)).toThrow(/sparsity/);
      const falling = {sparsities: [0.6, 0.3], steps: 2};
      await expect(pruneInRounds({a}, falling)).rejects.toThrow(/must not fall.*0\.6, then 0\.3/);
      const rounds = iterativeMagnitudePruning(ops.mlp([2, 4, 2]), ops.datasets.twoMoons({n: 8}), falling);
      await expect(rounds.next()).rejects.toThrow(/must not fall/);
    });

    test("refuses a sparsity for a parameter that is not there", async () => {
      const params = {w: tf.ones([2, 2])};
      await expect(prune(params, {scope: "local", distribution: {v: 0.5}})).rejects.toThrow(
        'There is no prunable parameter "v"; there are w.'
      );
    });
  });
}

type Loop = {params: {kernel: Tensor; bias: Tensor}; state: ReturnType<ReturnType<typeof ops.sgd>["init"]>};
