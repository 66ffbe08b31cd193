import {describe, expect, test} from "vitest";
import {kanNetwork} from "../../src/ops/kan/network/create.ts";
import {fitKan} from "../../src/ops/kan/network/fit.ts";
import {predict} from "../../src/ops/kan/network/predict.ts";
import {addSymbolic} from "../../src/ops/kan/symbolic/add-symbolic.ts";
import {setSymbolic} from "../../src/ops/kan/symbolic/edges.ts";
import {fitAffine} from "../../src/ops/kan/symbolic/fit-affine.ts";
import {formula} from "../../src/ops/kan/symbolic/formula.ts";
import {symbolicFunction} from "../../src/ops/kan/symbolic/functions.ts";
import {suggestSymbolic} from "../../src/ops/kan/symbolic/suggest.ts";
import {expectNear} from "./kan-support.ts";

const ONLY = {layer: 0, from: 0, to: 0};
const x = Float64Array.from({length: 120}, (_, i) => i / 30 - 2);
const sinc = (z: number) => (z === 0 ? 1 : Math.sin(z) / z);

describe("a function that is added", () => {
  addSymbolic("sinc", {value: sinc, javascript: "(z === 0 ? 1 : Math.sin(z) / z)"});

  test("is fitted, with differences for its slopes", () => {
    const y = x.map((at) => 2 * sinc(3.3 * at + 1) - 0.5);
    const fit = fitAffine(x, y, "sinc", {polish: true});
    expectNear([fit.inner, fit.offset, fit.scale, fit.shift].map(Math.abs), [3.3, 1, 2, 0.5], 1e-6);
    expect(symbolicFunction("sinc").derivative(2)).toBeCloseTo((2 * Math.cos(2) - Math.sin(2)) / 4, 9);
  });

  test("is suggested, trained and written down", async () => {
    const network = setSymbolic(kanNetwork({width: [1, 1]}), ONLY, {name: "sinc", inner: 4, offset: 0.3});
    const suggestions = suggestSymbolic(network, x, ONLY, {simplicity: 0});
    expect(suggestions[0]?.name).toBe("sinc");
    const training = fitKan(network, {inputs: x, targets: x.map((at) => sinc(3.8 * at + 0.3))}, {steps: 10});
    let rmse = 1;
    for await (const row of training) rmse = row.rmse;
    expect(rmse).toBeLessThan(1e-6);
    const {text, latex, javascript} = formula(network, {names: ["x"]});
    expect([text, latex]).toEqual(["sinc(4*x + 0.3)", "\\operatorname{sinc}\\left(4 x + 0.3\\right)"]);
    const compute = new Function(`return ${javascript}`)() as (x: number) => number;
    expectNear(x.map(compute), predict(network, x));
  });

  test("takes the place of one that was added before, and of no other", () => {
    addSymbolic("twice", {value: (z) => 3 * z});
    addSymbolic("twice", {value: (z) => 2 * z, complexity: 4});
    expect([symbolicFunction("twice").value(5), symbolicFunction("twice").complexity]).toEqual([10, 4]);
    expect(() => addSymbolic("sin", {value: sinc})).toThrow("a function called sin already");
    expect(() => addSymbolic("my function", {value: sinc})).toThrow(/letters and digits.*"my function"/);
    expect(() => addSymbolic("half", {value: 3 as never})).toThrow(
      "value must be a function of a number, got 3"
    );
    expect(() => addSymbolic("half", {fun: sinc} as never)).toThrow("no option fun");
  });

  test("is 0 where it is no number, unless it says otherwise", () => {
    addSymbolic("root", {value: Math.sqrt});
    const network = setSymbolic(kanNetwork({width: [1, 1]}), ONLY, {name: "root"});
    expect([...predict(network, [4, -4])]).toEqual([2, 0]);
  });
});
