import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import {decodeSafetensors} from "../../src/ops/core/safetensors.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {SparseFormat} from "../../src/ops/pruning/sparse/formats.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf} = ops;
const {applyMasks, granularity, prune, readSparse, sparsify} = ops.pruning;

/** 64 x 32 and 32 x 10 weights; the last layer stays dense. */
const model = ops.mlp([64, 32, 10], {activation: "tanh"});
const first = (path: string) => path === "dense1/kernel";

function maskOptions(format: SparseFormat): Parameters<typeof prune>[1] {
  if (format === "nm") return {granularity: granularity.nByM(1, 4), prunable: first};
  if (format === "block") return {sparsity: 0.75, granularity: granularity.block([8, 8]), prunable: first};
  return {sparsity: 0.75, prunable: first};
}

/** What 512 kept of 2,048 weights need besides their 2,048 bytes. */
const PATTERN_BYTES: Record<SparseFormat, number> = {
  // Two bytes a weight and 65 starts of rows; a bit a weight; a bit a block of 32; two bits a kept weight.
  csr: 512 * 2 + 65 * 4,
  bits: 2048 / 8,
  block: 32 / 8,
  nm: (512 * 2) / 8
};

/** Networks on sparse kernels, against the same network with zeros in its weights. */
export function sparsifyCases(backend: BackendName): void {
  describe.each(["csr", "bits", "block", "nm"] as const)(`%s networks on ${backend}`, (format) => {
    beforeAll(() => use(backend));

    test(
      "give the masked network's outputs, in a file as small as they say",
      withoutLeak(async () => {
        const params = model.init(ops.key(0));
        const masks = await prune(params, maskOptions(format));
        const sparse = await sparsify(model, params, masks, {format, n: 1});
        expect(sparse.formats).toEqual({"dense1/kernel": format});
        const x = ops.random.normal(ops.key(1), [5, 64]);
        const want = model.apply(applyMasks(params, masks), x);
        await expectClose(sparse.model.apply(sparse.params, x), Array.from(await want.data()));
        const file = await sparse.encode();
        const header = Number(new DataView(file.buffer).getBigUint64(0, true));
        // Biases of 32 and 10 and the dense layer of 320 weights.
        const bytes = 512 * 4 + PATTERN_BYTES[format] + (32 + 10 + 320) * 4;
        expect(await sparse.bytes()).toBe(bytes);
        expect(file.length).toBe(8 + header + bytes);
        expect(decodeSafetensors(file).metadata.sparse).toContain(format);
        const again = await readSparse(model, file, params);
        await expectClose(again.model.apply(again.params, x), Array.from(await want.data()));
        expect(await again.encode()).toEqual(file);
        sparse.dispose();
        again.dispose();
      })
    );

    test("train as the masked network does", async () => {
      const params = model.init(ops.key(0));
      const mask = await prune(params, maskOptions(format));
      const sparse = await sparsify(model, params, mask, {format, n: 1});
      const inputs = ops.key(5).uniform(64 * 64, -1, 1);
      const labels = Int32Array.from({length: 64}, (_, i) => i % 10);
      const data = {name: "noise", inputs, inputShape: [64], labels, classes: 10};
      const options = {steps: 12, batchSize: 32, logEvery: 1};
      const masked = ops.fit(model, data, {
        ...options,
        params: applyMasks(params, mask),
        optimizer: ops.pruning.masked(ops.adam({learningRate: 0.01}), {mask})
      });
      const own = ops.fit(sparse.model, data, {
        ...options,
        params: sparse.params,
        optimizer: ops.adam({learningRate: 0.01})
      });
      const losses = async (training: typeof masked | typeof own) => {
        const found: number[] = [];
        for await (const row of training) found.push(row.loss);
        return found;
      };
      const [want, got] = [await losses(masked), await losses(own as typeof masked)];
      got.forEach((loss, i) => {
        expect(loss).toBeCloseTo(want[i] as number, 3);
      });
      expect(got.at(-1)).toBeLessThan(0.9 * (got[0] as number));
      // What was trained is read again, and pruned weights are still none of it.
      const again = await readSparse(model, await sparse.encode(own.params as Params), params);
      const x = tf.ones([1, 64]);
      await expectClose(
        again.model.apply(again.params, x),
        Array.from(await model.apply(masked.params, x).data()),
        {rtol: 1e-2, atol: 2e-3}
      );
    });
  });

  describe(`wrong calls of sparsify on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "say what to pass",
      withoutLeak(async () => {
        const params = model.init(ops.key(0));
        const masks = await prune(params, {sparsity: 0.9, prunable: first});
        await expect(sparsify(model, params, masks, {format: "coo" as "csr"})).rejects.toThrow(
          'format must be nm, block, bits or csr, got "coo".'
        );
        await expect(sparsify(model, params, masks, {format: "nm"})).rejects.toThrow(
          "prune it with {granularity: granularity.nByM(2, 4)}"
        );
        await expect(sparsify(model, params, masks, {format: "block"})).rejects.toThrow(
          "prune it with {granularity: granularity.block([8, 8])}"
        );
        const none = {...(masks as object), dense1: {kernel: tf.zeros([64, 32]), bias: null}} as typeof masks;
        await expect(sparsify(model, params, none)).rejects.toThrow(
          "The mask of dense1/kernel keeps no weight"
        );
        const conv = ops.sequential([ops.conv2d({filters: 2, kernelSize: 3})]);
        const filters = conv.init(ops.key(0), [4, 4, 1]);
        const conved = await prune(filters, {sparsity: 0.5});
        await expect(sparsify(conv, filters, conved, {inputShape: [4, 4, 1]})).rejects.toThrow(
          "No dense layer's kernel has a mask; there are no dense layers."
        );
        await expect(readSparse(model, await ops.encodeWeights(params), params)).rejects.toThrow(
          "The file holds no sparse network"
        );
        const sparse = await sparsify(model, params, masks);
        await expect(sparse.encode(params)).rejects.toThrow("pass the parameters of this sparse network");
        await expect(
          readSparse(model, await sparse.encode(), {other: tf.ones([1])} as Params)
        ).rejects.toThrow("The file lacks other");
        sparse.dispose();
      })
    );
  });
}
