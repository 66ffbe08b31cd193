import {beforeAll, describe, expect, test} from "vitest";
import {ops} from "../../../src/ops/index.ts";
import {expectClose, NODE_BACKENDS, use, withoutLeak} from "../support.ts";
import {countOf, trainOnDigits, valuesOf} from "./gating-support.ts";

const {tf, pruning} = ops;

/** The same proximal operator for single numbers, its threshold found by halving in float64. */
function reference(v: readonly number[], k: number, strength: number): number[] {
  const sharesAt = (c: number) => v.map((x) => Math.min(1, Math.max(0, c * Math.abs(x) - strength)));
  const sum = (shares: readonly number[]) => shares.reduce((total, each) => total + each, 0);
  let [low, high] = [0, 1e9];
  for (let i = 0; i < 200; ++i) {
    const middle = (low + high) / 2;
    if (sum(sharesAt(middle)) < k) low = middle;
    else high = middle;
  }
  const shares = sharesAt(high);
  return v.map((x, i) => (x * (shares[i] as number)) / ((shares[i] as number) + strength));
}

/** x^2 / u over shares u of k: the envelope, by its definition as a minimum, at the best of many random shares. */
function objective(x: readonly number[], v: readonly number[], k: number, strength: number): number {
  const norm = (count: number) => {
    // The k-support norm (Argyriou, Foygel & Srebro 2012): r large numbers by themselves, the others together.
    const sizes = x.map(Math.abs).sort((a, b) => b - a);
    for (let r = 0; r < count; ++r) {
      const tail = sizes.slice(count - r - 1).reduce((total, each) => total + each, 0) / (r + 1);
      const before = count - r - 2 >= 0 ? (sizes[count - r - 2] as number) : Infinity;
      if (before > tail && tail >= (sizes[count - r - 1] as number) - 1e-12)
        return (
          sizes.slice(0, count - r - 1).reduce((total, each) => total + each * each, 0) +
          (r + 1) * tail * tail
        );
    }
    throw new Error("no r");
  };
  const distance = x.reduce((total, each, i) => total + (each - (v[i] as number)) ** 2, 0);
  return distance / 2 + (strength * norm(k)) / 2;
}

for (const backend of NODE_BACKENDS) {
  describe(`group envelope on ${backend}`, () => {
    beforeAll(() => use(backend));
    const v = [3, -0.2, 1.5, 0.9, -2.2, 0.05, 0, 1.1];

    test.each([
      [1, 0.3],
      [3, 0.5],
      [3, 0.01],
      [5, 2],
      [8, 0.7]
    ])("the proximal operator for k = %i and strength %d", (k, strength) =>
      withoutLeak(async () => {
        const want = reference(v, k, strength);
        const found = pruning.envelopeProx(tf.tensor2d(v, [1, 8]), k, strength);
        await expectClose(found, want, {rtol: 2e-4, atol: 1e-5});
        // Nothing near it is better, by the closed form of the envelope.
        const best = objective(want, v, k, strength);
        const draws = ops.key(4).normal(800, 0, 0.02);
        for (let i = 0; i < 100; ++i) {
          const near = want.map((x, j) => x + (draws[i * 8 + j] as number));
          expect(objective(near, v, k, strength)).toBeGreaterThanOrEqual(best - 1e-9);
        }
      })()
    );

    test(
      "slices of the last axis shrink as one, and at most k that are there only decay",
      withoutLeak(async () => {
        const kernel = tf.tensor3d([3, 0, 1, 4, 0, 1], [2, 1, 3]);
        // Norms 5, 0 and sqrt 2, of which two are there.
        const found = await valuesOf(pruning.envelopeProx(kernel, 2, 0.25));
        const want = [3, 0, 1, 4, 0, 1].map((w) => w / 1.25);
        found.forEach((w, i) => {
          expect(w).toBeCloseTo(want[i] as number, 5);
        });
        const one = await valuesOf(pruning.envelopeProx(kernel, 1, 1));
        expect((one[3] as number) / (one[0] as number)).toBeCloseTo(4 / 3, 5);
        expect(countOf(one)).toBe(2);
      })
    );
  });
}

describe("group envelope on digits", () => {
  beforeAll(() => use("wasm"));

  test("neurons go while it trains, and a cut leaves as many as were set in advance", async () => {
    const hidden = (path: string) => path === "dense1/kernel";
    const optimizer = pruning.groupEnvelope(ops.sgd({learningRate: 0.2}), {
      sparsity: 0.75,
      strength: 0.02,
      prunable: hidden
    });
    const model = ops.mlp([64, 40, 10]);
    const {accuracy, kept, units} = await trainOnDigits(model, {steps: 300, optimizer}, async (state) => {
      const zeros = pruning.smallGroups(state.params, {prunable: hidden});
      const kept = 40 * (1 - (await pruning.sparsityOf(zeros)));
      const granularity = pruning.granularity.channel();
      const masks = await pruning.prune(state.params, {sparsity: 0.75, granularity, prunable: hidden});
      const small = await pruning.shrink(model, state.params, masks);
      const units = small.kept.dense1?.length;
      pruning.disposeMasks(zeros);
      pruning.disposeMasks(masks);
      ops.tree.dispose([small.params, small.modelState]);
      return {kept, units};
    });
    expect(kept).toBeGreaterThanOrEqual(10);
    expect(kept).toBeLessThan(30);
    expect(units).toBe(10);
    expect(accuracy).toBeGreaterThan(0.8);
  });

  test("wrong calls say what to pass", () => {
    const make = (sparsity: number, strength: number) => () =>
      pruning.groupEnvelope(ops.sgd({learningRate: 1}), {sparsity, strength});
    expect(make(1, 1)).toThrow(/pass a number from 0 up to/);
    expect(make(0.5, 0)).toThrow(/strength must be a number/);
  });
});
