import {describe, expect, test} from "vitest";
import {
  finiteDerivative,
  finiteValue,
  pykanLibrary,
  symbolicFunction,
  symbolicFunctions
} from "../../src/ops/kan/symbolic/functions.ts";
import {expectNear, float64, kanFixture} from "./kan-support.ts";

const POINTS = [-2.7, -1.3, -0.81, -0.3, 0.24, 0.6, 0.93, 1.4, 3.3];
const ALL = Object.values(symbolicFunctions);

describe("symbolic functions", () => {
  const {inputs, outputs} = kanFixture("symbolic-lib-values-yth10");
  const [rtol, atol] = [1e-10, 1e-12];
  const x = float64(inputs.x);

  test("are pykan's, with its complexities, in its order", () => {
    expect(pykanLibrary).toEqual(outputs.names?.data);
    expect(pykanLibrary.map((name) => symbolicFunctions[name]?.complexity)).toEqual(outputs.complexity?.data);
  });

  test.each(pykanLibrary)("%s has pykan's values, and its softened ones", (name) => {
    const f = symbolicFunction(name);
    expectSame(x.map(f.value), float64(outputs[`f:${name}`]), rtol, atol);
    // What the fixture's source has for these two is not a value a point.
    if (name === "x^1.5" || name === "tan") return;
    const guarded = x.map((at) => f.guarded(at, 10));
    expectNear(guarded, float64(outputs[`soft:${name}`]), rtol, atol);
  });

  test("that the reference computes wrongly are softened as it means to", () => {
    const [power, tan] = [symbolicFunction("x^1.5"), symbolicFunction("tan")];
    expect(power.guarded(-4, 10)).toBe(8);
    expect(tan.guarded(Math.PI / 2, 10)).toBeCloseTo(0, 12);
    const edge = Math.PI / 2 - Math.atan(10);
    for (const turn of [-1, 0, 2]) {
      const pole = Math.PI / 2 + turn * Math.PI;
      expect(tan.guarded(pole - edge / 2, 10)).toBeCloseTo(5, 10);
      expect(tan.guarded(pole + edge * 1.5, 10)).toBeCloseTo(Math.tan(pole + edge * 1.5), 12);
    }
  });

  test.each(ALL)("$name has the slope that differences of its values have", (f) => {
    for (const at of POINTS) {
      const difference = (f.value(at + 1e-6) - f.value(at - 1e-6)) / 2e-6;
      const slope = f.derivative(at);
      if (Number.isFinite(difference))
        expect(Math.abs(slope - difference)).toBeLessThan(1e-6 * (1 + slope ** 2));
      else expect(slope).toBeNaN();
    }
  });

  test.each(ALL)("$name is finite everywhere when guarded, and its slope is that of its values", (f) => {
    for (const at of [...POINTS, 0, 1, -1, 0.004, -0.004, 1.5707, 30, -30]) {
      const slope = f.guardedDerivative(at, 10);
      expect(f.guarded(at, 10)).toSatisfy(Number.isFinite);
      expect(slope).toSatisfy(Number.isFinite);
      if ([0, 1, -1].includes(at)) continue;
      const difference = (f.guarded(at + 1e-7, 10) - f.guarded(at - 1e-7, 10)) / 2e-7;
      expect(Math.abs(slope - difference)).toBeLessThan(1e-5 * (1 + slope ** 2));
    }
  });

  test("give way to their guarded form only where they are not finite", () => {
    const log = symbolicFunction("log");
    expect([finiteValue(log, 2), finiteValue(log, -2), finiteValue(log, 0)]).toEqual([
      Math.log(2),
      Math.log(2),
      -1000
    ]);
    expect([finiteDerivative(log, 2), finiteDerivative(log, -2), finiteDerivative(log, 0)]).toEqual([
      0.5, -0.5, 0
    ]);
    expect(finiteValue(symbolicFunction("exp"), 9)).toBe(Math.exp(9));
  });

  test("that are not there are named with those that are near", () => {
    expect(() => symbolicFunction("sine")).toThrow(/no symbolic function called "sine"\. Near it: sin/);
    expect(() => symbolicFunction("x**2")).toThrow(/Near it: x\^2/);
    expect(() => symbolicFunction("toString")).toThrow(/keys of symbolicFunctions/);
  });
});

/** As expectNear, with NaN and infinities where the reference has them. */
function expectSame(actual: Float64Array, wanted: Float64Array, rtol: number, atol: number): void {
  expect(Array.from(actual, Number.isFinite)).toEqual(Array.from(wanted, Number.isFinite));
  wanted.forEach((value, i) => {
    if (!Number.isFinite(value)) expect(actual[i]).toBe(value);
  });
  expectNear(actual.filter(Number.isFinite), wanted.filter(Number.isFinite), rtol, atol);
}
