import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {FitRow} from "../../src/ops/core/fit-options.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {LocalRule} from "../../src/ops/forward-forward/local-rule.ts";
import {smoothMasks} from "../../src/ops/forward-forward/negatives.ts";
import {waves} from "../../src/ops/forward-forward/rules/lls.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf, dense, evaluate, key, random} = ops;
const {
  cascadedForward,
  classPatterns,
  ensembleReport,
  fitInTurn,
  forwardForward,
  hardNegatives,
  hybridImages,
  labelAsInput,
  labelInPixels,
  layerCollaboration,
  lls,
  localNetwork,
  scalableForwardForward,
  selfContrastive,
  symba,
  withoutLabels,
  wrongLabel
} = ops.forwardForward;

const relu = (units: number) => dense({units, activation: "relu"}) as Layer;
const sharesOf = (labels: number[], classes: number) =>
  tf.tensor(
    labels.flatMap((label) => Array.from({length: classes}, (_, c) => (c === label ? 1 : 0))),
    [labels.length, classes]
  );
const noScores = () => {
  throw new Error("No scores were expected.");
};

/** Labels and negatives, and what is said of wrong calls. */
export function partCases(backend: BackendName): void {
  describe(`parts of forward-forward on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "labels are written over pixels, beside rows and as channels of images",
      withoutLeak(async () => {
        const x = tf.tensor2d([
          [5, 6, 7, 8],
          [1, 2, 3, 9]
        ]);
        const shares = sharesOf([1, 0], 2);
        await expectClose(labelInPixels({value: 3, at: 1}).embed(x, shares), [5, 0, 3, 8, 1, 3, 0, 9]);
        await expectClose(labelInPixels({value: "max"}).embed(x, shares), [0, 9, 7, 8, 9, 0, 3, 9]);
        const whole = sharesOf([3, 2], 4);
        await expectClose(labelInPixels().embed(x, whole), [0, 0, 0, 1, 0, 0, 1, 0]);
        await expectClose(labelAsInput({value: 2}).embed(x, shares), [5, 6, 7, 8, 0, 2, 1, 2, 3, 9, 2, 0]);
        const image = tf.reshape(x, [2, 2, 2, 1]);
        const planes = labelAsInput().embed(image, shares);
        expect(planes.shape).toEqual([2, 2, 2, 3]);
        await expectClose(tf.slice(planes, [0, 1, 0, 0], [1, 1, 2, 3]), [7, 0, 1, 8, 0, 1]);
        const patterns = classPatterns({density: 0.5, seed: 3});
        const told = patterns.embed(x, shares);
        expect(told.shape).toEqual([2, 8]);
        expect(patterns.inputShape?.([4], 2)).toEqual([8]);
        expect(patterns.inputShape?.([2, 2, 1], 2)).toEqual([2, 2, 2]);
        expect(patterns.embed(image, shares).shape).toEqual([2, 2, 2, 2]);
        // Of its class alone, bits, and the mean of all where nothing is known.
        const [first, second] = tf.split(tf.slice(told, [0, 4], [2, 4]), 2) as [Tensor, Tensor];
        const unknown = patterns.embed(x, tf.fill([2, 2], 0.5));
        const mean = Array.from(await tf.mul(tf.add(first, second), 0.5).data());
        await expectClose(tf.slice(unknown, [1, 4], [1, 4]), mean);
        expect(Array.from(await told.data()).slice(4, 8)).not.toEqual(Array.from(await second.data()));
        expect(withoutLabels().embed(x, shares)).toBe(x);
      })
    );

    test(
      "wrong labels are wrong, each of the others as likely; hard ones are what the network takes for likely",
      withoutLeak(async () => {
        const rows = 600;
        const labels = Array.from({length: rows}, (_, i) => i % 3);
        const x = tf.zeros([rows, 3]);
        const y = tf.tensor1d(labels, "int32");
        const context = {x, y, classes: 3, labels: labelInPixels(), key: key(5), scores: noScores};
        const counts = async (negative: Tensor) => {
          const found = [0, 0, 0];
          for (const [i, wrong] of Array.from(await tf.argMax(negative, 1).data()).entries()) {
            const ahead = (wrong - (labels[i] as number) + 3) % 3;
            found[ahead] = (found[ahead] as number) + 1;
          }
          return found;
        };
        const {positive, negative} = wrongLabel().make(context);
        expect(await counts(positive)).toEqual([rows, 0, 0]);
        const [right, next, far] = (await counts(negative)) as [number, number, number];
        expect(right).toBe(0);
        expect(Math.abs(next - far)).toBeLessThan(120);
        await expectClose(tf.sum(negative, 1), new Array(rows).fill(1));
        // The right class has by far the highest score and is left out; of the others one is likely.
        const scores = () =>
          tf.add(
            tf.mul(sharesOf(labels, 3), 50),
            sharesOf(
              labels.map((l) => (l + 1) % 3),
              3
            ).mul(9)
          );
        const hard = hardNegatives().make({...context, scores});
        const found = await counts(hard.negative);
        expect(found[0]).toBe(0);
        expect(found[1]).toBeGreaterThan(rows - 10);
      })
    );

    test(
      "hybrid images are two images put together by large regions; self-contrast adds neighbours",
      withoutLeak(async () => {
        const mask = smoothMasks(key(2), [4, 12, 12], 6);
        const bits = Array.from(await mask.data());
        expect(new Set(bits)).toEqual(new Set([0, 1]));
        // Neighbours agree far more often than the half of random bits.
        const agree = tf.equal(
          tf.slice(mask, [0, 0, 0], [4, 12, 11]),
          tf.slice(mask, [0, 0, 1], [4, 12, 11])
        );
        expect((await tf.mean(tf.cast(agree, "float32")).data())[0]).toBeGreaterThan(0.75);
        const x = random.normal(key(1), [3, 36]);
        const y = tf.tensor1d([0, 1, 1], "int32");
        const context = {x, y, classes: 2, labels: withoutLabels(), key: key(3), scores: noScores};
        const {positive, negative} = hybridImages({size: [6, 6]}).make(context);
        expect(positive).toBe(x);
        const [own, mixed] = [x.arraySync() as number[][], negative.arraySync() as number[][]];
        for (const row of [0, 1, 2]) {
          const from = [own[row], own[(row + 1) % 3]] as [number[], number[]];
          const sources = (mixed[row] as number[]).map((value, i) =>
            from.findIndex((image) => image[i] === value)
          );
          expect(sources.includes(-1)).toBe(false);
        }
        const images = hybridImages().make({...context, x: tf.reshape(x, [3, 6, 6, 1])}).negative;
        await expectClose(images, Array.from(await negative.data()));
        const contrast = selfContrastive().make(context);
        await expectClose(contrast.positive, Array.from(await tf.mul(x, 2).data()));
        const shifted = [1, 2, 0].flatMap((row) => own[row] as number[]);
        await expectClose(
          contrast.negative,
          (own.flat() as number[]).map((value, i) => value + (shifted[i] as number))
        );
        // One alone has no other.
        const one = tf.slice(x, [0, 0], [1, 36]);
        await expectClose(
          selfContrastive().make({...context, x: one}).negative,
          Array.from(await tf.mul(one, 2).data())
        );
      })
    );

    test(
      "the waves of LLS are of length one and at right angles",
      withoutLeak(async () => {
        const w = waves(21, 5);
        await expectClose(tf.matMul(w, w, true), Array.from(await tf.eye(5).data()), {atol: 1e-5});
      })
    );
  });
}

/** What needs no comparison of backends. */
export function wholeCases(backend: BackendName): void {
  describe(`forward-forward as a whole on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "digits without labels: hybrid images teach the blocks, a classifier reads them; hard negatives come from it too",
      withoutLeak(async () => {
        const data = await ops.datasets.digits();
        const train = (rule: LocalRule) => {
          const model = localNetwork({blocks: [relu(48), relu(48)], rule, classes: 10});
          const optimizer = ops.adam({learningRate: 0.005});
          return {model, training: ops.fit(model, data, {steps: 60, batchSize: 64, logEvery: 60, optimizer})};
        };
        const made = {
          unsupervised: forwardForward({
            labels: withoutLabels(),
            negatives: hybridImages({size: [8, 8], blurs: 2}),
            predict: "classifier",
            predictFrom: 1
          }),
          hard: forwardForward({labels: labelAsInput({value: 3}), negatives: hardNegatives()}),
          supervised: forwardForward({labels: labelAsInput({value: 3})})
        };
        for (const [name, rule] of Object.entries(made)) {
          const {model, training} = train(rule);
          const rows: FitRow[] = [];
          for await (const row of training) rows.push(row);
          const {accuracy} = await evaluate(model, training.params, data);
          expect(accuracy, name).toBeGreaterThan(0.5);
          const last = rows.at(-1) as Record<string, number>;
          expect(last.positive1, name).toBeGreaterThan(last.negative1 as number);
          training.dispose();
        }
      }),
      60_000
    );

    test("ensembles are the units that a class drives, with what classes share", () => {
      const values = Float32Array.of(1, 0, 0, 0, 1, 0.9, 0, 0, 0, 2, 2, 0, 0, 0, 0, 0);
      const report = ensembleReport({values, units: 4, labels: [0, 0, 1, 2], classes: 3});
      expect(report.ensembles).toEqual([[0], [1, 2], []]);
      const loose = ensembleReport({values, units: 4, labels: [0, 0, 1, 2], classes: 3}, {threshold: 0.4});
      expect(loose.ensembles[0]).toEqual([0, 1]);
      expect(loose.overlaps[0]?.[1]).toBeCloseTo(1 / 3);
      expect(loose.overlaps[1]?.[1]).toBe(1);
      expect(loose.shared).toBeCloseTo(1 / 3);
      expect(report.silent).toBeCloseTo(11 / 16);
      // One unit: 1; two of four equally: (1 - 1/2) / (3/4); the silent row does not count.
      const second = (1 - (1.9 * 1.9) / (4 * 1.81)) / 0.75;
      expect(report.sparsity).toBeCloseTo((1 + second + 2 / 3) / 3, 5);
      expect(() => ensembleReport({values, units: 3, labels: [0], classes: 1})).toThrow(/3 values for each/);
      expect(() => ensembleReport({values, units: 4, labels: [0, 0, 1, 7], classes: 3})).toThrow(/label 7/);
    });

    test("wrong calls say what to pass instead", () => {
      const model = (rule: LocalRule, units = 8) => localNetwork({blocks: [relu(units)], rule, classes: 10});
      expect(() => model(forwardForward()).init(key(0), [4])).toThrow(
        /have 4: pass labels: labelAsInput\(\)/
      );
      expect(() => localNetwork({blocks: [relu(3)], rule: forwardForward(), classes: 1})).toThrow(
        /at least 2, got 1/
      );
      expect(() => forwardForward({threshold: Number.NaN})).toThrow(
        /threshold must be a finite number or "width".*NaN/
      );
      expect(() => forwardForward({threshold: "high" as never})).toThrow(/"width", got high/);
      expect(() => layerCollaboration({threshold: Number.NaN})).toThrow(/threshold/);
      expect(() => forwardForward({treshold: 2} as never)).toThrow(/no option treshold/);
      expect(() => forwardForward({goodness: "max" as never})).toThrow(/"sum" or "mean"/);
      expect(() => forwardForward({normalization: "l2" as never})).toThrow(
        /"rms", "length" or "none", got l2/
      );
      expect(() => forwardForward({predict: "labels" as never})).toThrow(/"goodness" or "classifier"/);
      expect(() => forwardForward({peer: {momentum: 2}})).toThrow(/peer.momentum.*between 0 and 1/);
      expect(() => forwardForward({negatives: {} as never})).toThrow(/wrongLabel\(\)/);
      expect(() => forwardForward({labels: {} as never})).toThrow(/labelInPixels\(\)/);
      expect(() => forwardForward({labels: withoutLabels()})).toThrow(/negatives: hybridImages\(\)/);
      expect(() => forwardForward({negatives: selfContrastive()})).toThrow(/pass predict: "classifier"/);
      const late = model(forwardForward({predictFrom: 2, labels: labelAsInput()}));
      const params = late.init(key(0), [4]);
      expect(() => late.apply(params, tf.zeros([1, 4]))).toThrow(/predictFrom is 2, and the network has 1/);
      expect(() => symba({alpha: 0})).toThrow(/alpha/);
      expect(() => scalableForwardForward({predict: "first" as never})).toThrow(/"sum", "mean" or "last"/);
      expect(() => cascadedForward({blocks: "trained" as never})).toThrow(/"random", "local" or "feedback"/);
      expect(() => cascadedForward({loss: "hinge" as never})).toThrow(/"crossEntropy" or "squaredError"/);
      expect(() => lls({learned: "all" as never})).toThrow(/"none", "gain" or "mixing"/);
      expect(() => model(lls({learned: "mixing"})).init(key(0), [4])).toThrow(/at least 21 numbers.*gives 8/);
      expect(() => hybridImages({blurs: -1})).toThrow(/blurs/);
      const x = tf.zeros([2, 5]);
      const y = tf.zeros([2], "int32");
      const context = {x, y, classes: 2, labels: withoutLabels(), key: key(0), scores: noScores};
      expect(() => hybridImages().make(context)).toThrow(/size such as \{size: \[28, 28\]\}/);
      const data = ops.datasets.gaussians({n: 20, classes: 3});
      const network = {blocks: [relu(4)], rule: cascadedForward(), classes: 3};
      expect(() => fitInTurn(network, data, {params: {}} as never)).toThrow(/leave out `params`/);
      tf.dispose([x, y, ...ops.tree.leaves<Tensor>(params as never)]);
    });
  });
}
