import {describe, expect, test} from "vitest";
import {erdosRenyiKernel, uniform} from "../../src/ops/pruning/distributions.ts";
import {keptCount} from "../../src/ops/pruning/kept-counts.ts";
import {iterative, oneShot, polynomial} from "../../src/ops/pruning/schedules.ts";
import {keepLargest} from "../../src/ops/pruning/top-k.ts";
import {pruningCases} from "./pruning-cases.ts";
import {fixture, NODE_BACKENDS, numbers} from "./support.ts";

for (const backend of NODE_BACKENDS) pruningCases(backend);

describe("keepLargest", () => {
  test.each(["topk-mask-ties", "topk-mask-unstructured", "topk-mask-unstructured-b"])("%s", (name) => {
    const {params, inputs, outputs} = fixture(`pruning/${name}`);
    const scores = Float32Array.from(numbers(inputs.scores));
    for (const sparsity of params.sparsities as number[]) {
      const [mask] = keepLargest([scores], keptCount(scores.length, sparsity));
      const stored = outputs[`mask_${sparsity}`] ?? outputs[`mask_${sparsity.toFixed(1)}`];
      expect(Array.from(mask as Uint8Array), `sparsity ${sparsity}`).toEqual(numbers(stored));
    }
  });

  test("orders negative numbers, both zeros, infinities and NaN", () => {
    const scores = Float32Array.of(-1, NaN, 0, -0, Infinity, -Infinity, 2, -2);
    const kept = (keep: number) =>
      Array.from(keepLargest([scores], keep)[0] as Uint8Array).flatMap((bit, i) => (bit ? [i] : []));
    expect(kept(1)).toEqual([4]);
    expect(kept(3)).toEqual([2, 4, 6]);
    expect(kept(5)).toEqual([0, 2, 3, 4, 6]);
    expect(kept(7)).toEqual([0, 2, 3, 4, 5, 6, 7]);
    expect(kept(0)).toEqual([]);
  });

  test("gives ties across arrays to the earlier array", () => {
    const [a, b] = keepLargest([Float32Array.of(1, 1), Float32Array.of(1, 1)], 3) as [Uint8Array, Uint8Array];
    expect([...a, ...b]).toEqual([1, 1, 1, 0]);
  });
});

describe("distributions", () => {
  test.each(["distribution-lenet-300-100", "distribution-small-conv"])("%s", (name) => {
    const {params, outputs} = fixture(`pruning/${name}`);
    const names = (outputs.names?.data ?? []) as string[];
    const shapes = Object.fromEntries(
      Object.entries(params.shapes as Record<string, number[]>).filter(([, shape]) => shape.length > 1)
    );
    for (const sparsity of params.sparsities as number[]) {
      for (const [stored, distribution] of [
        ["erk", erdosRenyiKernel()],
        ["erk_power05", erdosRenyiKernel({power: 0.5})],
        ["uniform", uniform]
      ] as const) {
        const shares = distribution(shapes, sparsity);
        numbers(outputs[`${stored}_${sparsity}`]).forEach((want, i) => {
          if (want >= 0) expect(shares[names[i] as string]).toBeCloseTo(want, 10);
        });
      }
    }
  });
});

describe("schedules", () => {
  test("polynomial follows jaxpruner's", () => {
    const {params, inputs, outputs} = fixture("pruning/polynomial-schedule");
    const schedule = polynomial({
      start: params.update_start_step as number,
      end: params.update_end_step as number,
      every: params.update_freq as number
    });
    const targets = params.targets as Record<string, number>;
    numbers(inputs.steps).forEach((step, i) => {
      expect(Number(schedule.isUpdate(step))).toBe(numbers(outputs.is_update)[i]);
      for (const name of ["a", "b"]) {
        const want = numbers(outputs[`sparsity_${name}`])[i] as number;
        expect(schedule.sparsity(step, targets[name] as number)).toBeCloseTo(want, 10);
      }
    });
  });

  test("one-shot prunes once; iterative removes the same share of what is left", () => {
    expect([0, 1, 2].map(oneShot({step: 1}).isUpdate)).toEqual([false, true, false]);
    expect(iterative({rounds: 3, fraction: 0.5})).toEqual([0.5, 0.75, 0.875]);
  });
});
