import {describe, expect, test} from "vitest";
import {type AffineFit, fitAffine} from "../../src/ops/kan/symbolic/fit-affine.ts";
import {pykanLibrary, symbolicFunction, symbolicFunctions} from "../../src/ops/kan/symbolic/functions.ts";
import {expectNear, float64, kanFixture} from "./kan-support.ts";

const FITTED = ["exp", "gaussian", "log", "sin", "sqrt", "x2"].map((name) => `fit-params-${name}`);
/** What a fit hits or misses by rounding: the fixtures say to compare it coarsely. */
const SINGULAR = /^(1\/|tan|log|arc|sqrt|x\^0\.5|x\^1\.5)/;
const x = Float64Array.from({length: 60}, (_, i) => -1 + i / 30);

describe("affine fits", () => {
  test.each(FITTED)("are those of %s", (name) => {
    const {params, inputs, outputs} = kanFixture(name);
    const at = float64(inputs.x);
    const fit = fitAffine(at, float64(inputs.y), params.function as string);
    expect(fit.r2).toBeCloseTo(float64(outputs.r2)[0] as number, 9);
    // Every (a, b) of the same ratio fits a logarithm alike: which one the reference took was rounding's choice.
    expectNear(curveOf(fit, at), float64(outputs.y_fit), name.endsWith("log") ? 1e-5 : 1e-6, 1e-8);
  });

  test.each(["suggest-symbolic-sin", "suggest-symbolic-x2"])(
    "of the whole library are those of %s",
    (name) => {
      const {inputs, outputs} = kanFixture(name);
      const wanted = float64(outputs.r2);
      pykanLibrary.forEach((f, i) => {
        const {r2} = fitAffine(float64(inputs.x), float64(inputs.y), f);
        expect(Math.abs(r2 - (wanted[i] as number)), f).toBeLessThan(SINGULAR.test(f) ? 1e-3 : 1e-5);
      });
    }
  );

  test.each(Object.keys(symbolicFunctions))("of %s are as good as they say", (name) => {
    const y = x.map((at) => Math.sin(2 * at) + at);
    const {inner, offset, r2} = fitAffine(x, y, name, {points: 21});
    const {value} = symbolicFunction(name);
    const own = x.map((at) => value(inner * at + offset));
    expect(r2).toBeCloseTo(softened(own, y), 9);
  });

  test.each("tanh gaussian arctan abs log sqrt x^1.5 1/sqrt(x) arcsin arccos arctanh".split(" "))(
    "of %s, whose grids are not looked at whole, are the best of whole grids",
    (name) => {
      const at = Float64Array.from({length: 15}, (_, i) => Math.cos(i * i) * 1.2);
      for (const curve of [Math.exp, Math.tanh, (x: number) => Math.log(x + 2)]) {
        const y = at.map(curve);
        const {r2} = fitAffine(at, y, name, {points: 51, rounds: 2});
        expect(r2).toBeGreaterThan(bestOfWholeGrids(at, y, symbolicFunction(name).value, 51) - 1e-9);
      }
    }
  );

  test.each([
    ["sin", 2.34567, 0.7, 1.5, -0.4],
    ["tanh", 3.21, -0.4, 0.3, 2],
    ["x^3", 1, 0.5, -2, 1],
    ["1/x", 1, 3.3, 4, 0],
    ["exp", 1.77, 0, 0.3, 0.5],
    ["log", 2, 2.7, 1.1, 0],
    ["gaussian", 3.33, -0.6, 2, 0.1]
  ])("polished are exact: %s", (name, inner, offset, scale, shift) => {
    const y = curveOf({name, inner, offset, scale, shift}, x);
    const fit = fitAffine(x, y, name, {polish: true});
    expectNear(curveOf(fit, x), y, 1e-9, 1e-9);
  });

  test("of even and odd functions have a positive slope inside", () => {
    const y = curveOf({name: "tanh", inner: -2, offset: 0.3, scale: 1, shift: 0}, x);
    const fit = fitAffine(x, y, "tanh", {polish: true});
    expect([fit.inner, fit.offset, fit.scale].map((number) => number.toFixed(6))).toEqual([
      "2.000000",
      "-0.300000",
      "-1.000000"
    ]);
  });

  test.each([...pykanLibrary, "sinh", "softplus", "x^(1/3)"])(
    "%s of a constant, a jump and huge numbers are numbers",
    (name) => {
      for (const y of [
        x.map(() => 3),
        x.map((at) => (at < 0.2 ? 0 : 1)),
        x.map((at) => 1e12 * at),
        x.map(() => 0)
      ]) {
        const fit = fitAffine(x, y, name, {points: 21, polish: true});
        expect([fit.inner, fit.offset, fit.scale, fit.shift, fit.r2].every(Number.isFinite), name).toBe(true);
      }
      const far = fitAffine(
        x.map((at) => 1e5 * at),
        x,
        name,
        {points: 21}
      );
      expect(Number.isFinite(far.scale + far.shift + far.r2)).toBe(true);
    }
  );

  test("leave out samples that are not finite", () => {
    const y = x.map((at) => Math.exp(at));
    const broken = y.map((value, i) => (i % 7 === 3 ? Number.NaN : value));
    const fit = fitAffine(x, broken, "exp", {polish: true});
    expectNear(curveOf(fit, x), y, 1e-8);
  });

  test("say what is wrong with what they are given", () => {
    expect(() => fitAffine(x, x, "sinus")).toThrow(/Near it: sin/);
    expect(() => fitAffine(x, [1, 2], "sin")).toThrow("same length, got 60 and 2");
    expect(() => fitAffine([1, Number.NaN], [1, 2], "sin")).toThrow("at least two samples");
    expect(() => fitAffine(x, x, "sin", {points: 1})).toThrow("points must be a whole number of at least 3");
    expect(() => fitAffine(x, x, "sin", {low: 3, high: -3})).toThrow("high must be");
  });
});

function curveOf({name, inner, offset, scale, shift}: Omit<AffineFit, "r2">, at: Float64Array): Float64Array {
  const {value} = symbolicFunction(name);
  return at.map((x) => scale * value(inner * x + offset) + shift);
}

/** The largest squared correlation, softened, on a grid of inner scales and offsets from -10 to 10, then around its best point. */
function bestOfWholeGrids(
  at: Float64Array,
  y: Float64Array,
  value: (z: number) => number,
  points: number
): number {
  let [a, b, reach, best] = [0, 0, 10, 0];
  for (let round = 0; round < 2; round++) {
    const [centreA, centreB] = [a, b];
    best = -1;
    for (let i = 0; i < points; i++)
      for (let j = 0; j < points; j++) {
        const inner = centreA + reach * ((2 * i) / (points - 1) - 1);
        const offset = centreB + reach * ((2 * j) / (points - 1) - 1);
        const r2 = softened(
          at.map((x) => value(inner * x + offset)),
          y
        );
        if (r2 > best + 1e-12) [a, b, best] = [inner, offset, r2];
      }
    if (Math.max(Math.abs(a), Math.abs(b)) > 9.9) return best;
    reach = 20 / (points - 1);
  }
  return best;
}

function softened(values: Float64Array, y: Float64Array): number {
  const from = (all: Float64Array) => all.map((value) => value - all.reduce((a, b) => a + b, 0) / all.length);
  const [v, w] = [from(values), from(y)];
  const dot = (p: Float64Array, q: Float64Array) =>
    p.reduce((sum, value, i) => sum + value * (q[i] as number), 0);
  const r2 = dot(v, w) ** 2 / (dot(v, v) * dot(w, w) + 1e-4);
  return Number.isFinite(r2) ? r2 : 0;
}
