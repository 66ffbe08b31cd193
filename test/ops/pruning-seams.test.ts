import {describe, expect, test} from "vitest";
import {erdosRenyi} from "../../src/ops/pruning/distributions.ts";
import {keptCounts} from "../../src/ops/pruning/kept-counts.ts";
import {cosineDrop, exponential, periodic, rounds} from "../../src/ops/pruning/schedules.ts";
import {granularityCases} from "./pruning-granularity-cases.ts";
import {scoreCases} from "./pruning-score-cases.ts";
import {shrinkCases} from "./pruning-shrink-cases.ts";
import {sparseTrainingCases} from "./pruning-training-cases.ts";
import {updaterCases} from "./pruning-updater-cases.ts";
import {fixture, NODE_BACKENDS, numbers} from "./support.ts";

for (const backend of NODE_BACKENDS) {
  scoreCases(backend);
  granularityCases(backend);
  updaterCases(backend);
  sparseTrainingCases(backend);
  shrinkCases(backend);
}

describe("schedules and distributions", () => {
  test("the drop fraction falls by a cosine", () => {
    const {params, inputs, outputs} = fixture("pruning/drop-fraction-cosine");
    for (const init of params.init as number[]) {
      const drop = cosineDrop({init, end: params.T_end as number});
      numbers(inputs.steps).forEach((step, i) => {
        expect(drop(step)).toBeCloseTo(numbers(outputs[`drop_${init}`])[i] as number, 12);
      });
    }
  });

  test.each(["distribution-lenet-300-100", "distribution-small-conv"])(
    "%s without the kernel's size",
    (name) => {
      const {params, outputs} = fixture(`pruning/${name}`);
      const names = outputs.names?.data as string[];
      const shapes = Object.fromEntries(
        Object.entries(params.shapes as Record<string, number[]>).filter(([, shape]) => shape.length > 1)
      );
      for (const sparsity of params.sparsities as number[]) {
        const shares = erdosRenyi()(shapes, sparsity);
        numbers(outputs[`er_nokernel_${sparsity}`]).forEach((want, i) => {
          if (want >= 0) expect(shares[names[i] as string]).toBeCloseTo(want, 10);
        });
      }
    }
  );

  test("counts add up to the total, the ones rounded furthest first", () => {
    expect(keptCounts([10, 10, 10], [0.75, 0.75, 0.75])).toEqual([2, 2, 2]);
    expect(keptCounts([10, 10, 10], [0.75, 0.75, 0.75], 8)).toEqual([3, 3, 2]);
    expect(keptCounts([4, 100], [0.99, 0.9], 8)).toEqual([1, 7]);
    expect(() => keptCounts([4, 4], [0.5, 0.5], 9)).toThrow(/cannot be shared out/);
  });

  test("periodic, exponential and rounds", () => {
    const every = periodic({every: 3, start: 2, end: 9});
    expect([...Array(12).keys()].filter(every.isUpdate)).toEqual([2, 5, 8]);
    expect([1, 2].map((step) => every.sparsity(step, 0.5))).toEqual([0, 0.5]);
    const falling = exponential({start: 0, end: 4});
    expect([0, 1, 3, 9].map((step) => falling.sparsity(step, 1 - 1 / 16))).toEqual([
      0.5, 0.75, 0.9375, 0.9375
    ]);
    expect(rounds(2, 0.75)).toEqual([0.5, 0.75]);
    expect(() => exponential({start: 5, end: 5})).toThrow(/end must come after start/);
  });
});
