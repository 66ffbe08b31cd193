import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {DenseParams} from "../../src/ops/core/layers/dense.ts";
import type {Dataset} from "../../src/ops/datasets/dataset.ts";
import type {BlockParams} from "../../src/ops/forward-forward/local-rule.ts";
import {ops} from "../../src/ops/index.ts";
import {use, withoutLeak} from "./support.ts";

const {dense, key, tree} = ops;
const {forwardForward, goodnessReport, labelAsInput, localNetwork, monoForward, symba} = ops.forwardForward;

const relu = (units: number) => dense({units, activation: "relu"});

/** Two classes, so that there is but one wrong label. */
const ROWS = [
  [0.5, -1],
  [2, 0.25],
  [-0.5, 1.5],
  [1, 1],
  [0, -2]
];
const LABELS = [0, 1, 1, 0, 1];
const data: Dataset = {
  name: "five points",
  inputs: Float32Array.from(ROWS.flat()),
  inputShape: [2],
  labels: Int32Array.from(LABELS),
  classes: 2
};

/** relu(x kernel + bias) in float64. */
async function reluOf(x: number[], {kernel, bias}: DenseParams): Promise<number[]> {
  const [weights, biases] = [(await kernel.array()) as number[][], Array.from((await bias?.data()) ?? [])];
  return biases.map((start, j) =>
    Math.max(
      0,
      x.reduce((sum, value, i) => sum + value * (weights[i]?.[j] as number), start)
    )
  );
}

const goodness = (outputs: number[]) => outputs.reduce((sum, value) => sum + value * value, 0);

/** Backends have the same cases: what blocks make of positives and negatives, as plain data. */
export function goodnessReportCases(backend: BackendName): void {
  describe(`the report on goodness on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "it has the goodness of every row with its label and with the other, block by block",
      withoutLeak(async () => {
        const rule = forwardForward({labels: labelAsInput(), normalization: "none"});
        const model = localNetwork({blocks: [relu(3), relu(2)], rule, classes: 2});
        const params = model.init(key(5), [2]);
        const report = await goodnessReport(model, params, data, {batchSize: 2});
        const layers = ["block1", "block2"].map((name) => (params[name] as BlockParams).layer as DenseParams);
        for (const [kind, shift] of [["positive", 0] as const, ["negative", 1] as const]) {
          const wanted: number[][] = [[], []];
          for (const [i, row] of ROWS.entries()) {
            const label = ((LABELS[i] as number) + shift) % 2;
            let at = [...row, 1 - label, label];
            for (const [b, layer] of layers.entries()) {
              at = await reluOf(at, layer);
              wanted[b]?.push(goodness(at));
            }
          }
          for (const [b, block] of report.entries())
            block[kind].forEach((value, i) => {
              expect(value).toBeCloseTo(wanted[b]?.[i] as number, 4);
            });
        }
        expect(report.map(({threshold}) => threshold)).toEqual([3, 2]);
        for (const {positive, negative, apart} of report) {
          const pairs = positive.flatMap((p) => negative.map((n) => (p > n ? 1 : p === n ? 0.5 : 0)));
          expect(apart).toBeCloseTo(pairs.reduce((sum: number, pair) => sum + pair, 0) / 25);
        }
        tree.dispose(params as never);
      })
    );

    test(
      "the same key draws the same negatives, and a rule that compares pairs has no threshold",
      withoutLeak(async () => {
        const rule = symba({labels: labelAsInput()});
        const model = localNetwork({blocks: [relu(4)], rule, classes: 6});
        const params = model.init(key(6), [2]);
        const of = (seed: number) => goodnessReport(model, params, {...data, classes: 6}, {key: key(seed)});
        const [one, again, other] = [await of(1), await of(1), await of(2)];
        expect(again).toEqual(one);
        expect(other[0]?.positive).toEqual(one[0]?.positive);
        expect(other[0]?.negative).not.toEqual(one[0]?.negative);
        expect(one[0]).not.toHaveProperty("threshold");
        tree.dispose(params as never);
      })
    );

    test(
      "networks without negatives and data without classes or rows are refused with what to pass",
      withoutLeak(async () => {
        const blocks = [relu(2)];
        const plain = localNetwork({blocks, rule: monoForward(), classes: 2});
        await expect(goodnessReport(plain, {}, data)).rejects.toThrow(/rule is forwardForward\(\)/);
        const model = localNetwork({blocks, rule: forwardForward({labels: labelAsInput()}), classes: 2});
        const {labels, ...unlabelled} = data;
        const targets = {...unlabelled, targets: new Float32Array(5), targetShape: [1]} as unknown as Dataset;
        await expect(goodnessReport(model, {}, targets)).rejects.toThrow(/needs data with classes/);
        const empty = {...data, inputs: new Float32Array(), labels: new Int32Array()};
        await expect(goodnessReport(model, {}, empty)).rejects.toThrow(/has no rows/);
        await expect(goodnessReport(model, {}, data, {rows: 3} as never)).rejects.toThrow(/rows/);
      })
    );
  });
}
