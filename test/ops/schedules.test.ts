import {describe, expect, test} from "vitest";
import {ArgumentError} from "../../src/ops/core/errors.ts";
import * as schedules from "../../src/ops/core/schedules.ts";
import {fixture, numbers} from "./support.ts";

/** A schedule at every step of a fixture. */
function expectSchedule(schedule: schedules.Schedule, name: string, output = "learning_rate"): void {
  const {inputs, outputs} = fixture(`core/${name}`);
  const wanted = numbers(outputs[output]);
  expect(wanted.length).toBeGreaterThan(3);
  numbers(inputs.step).forEach((step, i) => {
    const want = wanted[i] as number;
    expect(Math.abs(schedule(step) - want), `step ${step}`).toBeLessThanOrEqual(1e-15 + 1e-9 * want);
  });
}

describe("schedules of the references", () => {
  const decay = {from: 0.1, factor: 0.5};

  test("constant", () => expectSchedule(schedules.constantSchedule(0.03), "schedule-constant"));

  test("step", () => expectSchedule(schedules.stepSchedule({...decay, every: 4}), "schedule-step"));

  test("milestones", () => {
    const schedule = schedules.milestoneSchedule({from: 0.2, factor: 0.1, milestones: [3, 7, 12]});
    expectSchedule(schedule, "schedule-milestones");
  });

  test("linear", () => {
    expectSchedule(schedules.linearSchedule({from: 0.1, to: 0.01, steps: 12}), "schedule-linear");
  });

  test("cosine", () => {
    expectSchedule(schedules.cosineSchedule({from: 0.1, to: 0.001, steps: 20}), "schedule-cosine");
  });

  test("exponential: per step, smooth and as a staircase", () => {
    const name = "schedule-exponential";
    expectSchedule(schedules.exponentialSchedule({from: 0.1, factor: 0.9}), name);
    expectSchedule(schedules.exponentialSchedule({...decay, every: 7}), name, "smooth");
    expectSchedule(schedules.exponentialSchedule({...decay, every: 7, staircase: true}), name, "staircase");
  });

  test("warm-up and cosine", () => {
    const schedule = schedules.warmupCosineSchedule({peak: 0.1, to: 0.002, warmup: 5, steps: 25});
    expectSchedule(schedule, "schedule-warmup-cosine");
  });

  test("one cycle, and its momentum", () => {
    expectSchedule(schedules.oneCycleSchedule({peak: 0.1, steps: 20}), "schedule-one-cycle");
    expectSchedule(schedules.oneCycleMomentum({steps: 20}), "schedule-one-cycle", "momentum");
  });
});

describe("schedules", () => {
  test("one cycle in three straight phases goes back before it ends", () => {
    const shape = {steps: 10, warmupShare: 0.4, anneal: "linear", threePhases: true} as const;
    const schedule = schedules.oneCycleSchedule({...shape, peak: 1, startDivisor: 4, endDivisor: 2});
    const values = [0, 1.5, 3, 4.5, 6, 9, 30].map(schedule);
    const wanted = [0.25, 0.625, 1, 0.625, 0.25, 0.125, 0.125];
    for (const [i, want] of wanted.entries()) expect(values[i]).toBeCloseTo(want, 12);
  });

  test("a cycle that begins at its peak, and one of a single step, have a value", () => {
    expect(schedules.oneCycleSchedule({peak: 1, steps: 2, warmupShare: 0.5})(0)).toBe(1);
    expect(schedules.oneCycleSchedule({peak: 1, steps: 1, endDivisor: 4})(0)).toBeCloseTo(0.01, 12);
  });

  test("joined schedules count from where they take over", () => {
    const rise = schedules.linearSchedule({from: 0, to: 4, steps: 4});
    const joined = schedules.joinSchedules([rise, schedules.constantSchedule(7), rise], [2, 3]);
    expect([0, 1, 2, 3, 4, 9].map(joined)).toEqual([0, 1, 7, 0, 1, 4]);
  });

  test("without a warm-up the cosine begins at once", () => {
    const schedule = schedules.warmupCosineSchedule({peak: 2, warmup: 0, steps: 4});
    expect([0, 2, 4].map(schedule)).toEqual([2, 1, 0]);
  });

  test("says which arguments are wrong", () => {
    const wrong: [() => unknown, RegExp][] = [
      [() => schedules.constantSchedule(Number.NaN), /value/],
      [() => schedules.stepSchedule({from: 1, factor: 0.5, every: 0}), /every/],
      [
        () => schedules.milestoneSchedule({from: 1, factor: 0.5, milestones: [5, 3]}),
        /milestones\[1\].*at least 5/
      ],
      [() => schedules.exponentialSchedule({from: 1, factor: -1}), /factor/],
      [() => schedules.linearSchedule({from: 1, to: 0, steps: 1.5}), /steps/],
      [() => schedules.cosineSchedule({from: Number.POSITIVE_INFINITY, steps: 3}), /from/],
      [() => schedules.warmupCosineSchedule({peak: 1, warmup: 5, steps: 5}), /steps.*at least 6/],
      [() => schedules.oneCycleSchedule({peak: 1, steps: 5, startDivisor: 0}), /startDivisor/],
      [() => schedules.oneCycleSchedule({peak: 1, steps: 5, anneal: "cos" as "cosine"}), /anneal/],
      [() => schedules.oneCycleMomentum({steps: 5, warmupShare: 2}), /warmupShare/],
      [() => schedules.joinSchedules([], []), /joinSchedules/],
      [() => schedules.joinSchedules([() => 1], [3]), /1 schedules and 1 boundaries/]
    ];
    for (const [make, words] of wrong) {
      expect(make, String(words)).toThrow(ArgumentError);
      expect(make).toThrow(words);
    }
  });
});
