import {describe, expect, test} from "vitest";
import {
  compileExpression,
  type PhysicsFormula,
  parseExpression,
  physics,
  physicsFormulas
} from "../../../src/ops/datasets/index.ts";
import published from "../../fixtures/datasets/feynman.json";
import {dimensionOf, dimensionOfFormula, sameDimension} from "./dimensions.ts";

const formula = (id: string) => physicsFormulas.find((each) => each.id === id) as PhysicsFormula;
const computed = (id: string, values: Readonly<Record<string, number>>) => {
  const {variables, evaluate} = formula(id);
  return evaluate(variables.map(({name}) => values[name] ?? 1));
};

describe("the formulas", () => {
  test("are the hundred that were published", () => {
    expect(physicsFormulas.map(({id}) => id)).toEqual(published.formulas.map(({id}) => id));
    expect(new Set(physicsFormulas.map(({name}) => name)).size).toBe(100);
  });

  test.each(published.formulas)("$id: variables, ranges and values as published", (reference) => {
    const {output, variables, evaluate} = formula(reference.id);
    expect(output.name).toBe(reference.output);
    expect(variables.map(({name, low, high}) => [name, low, high])).toEqual(reference.variables);
    reference.points.forEach((point, i) => {
      const expected = reference.values[i] as number;
      expect(Math.abs(evaluate(point) - expected)).toBeLessThanOrEqual(1e-12 + 1e-11 * Math.abs(expected));
    });
  });

  test.each(physicsFormulas.map(({id, ...rest}) => ({id, ...rest})))(
    "$id: the units go together",
    ({text, output, variables}) => {
      const units = Object.fromEntries(variables.map(({name, unit}) => [name, dimensionOf(unit)]));
      expect(sameDimension(dimensionOfFormula(parseExpression(text), units), dimensionOf(output.unit))).toBe(
        true
      );
    }
  );

  // What a physicist knows of them without the formula, in SI units.
  test.each<[string, string, Record<string, number>, number]>([
    ["a body at rest has its rest mass", "I.10.7", {m_0: 2, v: 0, c: 3e8}, 2],
    ["nothing adds up to more than light", "I.16.6", {u: 3e8, v: 3e8, c: 3e8}, 3e8],
    ["slow velocities add up", "I.16.6", {u: 3, v: 4, c: 3e8}, 7],
    [
      "the apple's weight over its mass",
      "I.9.18",
      {G: 6.674e-11, m1: 5.972e24, m2: 1, x1: 6.371e6, x2: 0, y1: 0, y2: 0, z1: 0, z2: 0},
      9.82
    ],
    [
      "the hydrogen atom's radius",
      "I.38.12",
      {m: 9.109e-31, q: 1.602e-19, h: 6.626e-34, epsilon: 8.854e-12},
      5.292e-11
    ],
    [
      "the hydrogen atom's energy (-13.6 eV)",
      "III.19.51",
      {m: 9.109e-31, q: 1.602e-19, h: 6.626e-34, n: 1, epsilon: 8.854e-12},
      -2.18e-18
    ],
    ["the Bohr magneton", "II.34.29a", {q: 1.602e-19, h: 6.626e-34, m: 9.109e-31}, 9.274e-24],
    ["the speed of sound in air", "I.47.23", {gamma: 1.4, pr: 101_325, rho: 1.204}, 343.2],
    [
      "a mole at 0 degrees in 22.4 litres",
      "I.39.22",
      {n: 6.022e23, kb: 1.381e-23, T: 273.15, V: 0.022414},
      101_325
    ],
    ["a mole's energy at rest is mc^2", "I.48.2", {m: 1, v: 0, c: 299_792_458}, 8.988e16],
    [
      "an oscillator that is hot has kT",
      "III.4.33",
      {h: 6.626e-34, omega: 1e9, kb: 1.381e-23, T: 300},
      4.143e-21
    ],
    ["the Doppler factor at 0.6 c is 2", "I.34.14", {c: 1, v: 0.6, omega_0: 1}, 2],
    ["two sources in step give four times one", "I.37.4", {I1: 3, I2: 3, delta: 0}, 12],
    ["a saturated paramagnet", "II.35.21", {n_rho: 2, mom: 3, B: 1e3, kb: 1, T: 1}, 6]
  ])("%s", (_, id, values, expected) => {
    expect(computed(id, values) / expected).toBeCloseTo(1, 2);
  });
});

describe("physics", () => {
  test("draws rows from the ranges, and tells the formula's values", () => {
    const data = physics("I.9.18", {n: 200, seed: 1});
    expect([data.inputShape, data.targets?.length]).toEqual([[9], 200]);
    const {variables, evaluate} = formula("I.9.18");
    expect(data.features).toEqual(variables.map(({name}) => name));
    for (let row = 0; row < 200; ++row) {
      const values = data.inputs.subarray(row * 9, row * 9 + 9);
      variables.forEach(({low, high}, i) => {
        expect(values[i]).toBeGreaterThanOrEqual(low);
        expect(values[i]).toBeLessThanOrEqual(high);
      });
      expect(data.targets?.[row]).toBe(Math.fround(evaluate(values)));
    }
    expect(new Set(data.inputs).size).toBeGreaterThan(1700);
    expect(physics("I.9.18", {n: 200, seed: 1})).toEqual(data);
  });

  test("adds noise as a share of the root mean square", () => {
    const exact = physics("I.12.1", {n: 4000}).targets ?? new Float32Array();
    const noisy = physics("I.12.1", {n: 4000, noise: 0.1}).targets ?? new Float32Array();
    const rms = (values: Float32Array) =>
      Math.sqrt(values.reduce((sum, y) => sum + y * y, 0) / values.length);
    const errors = noisy.map((y, i) => y - (exact[i] ?? 0));
    expect(rms(errors) / rms(exact)).toBeCloseTo(0.1, 2);
  });

  test("refuses a formula that is not there", () => {
    expect(() => physics("I.1.1")).toThrow("There is no formula “I.1.1”");
  });
});

describe("expressions", () => {
  test.each([
    ["1 - 2 - 3", -4],
    ["2^3^2", 512],
    ["-2^2", -4],
    ["8/4/2", 1],
    ["2*-3", -6],
    ["1/2*x^2", 4.5],
    ["-x*2", -6],
    ["exp(-x)*exp(x) + sqrt(x + 1)", 3],
    ["arcsin(sin(.5)) + tanh(0) + ln(1)", 0.5],
    ["cos(pi)", -1]
  ])("%s", (text, expected) => {
    expect(compileExpression(text, ["x"])([3])).toBeCloseTo(expected, 12);
  });

  test.each([
    ["1 +", "expected a number, a name or “(”, found the end"],
    ["(1", "expected “)”, found the end"],
    ["1 2", "expected an operator or the end, found “2” at 1"],
    ["sin x", "expected “(”, found “x” at 3"],
    ["x $ 2", "found “$” at 1"],
    ["y", "“y” is none of the variables x"]
  ])("refuses %s", (text, message) => {
    expect(() => compileExpression(text, ["x"])).toThrow(message);
  });
});
