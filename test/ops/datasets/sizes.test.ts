// Generated sets that would be larger than a dataset may be, and choices that are none.
import {describe, expect, test} from "vitest";
import {
  circles,
  type Dataset,
  dyck,
  fitScaler,
  gaussianMixture,
  glyphs,
  isBalanced,
  modular,
  parity,
  physics,
  piecewise,
  teacherStudent,
  twoMoons
} from "../../../src/ops/datasets/index.ts";

const huge = 2 ** 40;

describe("a set too large to be made is an ArgumentError", () => {
  test.each<[string, () => Dataset]>([
    ["two moons", () => twoMoons({n: huge})],
    ["circles", () => circles({n: 2 ** 27 + 1})],
    ["gaussian mixture", () => gaussianMixture({n: huge})],
    ["parity", () => parity({bits: 1e6, n: 1e6})],
    ["dyck", () => dyck({n: huge})],
    ["the table of continuations", () => dyck({n: 1, length: 1e6})],
    ["teacher-student", () => teacherStudent({n: huge})],
    ["the teacher", () => teacherStudent({n: 1, hidden: huge})],
    ["piecewise", () => piecewise({n: huge})],
    ["the knots", () => piecewise({pieces: huge})],
    ["glyphs", () => glyphs({n: 1, size: 1e6})],
    ["physics", () => physics("I.9.18", {n: huge})],
    ["modular", () => modular({p: 1999, encoding: "one-hot"})]
  ])("%s", (name, make) => {
    expect(make).toThrow(`${name}: expected at most 268435456 numbers in all`);
    expect(make).toThrow(expect.objectContaining({name: "ArgumentError"}));
  });
});

test("a choice that is none is told with the choices", () => {
  const none = "none" as never;
  expect(() => dyck({task: none})).toThrow('task must be "validity" or "next", got “none”');
  expect(() => piecewise({kind: none})).toThrow('kind must be "linear" or "constant"');
  const data = twoMoons();
  expect(() => fitScaler(data, {method: none})).toThrow('method must be "standard" or "min-max"');
  expect(() => fitScaler(data, {of: none})).toThrow('of must be "inputs" or "targets"');
  expect(() => fitScaler(data, {per: none})).toThrow('per must be "column" or "all"');
});

test("long flat brackets are balanced: their counts do not vanish", () => {
  for (const depth of [1, 2]) {
    const {inputs, labels} = dyck({n: 2, length: 6000, depth, kinds: 3, task: "next"});
    expect(isBalanced(labels.subarray(0, 6000))).toBe(true);
    expect(inputs.every(Number.isFinite)).toBe(true);
  }
});
