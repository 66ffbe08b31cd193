import {expect, test} from "vitest";
import {countsWithin} from "../../src/ops/core/optimizers/counts-within.ts";
import {updateClock} from "../../src/ops/core/optimizers/update-clock.ts";

test("the numbers of an update in later steps lie as many updates further as a step makes", () => {
  const first = updateClock({step: 6});
  const second = updateClock(first.next({mu: "a"}));
  const third = updateClock(second.next({mu: "b"}));
  expect([first, second, third].map((clock) => clock.at(0))).toEqual([6, 7, 8]);
  expect([first, second, third].map((clock) => clock.at(2))).toEqual([12, 13, 14]);
  const next = third.next({mu: "c"});
  expect(Object.entries(next)).toEqual([
    ["step", 9],
    ["mu", "c"]
  ]);
  // A step of a plan is given its state as a new tree.
  expect(updateClock({...next}).at(1)).toBe(10);
});

test("an update that is thrown away and made again counts once", () => {
  const state = {step: 0};
  updateClock(state).next({});
  const again = updateClock(state);
  again.next({});
  expect(again.at(1)).toBe(1);
});

test("the counts before each update of a step go on by its share of what the step adds", () => {
  const counts = [{seen: 1, step: 4, mu: undefined}] as never;
  expect(countsWithin(counts, 1, [])).toEqual([counts]);
  expect(countsWithin(counts, 4, [0, 2, 0])).toEqual([
    counts,
    [{seen: 1, step: 4, mu: undefined}],
    [{seen: 1, step: 5, mu: undefined}],
    [{seen: 1, step: 5, mu: undefined}]
  ]);
});
