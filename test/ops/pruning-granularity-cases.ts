import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import {ops} from "../../src/ops/index.ts";
import type {PruneOptions} from "../../src/ops/pruning/prune.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {fixture, numbers, tensor, use, withoutLeak} from "./support.ts";

const {tf} = ops;
const {applyMasks, granularity, prune} = ops.pruning;

const itself = (params: {w: Tensor}) => ({w: params.w.clone()});

/** The mask of one tensor, as numbers. */
async function maskOf(w: Tensor, options: PruneOptions): Promise<number[]> {
  const masks = (await prune({w}, options)) as {w: Tensor};
  const values = Array.from(await masks.w.data());
  masks.w.dispose();
  return values;
}

const count = (mask: readonly number[]) => mask.filter((bit) => bit === 1).length;

/** What is pruned as one, and how much, against reference masks. */
export function granularityCases(backend: BackendName): void {
  describe(`pruning granularity on ${backend}`, () => {
    beforeAll(() => use(backend));
    const score = itself as never;

    test.each(["nm-mask-1-4", "nm-mask-1-4-axis0", "nm-mask-2-4", "nm-mask-2-4-ties"])("%s", (name) =>
      withoutLeak(async () => {
        const {params, inputs, outputs} = fixture(`pruning/${name}`);
        const pattern = granularity.nByM(params.n as number, params.m as number, {
          axis: params.axis as number
        });
        expect(await maskOf(tensor(inputs.scores), {score, granularity: pattern})).toEqual(
          numbers(outputs.mask)
        );
      })()
    );

    test.each(["block-mask-avg", "block-mask-max-ragged"])("%s", (name) =>
      withoutLeak(async () => {
        const {params, inputs, outputs} = fixture(`pruning/${name}`);
        const pool = params.use_avg_pooling ? "mean" : "max";
        const blocks = granularity.block(params.block as [number, number], {pool});
        const options = {score, granularity: blocks, sparsity: params.sparsity as number};
        expect(await maskOf(tensor(inputs.scores), options)).toEqual(numbers(outputs.mask));
      })()
    );

    test.each(["channel-mask-axis-last", "channel-mask-axis0-conv"])("%s", (name) =>
      withoutLeak(async () => {
        const {params, inputs, outputs} = fixture(`pruning/${name}`);
        const options = {
          score,
          granularity: granularity.channel({axis: params.axis as number}),
          sparsity: params.sparsity as number
        };
        expect(await maskOf(tensor(inputs.scores), options)).toEqual(numbers(outputs.mask));
      })()
    );

    test.each(["torch-ln-structured-l1-dim1-conv", "torch-ln-structured-l2-dim0"])("%s", (name) =>
      withoutLeak(async () => {
        const {params, inputs, outputs} = fixture(`pruning/${name}`);
        const {amount, dim: axis, n} = params as {amount: number; dim: number; n: string};
        const w = tensor(inputs.weight);
        const channels = granularity.channel({axis, pool: Number(n) === 1 ? "sum" : "norm"});
        const much = Number.isInteger(amount) ? {keep: (w.shape[axis] as number) - amount} : {amount};
        expect(await maskOf(w, {granularity: channels, ...much})).toEqual(numbers(outputs.mask));
      })()
    );

    test(
      "stacked amounts are of what is still there, as torch's PruningContainer",
      withoutLeak(async () => {
        const {params, inputs, outputs} = fixture("pruning/torch-pruning-container");
        const [first, second, third] = params.amounts as [number, number, number];
        const weights = {w: tensor(inputs.weight)};
        const one = await prune(weights, {amount: first});
        const rows = granularity.channel({axis: 0, pool: "norm"});
        const two = await prune(weights, {amount: second, granularity: rows, masks: one});
        const three = await prune(weights, {amount: third, masks: two});
        for (const [i, masks] of [one, two, three].entries()) {
          expect(Array.from(await (masks as {w: Tensor}).w.data())).toEqual(
            numbers(outputs[`mask_${i + 1}`])
          );
        }
      })
    );

    test(
      "N:M keeps n of every m along the inputs by default, blocks and channels stay whole",
      withoutLeak(async () => {
        const w = ops.random.normal(ops.key(3), [3, 8, 6]);
        const two = await maskOf(w, {granularity: granularity.nByM(2, 4)});
        for (let matrix = 0; matrix < 3; ++matrix)
          for (let group = 0; group < 2; ++group)
            for (let column = 0; column < 6; ++column) {
              const of = [0, 1, 2, 3].map((i) => two[matrix * 48 + (group * 4 + i) * 6 + column]);
              expect(of.filter((bit) => bit === 1).length).toBe(2);
            }
        const blocks = await maskOf(w, {granularity: granularity.block([4, 3]), sparsity: 0.5});
        expect(count(blocks)).toBe(6 * 12);
        blocks.forEach((bit, i) => {
          const [matrix, row, column] = [Math.floor(i / 48), Math.floor(i / 6) % 8, i % 6];
          const corner = matrix * 48 + Math.floor(row / 4) * 4 * 6 + Math.floor(column / 3) * 3;
          expect(bit).toBe(blocks[corner]);
        });
      })
    );

    test.each([0, 0.1, 0.33, 0.5, 0.9, 0.985])(
      "sparsity %d is exact in every scope, and masks are idempotent",
      (sparsity) =>
        withoutLeak(async () => {
          const params = {
            a: ops.random.normal(ops.key(1), [37, 11]),
            b: ops.random.normal(ops.key(2), [3, 3, 5, 7]),
            c: ops.random.normal(ops.key(3), [11, 4])
          };
          const size = ops.tree.size(params);
          const wanted = ops.pruning.keptCount(size, sparsity);
          const {erdosRenyi, erdosRenyiKernel, uniform} = ops.pruning.distributions;
          for (const options of [
            {scope: "global"},
            {scope: "local", distribution: uniform},
            {scope: "local", distribution: erdosRenyi()},
            {scope: "local", distribution: erdosRenyiKernel()}
          ] as PruneOptions[]) {
            const masks = (await prune(params, {...options, sparsity})) as typeof params;
            const kept = await tf.addN(ops.tree.leaves<Tensor>(masks).map((mask) => mask.sum())).data();
            expect(kept[0]).toBe(wanted);
            const once = applyMasks(params, masks);
            const twice = applyMasks(once, masks);
            expect(Array.from(await twice.b.data())).toEqual(Array.from(await once.b.data()));
            const again = (await prune(once, {...options, sparsity, masks})) as typeof params;
            expect(Array.from(await again.a.data())).toEqual(Array.from(await masks.a.data()));
          }
        })()
    );

    test(
      "the order of the layers changes nothing",
      withoutLeak(async () => {
        const a = ops.random.normal(ops.key(1), [12, 9]);
        const b = ops.random.normal(ops.key(2), [9, 20]);
        for (const options of [
          {},
          {scope: "local", distribution: ops.pruning.distributions.erdosRenyi()}
        ] as PruneOptions[]) {
          const one = (await prune({a, b}, {...options, sparsity: 0.7})) as {a: Tensor; b: Tensor};
          const other = (await prune({b, a}, {...options, sparsity: 0.7})) as {a: Tensor; b: Tensor};
          expect(Array.from(await one.a.data())).toEqual(Array.from(await other.a.data()));
          expect(Array.from(await one.b.data())).toEqual(Array.from(await other.b.data()));
        }
      })
    );

    test(
      "a floor keeps its share of every tensor within the same total",
      withoutLeak(async () => {
        const params = {
          large: tf.add(ops.random.uniform(ops.key(1), [20, 20]), 1),
          small: ops.random.uniform(ops.key(2), [10, 10])
        };
        const masks = (await prune(params, {sparsity: 0.5, floor: 0.2})) as typeof params;
        const [large, small] = await Promise.all([masks.large.sum().data(), masks.small.sum().data()]);
        expect([large[0], small[0]]).toEqual([230, 20]);
        await expect(prune(params, {sparsity: 0.9, floor: 0.2})).rejects.toThrow(
          /floor 0.2 keeps 100 weights/
        );
      })
    );

    test(
      "sparsities by name reach the layers they match",
      withoutLeak(async () => {
        const params = {one: {kernel: tf.ones([10, 10])}, two: {kernel: tf.ones([10, 10])}};
        const {perLayer} = ops.pruning.distributions;
        const masks = await prune(params, {
          scope: "local",
          sparsity: 0.5,
          distribution: perLayer({two: 0.9})
        });
        expect(await ops.pruning.sparsityByLayer(masks)).toEqual({"one/kernel": 0.5, "two/kernel": 0.9});
        await expect(
          prune(params, {scope: "local", sparsity: 0.5, distribution: perLayer({three: 0.9})})
        ).rejects.toThrow('There is no prunable parameter "three"; there are one/kernel, two/kernel.');
      })
    );

    test("wrong calls say what to pass", async () => {
      const params = {w: tf.ones([6, 5])};
      const refused: [PruneOptions, RegExp][] = [
        [{granularity: granularity.nByM(2, 4)}, /w has 6 weights along axis 0 .* groups of 4/],
        [{granularity: granularity.nByM(2, 3), sparsity: 0.5}, /leave out sparsity/],
        [{granularity: granularity.channel({axis: 2}), sparsity: 0.5}, /no axis 2/],
        [{sparsity: 1}, /sparsity/],
        [{}, /sparsity/],
        [{amount: -0.5}, /amount/],
        [{sparsity: 0.5, scope: "layer" as never}, /scope/],
        [{keep: 31}, /from 0 to 30/],
        [{sparsity: 0.5, distribution: ops.pruning.distributions.uniform}, /distribution needs the scope/],
        [{sparsity: 0.5, score: (() => ({w: tf.ones([5, 6])})) as never}, /score of w has shape \[5, 6\]/]
      ];
      for (const [options, message] of refused) {
        await expect(prune(params, options)).rejects.toThrow(message);
        await expect(prune(params, options)).rejects.toBeInstanceOf(ops.ArgumentError);
      }
      expect(() => granularity.nByM(5, 4)).toThrow(/n must be at most m/);
      params.w.dispose();
    });
  });
}
