import {describe, expect, test} from "vitest";
import {ArgumentError, ShapeError} from "../../src/ops/core/errors.ts";
import {key} from "../../src/ops/core/key.ts";
import * as metrics from "../../src/ops/metrics/index.ts";
import {rowsOf} from "./plain-losses.ts";
import {fixture, numbers} from "./support.ts";

/** Numbers against a stored tensor, in float64. */
function expectAll(values: ArrayLike<number>, wanted: ArrayLike<number>): void {
  expect(values.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; ++i) {
    const want = wanted[i] as number;
    const error = Math.abs((values[i] as number) - want);
    expect(error <= 1e-14 + 1e-11 * Math.abs(want), `element ${i}: ${values[i]}, ${want}`).toBe(true);
  }
}

describe("classification", () => {
  const {params, inputs, outputs} = fixture("core/metrics-classification");
  const classes = params.classes as number;
  const [logits, labels] = [numbers(inputs.logits), numbers(inputs.labels)];
  const out = (name: string) => numbers(outputs[name]);

  test("predictions, accuracy and top-k accuracy, of flat numbers and of rows", () => {
    const rows = rowsOf(logits, classes);
    expectAll(metrics.predictedClasses(logits, labels.length), out("predictions"));
    expectAll(metrics.predictedClasses(rows, labels.length), out("predictions"));
    expectAll([metrics.accuracy(Float32Array.from(logits), labels)], out("accuracy"));
    expectAll(
      [1, 2, 3].map((k) => metrics.topKAccuracy(rows, labels, k)),
      out("top_k_accuracy")
    );
  });

  test("confusion matrix, precision, recall and F1", () => {
    const matrix = metrics.confusionMatrix(out("predictions"), labels, classes);
    expectAll(matrix.flat(), out("confusion"));
    const of = metrics.precisionRecall(matrix);
    expectAll(of.precision, out("precision"));
    expectAll(of.recall, out("recall"));
    expectAll(of.f1, out("f1"));
    expectAll([of.macroF1], out("macro_f1"));
    expectAll(
      of.support,
      matrix.map((row) => row.reduce((a, b) => a + b))
    );
  });

  test("means over classes, by hand", () => {
    // Two classes: 3 of 4 and 1 of 2 right.
    const of = metrics.precisionRecall([
      [3, 1],
      [1, 1]
    ]);
    expectAll([of.macroPrecision, of.macroRecall], [0.625, 0.625]);
    expectAll([of.weightedF1], [(4 * 0.75 + 2 * 0.5) / 6]);
    expectAll(
      metrics.precisionRecall([
        [0, 0],
        [0, 0]
      ]).f1,
      [0, 0]
    );
  });

  test("ties go to the lower class, and what is not a number is wrong", () => {
    const scores = [1, 1, 0, 0, 2, 2, NaN, 5, 0, NaN, 1, 0];
    expect(Array.from(metrics.predictedClasses(scores, 4))).toEqual([0, 1, -1, -1]);
    expect(metrics.accuracy(scores, [0, 2, 1, 0])).toBe(0.25);
    expect(metrics.topKAccuracy(scores, [1, 2, 1, 0], 2)).toBe(0.5);
    expect(metrics.topKAccuracy([NaN, 1], [1], 9)).toBe(0);
  });
});

describe("calibration", () => {
  const {inputs, outputs} = fixture("core/metrics-calibration");
  const [probabilities, labels] = [numbers(inputs.probabilities), numbers(inputs.labels)];
  const out = (name: string) => numbers(outputs[name]);

  test("expected and maximum calibration error, and the bins", () => {
    const {expected, maximum, bins} = metrics.calibration(probabilities, labels);
    expectAll([expected, maximum], [...out("ece"), ...out("mce")]);
    expectAll(
      bins.map(({count}) => count),
      out("bin_count")
    );
    expectAll(
      bins.map(({accuracy}) => accuracy),
      out("bin_accuracy")
    );
    expectAll(
      bins.map(({confidence}) => confidence),
      out("bin_confidence")
    );
    expectAll([bins[3]?.low as number, bins[3]?.high as number], [0.2, 4 / 15]);
  });

  test("Brier score and negative log-likelihood", () => {
    expectAll([metrics.brierScore(probabilities, labels)], out("brier"));
    expectAll([metrics.negativeLogLikelihood(rowsOf(probabilities, 3), labels)], out("nll"));
  });

  test("every edge belongs to the bin below, the next number to the bin above, however they round", () => {
    const binOf = (confidence: number, bins: number) =>
      metrics.calibration([[confidence, 0]], [0], {bins}).bins.findIndex(({count}) => count > 0);
    for (let bins = 1; bins <= 100; ++bins) {
      for (let i = 1; i <= bins; ++i) {
        expect(binOf(i / bins, bins), `${i} / ${bins}`).toBe(i - 1);
        if (i < bins) expect(binOf((i / bins) * (1 + 2 ** -52), bins), `above ${i} / ${bins}`).toBe(i);
      }
    }
    expect(metrics.calibration([[0, 0]], [0]).bins[0]?.count).toBe(1);
  });
});

describe("ranking", () => {
  const {inputs, outputs} = fixture("core/metrics-auroc");
  const [scores, labels] = [numbers(inputs.scores), numbers(inputs.labels)];
  const out = (name: string) => numbers(outputs[name]);

  test("AUROC with ties, its curve, and average precision", () => {
    expectAll([metrics.auroc(scores, labels)], out("auroc"));
    expectAll([metrics.averagePrecision(scores, labels)], out("average_precision"));
    const curve = metrics.rocCurve(scores, labels);
    expectAll(curve.thresholds, out("thresholds"));
    expectAll(curve.falsePositiveRate, out("false_positive_rate"));
    expectAll(curve.truePositiveRate, out("true_positive_rate"));
  });

  test("one versus rest", () => {
    const of = metrics.aurocOneVersusRest(
      numbers(inputs.multiclass_scores),
      numbers(inputs.multiclass_labels)
    );
    expectAll(of.perClass, out("ovr_auroc"));
    expectAll([of.macro], out("ovr_macro_auroc"));
    const lacking = metrics.aurocOneVersusRest(
      [
        [1, 0, 0],
        [0, 1, 0]
      ],
      [0, 1]
    );
    expect(lacking).toEqual({perClass: [1, 1, NaN], macro: 1});
  });

  test("is NaN with one class alone or with a score that is not a number", () => {
    expect(metrics.auroc([1, 2], [1, 1])).toBeNaN();
    expect(metrics.averagePrecision([1, 2], [0, 0])).toBeNaN();
    expect(metrics.auroc([1, NaN, 0], [1, 0, 0])).toBeNaN();
    expect(metrics.averagePrecision([1, NaN, 0], [1, 0, 0])).toBeNaN();
  });
});

describe("regression", () => {
  const {inputs, outputs} = fixture("core/metrics-regression");
  const [predictions, targets] = [numbers(inputs.predictions), numbers(inputs.targets)];

  test.each([
    ["r2", metrics.r2],
    ["mse", metrics.meanSquaredError],
    ["rmse", metrics.rootMeanSquaredError],
    ["mae", metrics.meanAbsoluteError],
    ["pearson", metrics.pearson]
  ])("%s of every output", (name, metric) => {
    expectAll(metrics.perOutput(metric, predictions, targets, 3), numbers(outputs[name]));
    expectAll(
      metrics.perOutput(metric, rowsOf(predictions, 3), rowsOf(targets, 3), 3),
      numbers(outputs[name])
    );
  });

  test("the average of r2 over outputs", () => {
    const each = metrics.perOutput(metrics.r2, predictions, targets, 3);
    expectAll([each.reduce((a, b) => a + b) / 3], numbers(outputs.r2_uniform_average));
  });

  test("targets that do not vary", () => {
    expect(metrics.r2([1, 2], [3, 3])).toBe(-Infinity);
    expect(metrics.pearson([1, 2], [3, 3])).toBeNaN();
    // The mean of three times 0.1 is a little more than 0.1.
    expect(metrics.r2([0.1, 0.2, 0.3], [0.1, 0.1, 0.1])).toBe(-Infinity);
    expect(metrics.pearson([0.1, 0.1, 0.1], [1, 2, 3])).toBeNaN();
  });
});

test("perplexity and bits a character", () => {
  expect(metrics.perplexity(Math.log(27))).toBeCloseTo(27, 12);
  expect(metrics.bitsPerCharacter(Math.log(8))).toBeCloseTo(3, 12);
  expect(metrics.bitsPerCharacter(Math.log(16), {tokens: 10, characters: 40})).toBeCloseTo(1, 12);
});

describe("intervals", () => {
  // Student (1908) and later tables: two-sided 95% and 99% points, and one of the far tail.
  test.each([
    [0.975, 1, 12.706204736432],
    [0.975, 2, 4.302652729911],
    [0.975, 4, 2.776445105198],
    [0.975, 9, 2.262157162741],
    [0.975, 30, 2.042272456301],
    [0.995, 4, 4.604094871416],
    [0.995, 1, 63.656741162872],
    [0.75, 1, 1],
    [0.9, 2, 1.885618083164],
    [0.0005, 3, -12.923978636688],
    [0.975, 1000, 1.962339080819]
  ])("Student's t: %d with %d degrees of freedom", (p, degrees, quantile) => {
    expect(metrics.studentTQuantile(p, degrees) / quantile).toBeCloseTo(1, 10);
  });

  test("of the mean of seeds, by hand", () => {
    // Mean 3, standard deviation sqrt(2.5), 5 values.
    const {estimate, low, high} = metrics.meanInterval([1, 2, 3, 4, 5]);
    expect(estimate).toBe(3);
    const half = 2.776445105198 * Math.sqrt(2.5 / 5);
    expect([low, high]).toEqual([expect.closeTo(3 - half, 9), expect.closeTo(3 + half, 9)]);
    const narrow = metrics.meanInterval([1, 2, 3, 4, 5], {level: 0.5});
    expect(narrow.high - 3).toBeCloseTo(0.740697084 * Math.sqrt(0.5), 7);
  });

  test("by bootstrap: the same for a key, and near the normal one for many values", () => {
    const values = key(7).normal(400, 10, 2);
    const options = {key: key(1), resamples: 2000};
    const found = metrics.bootstrapInterval(values, options);
    expect(metrics.bootstrapInterval(values, options)).toEqual(found);
    expect(metrics.bootstrapInterval(values, {...options, key: key(2)}).low).not.toBe(found.low);
    const normal = metrics.meanInterval(values);
    expect(found.estimate).toBeCloseTo(normal.estimate, 12);
    expect(Math.abs(found.low - normal.low)).toBeLessThan(0.03);
    expect(Math.abs(found.high - normal.high)).toBeLessThan(0.03);
  });

  test("by bootstrap, of two values: every mean that can come out, and another statistic", () => {
    // Means of two draws from 0 and 1: 0, 1/2 and 1 with 1/4, 1/2 and 1/4.
    const wide = metrics.bootstrapInterval([0, 1], {key: key(3), level: 0.9, resamples: 500});
    expect([wide.low, wide.high]).toEqual([0, 1]);
    const middle = metrics.bootstrapInterval([0, 1], {key: key(3), level: 0.3, resamples: 500});
    expect([middle.low, middle.high]).toEqual([0.5, 0.5]);
    const largest = metrics.bootstrapInterval([0, 1], {
      key: key(3),
      level: 0.4,
      resamples: 500,
      statistic: (sample) => Math.max(...Array.from(sample))
    });
    expect(largest).toMatchObject({estimate: 1, low: 1, high: 1});
  });
});

test("says which arguments are wrong", () => {
  const wrong: [() => unknown, typeof ArgumentError | typeof ShapeError, RegExp][] = [
    [() => metrics.accuracy([1, 2, 3], [0, 1]), ShapeError, /3 numbers do not make 2 rows/],
    [() => metrics.accuracy([[1, 2], [1]], [0, 1]), ShapeError, /row 1 has 1/],
    [() => metrics.accuracy([[1, 2]], [0, 1]), ShapeError, /expected 2 rows/],
    [() => metrics.accuracy([], []), ArgumentError, /no examples/],
    [() => metrics.accuracy([1, 2], [2]), ArgumentError, /from 0 to 1, got 2 at position 0/],
    [() => metrics.topKAccuracy([1, 2], [1], 0), ArgumentError, /k must/],
    [() => metrics.confusionMatrix([0, -1], [0, 1], 2), ArgumentError, /got -1 at position 1/],
    [() => metrics.confusionMatrix([0], [0, 1], 2), ShapeError, /as many labels as predictions/],
    [() => metrics.precisionRecall([[1, 2]]), ShapeError, /square/],
    [() => metrics.calibration([[1, 0]], [0], {bins: 0}), ArgumentError, /bins/],
    [() => metrics.calibration([[3, -1]], [0]), ArgumentError, /softmax/],
    [() => metrics.brierScore([[NaN, 1]], [0]), ArgumentError, /got NaN/],
    [() => metrics.auroc([1, 2], [0, 2]), ArgumentError, /got 2/],
    [() => metrics.auroc([1], [0, 1]), ShapeError, /as many labels/],
    [() => metrics.r2([], []), ArgumentError, /no examples/],
    [() => metrics.perOutput(metrics.r2, [1, 2, 3], [1, 2, 3], 2), ShapeError, /rows of 2/],
    [() => metrics.perOutput(metrics.r2, [1, 2], [1, 2, 3, 4], 2), ShapeError, /predictions of 1/],
    [() => metrics.bitsPerCharacter(1, {tokens: 1, characters: 0}), ArgumentError, /characters/],
    [() => metrics.studentTQuantile(1, 3), ArgumentError, /between 0 and 1/],
    [() => metrics.studentTQuantile(0.5, 0), ArgumentError, /degrees/],
    [() => metrics.meanInterval([1]), ArgumentError, /at least two/],
    [() => metrics.meanInterval([1, 2], {level: 1}), ArgumentError, /level/],
    [() => metrics.bootstrapInterval([1, 2], {key: key(1), resamples: 0}), ArgumentError, /resamples/]
  ];
  for (const [make, kind, words] of wrong) {
    expect(make, String(words)).toThrow(kind);
    expect(make).toThrow(words);
  }
});
