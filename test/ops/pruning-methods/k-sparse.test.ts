import {beforeAll, describe, expect, test} from "vitest";
import {ops} from "../../../src/ops/index.ts";
import type {KSparseAutoencoderParams} from "../../../src/ops/pruning/methods/k-sparse.ts";
import {expectClose, NODE_BACKENDS, use, withoutLeak} from "../support.ts";
import {countOf, digitsSplit, valuesOf} from "./gating-support.ts";

const {tf, pruning} = ops;

/** x with the k largest of a row, lower indices first. */
function kept(row: readonly number[], k: number): number[] {
  const best = row.map((_v, i) => i).sort((a, b) => (row[b] as number) - (row[a] as number) || a - b);
  const stays = new Set(best.slice(0, k));
  return row.map((v, i) => (stays.has(i) ? v : 0));
}

for (const backend of NODE_BACKENDS) {
  describe(`k-sparse on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "the k largest stay, ties by the lower index",
      withoutLeak(async () => {
        const layer = pruning.kSparse({k: 2});
        const x = tf.tensor2d([1, 5, -3, 4, 2, 2, 2, 2, -1, -2, -3, -4], [3, 4]);
        expect(await valuesOf(layer.apply({}, x))).toEqual([0, 5, 0, 4, 2, 2, 0, 0, -1, -2, 0, 0]);
      })
    );

    test(
      "k falls with the steps while training, and evaluation has a factor of its own",
      withoutLeak(async () => {
        const layer = pruning.kSparse({k: 2, steps: 8, testFactor: 1.5});
        const x = ops.random.normal(ops.key(0), [1, 10]);
        const countAt = async (step: number) => {
          let next: unknown;
          const state = {kSparse: {step: tf.scalar(step)}};
          const setState = (_path: string, to: unknown) => {
            next = to;
          };
          const y = layer.apply({}, x, {training: true, state, setState});
          expect(await valuesOf((next as {step: never}).step)).toEqual([step + 1]);
          return countOf(await valuesOf(y));
        };
        expect([await countAt(0), await countAt(3), await countAt(7), await countAt(90)]).toEqual([
          9, 6, 2, 2
        ]);
        expect(countOf(await valuesOf(layer.apply({}, x)))).toBe(3);
      })
    );

    test(
      "the autoencoder and its gradient through the support, with tied weights",
      withoutLeak(async () => {
        const model = pruning.kSparseAutoencoder({units: 5, k: 2});
        const params: KSparseAutoencoderParams = {
          kernel: ops.random.normal(ops.key(1), [3, 5]),
          bias: ops.random.normal(ops.key(2), [5]),
          outputBias: ops.random.normal(ops.key(3), [3])
        };
        const x = ops.random.normal(ops.key(4), [4, 3]);
        const [w, b, c, xs] = (await Promise.all(
          [params.kernel, params.bias, params.outputBias, x].map((leaf) => valuesOf(leaf))
        )) as [number[], number[], number[], number[]];
        const output = (weights: readonly number[]) =>
          Array.from({length: 4}, (_, row) => {
            const z = b.map((bias, j) =>
              [0, 1, 2].reduce(
                (sum, i) => sum + (xs[row * 3 + i] as number) * (weights[i * 5 + j] as number),
                bias
              )
            );
            const code = kept(z, 2);
            return c.map((bias, i) =>
              code.reduce((sum, v, j) => sum + v * (weights[i * 5 + j] as number), bias)
            );
          }).flat();
        await expectClose(model.apply(params, x), output(w));
        const loss = (weights: readonly number[]) => output(weights).reduce((sum, y) => sum + y * y, 0);
        const grads = ops.grad((at: KSparseAutoencoderParams) => tf.sum(tf.square(model.apply(at, x))))(
          params
        );
        const nudged = (i: number, by: number) => loss(w.map((each, j) => (i === j ? each + by : each)));
        await expectClose(
          grads.kernel,
          w.map((_each, i) => (nudged(i, 1e-6) - nudged(i, -1e-6)) / 2e-6),
          {rtol: 1e-3, atol: 1e-3}
        );
      })
    );
  });
}

describe("k-sparse autoencoder on digits", () => {
  beforeAll(() => use("wasm"));

  test("reconstructs better than the mean, with k numbers an example", async () => {
    const {train} = await digitsSplit();
    const data = {...train, labels: undefined, inputShape: [64], targets: train.inputs, targetShape: [64]};
    const model = pruning.kSparseAutoencoder({units: 100, k: 8, steps: 100, testFactor: 1.5});
    const training = ops.fit(model, data as never, {steps: 250, optimizer: ops.adam({learningRate: 0.005})});
    for await (const _row of training);
    const x = tf.tensor2d(train.inputs.slice(0, 64 * 200), [200, 64]);
    const codes = await valuesOf(model.encode(training.params, x));
    for (let row = 0; row < 200; ++row) expect(countOf(codes.slice(row * 100, row * 100 + 100))).toBe(12);
    const outputs = model.apply(training.params, x);
    const errorOf = (y: typeof outputs) =>
      tf.tidy(() => tf.mean(tf.squaredDifference(x, y)).dataSync()[0] as number);
    const mean = tf.tidy(() => tf.mean(x, 0, true));
    expect(errorOf(outputs)).toBeLessThan(0.6 * errorOf(mean));
    tf.dispose([x, outputs, mean]);
    training.dispose();
  });

  test("wrong calls say what to pass", () => {
    expect(() => pruning.kSparse({k: 0})).toThrow(/k must be a whole number/);
    expect(() => pruning.kSparse({k: 2, from: 5})).toThrow(/from needs steps/);
    expect(() => pruning.kSparse({k: 5}).apply({}, tf.ones([1, 3]))).toThrow(
      /expected an input of shape \[batch, at least 5\]/
    );
    expect(() => pruning.kSparseAutoencoder({units: 4, k: 5})).toThrow(
      /units must be a whole number of at least 5/
    );
    expect(() => pruning.kSparse({k: 1, steps: 3}).apply({}, tf.ones([1, 3]), {training: true})).toThrow(
      /counts its steps in its state/
    );
  });
});
