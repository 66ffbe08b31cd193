import {describe, expect, test} from "vitest";
import {kanNetwork} from "../../src/ops/kan/network/create.ts";
import {predict} from "../../src/ops/kan/network/predict.ts";
import type {KanNetwork, SymbolicEdge} from "../../src/ops/kan/network.ts";
import {setSymbolic} from "../../src/ops/kan/symbolic/edges.ts";
import {formula} from "../../src/ops/kan/symbolic/formula.ts";
import {symbolicFunctions} from "../../src/ops/kan/symbolic/functions.ts";
import {expectNear} from "./kan-support.ts";

type Given = Pick<SymbolicEdge, "name"> & Partial<SymbolicEdge>;

const names = ["x", "y"];
const POINTS = Float64Array.from({length: 80}, (_, i) => 0.45 + 0.4 * Math.cos(i * i));

describe("a formula", () => {
  test("folds what a network that was fitted has too much", () => {
    const network = made(
      [2, 1, 1],
      [
        {name: "sin", inner: Math.PI + 1e-7, offset: 2 * Math.PI - 1e-7, scale: 0.5, shift: 0.2},
        {name: "x^2", inner: -3.1622777, offset: 1e-7, scale: 0.05, shift: 0.1},
        {name: "exp", inner: 2, offset: -1, scale: Math.exp(0.4), shift: 1e-9}
      ]
    );
    const {text, latex, javascript} = formula(network, {names, digits: 4});
    expect(text).toBe("exp(sin(pi*x) + y^2)");
    expect(latex).toBe("\\exp\\left(\\sin\\left(\\pi x\\right) + y^{2}\\right)");
    expect(javascript).toBe("(x, y) => Math.exp(Math.sin(Math.PI * x) + y ** 2)");
  });

  test.each(Object.keys(symbolicFunctions))("of %s computes what the network does", (name) => {
    const network = made(
      [2, 1, 1],
      [
        {name, inner: 0.7, offset: 0.05, scale: -1.5, shift: 0.3},
        {name, inner: -0.4, offset: 0.9, scale: 2, shift: 0},
        {name: "sin", inner: -1.3, offset: 4, scale: 2, shift: 1}
      ]
    );
    expectNear(evaluated(formula(network).javascript), predict(network, POINTS), 1e-9, 1e-9);
  });

  test.each(Object.keys(symbolicFunctions))("of %s within itself computes what the network does", (name) => {
    const network = made(
      [2, 1, 1],
      [
        {name: "x", inner: 0.3, offset: 0.1},
        {name: "x^2", inner: 0.5},
        {name, inner: 0.6, offset: 0.2, scale: 3, shift: -1}
      ]
    );
    expectNear(evaluated(formula(network).javascript), predict(network, POINTS), 1e-9, 1e-9);
  });

  test("of nodes that multiply is a product, powers are merged and constants taken out", () => {
    const edges: Given[] = [
      {name: "x", scale: 2},
      {name: "0"},
      {name: "0"},
      {name: "x^2", scale: 3},
      {name: "x"}
    ];
    const network = made([2, [0, 1], 1], edges);
    expect(formula(network, {names}).text).toBe("6*y^2*x");
    expectNear(evaluated(formula(network).javascript), predict(network, POINTS));
    const same = made(
      [2, [0, 1], 1],
      [{name: "x"}, {name: "x", scale: 4}, {name: "0"}, {name: "0"}, {name: "sqrt"}]
    );
    expect(formula(same, {names}).text).toBe("2*sqrt(x^2)");
  });

  test("adds like terms up and loses those that cancel", () => {
    const network = made([2, 1], [{name: "x^2", scale: 2}, {name: "x"}]);
    const twice = made(
      [1, 2, 1],
      [{name: "sin"}, {name: "sin"}, {name: "x", scale: 2}, {name: "x", scale: -2, shift: 1}]
    );
    expect(formula(network, {names}).text).toBe("2*x^2 + y");
    expect(formula(twice).text).toBe("1");
  });

  test.each<[Given, string, string]>([
    [{name: "1/x", inner: 2, scale: 3}, "1.5/x", "\\frac{1.5}{x}"],
    [{name: "1/x^2", offset: 1}, "1/(x + 1)^2", "\\frac{1}{\\left(x + 1\\right)^{2}}"],
    [{name: "sqrt", inner: 4, scale: -1}, "-2*sqrt(x)", "-2 \\sqrt{x}"],
    [{name: "log", inner: 2.5, shift: -Math.log(2.5)}, "log(x)", "\\log\\left(x\\right)"],
    [{name: "abs", inner: -2, offset: 1}, "2*abs(x - 0.5)", "2 \\left|x - 0.5\\right|"],
    [{name: "cos", inner: -0.5, offset: Math.PI}, "-cos(0.5*x)", "-\\cos\\left(0.5 x\\right)"],
    [{name: "sin", inner: Math.PI / 2}, "sin(pi/2*x)", "\\sin\\left(\\frac{\\pi}{2} x\\right)"],
    [{name: "cos", inner: 2, offset: -Math.PI / 2 + 1e-9}, "sin(2*x)", "\\sin\\left(2 x\\right)"],
    [{name: "cos", inner: 2, offset: Math.PI / 2 - 1e-9}, "-sin(2*x)", "-\\sin\\left(2 x\\right)"],
    [{name: "sin", inner: 2, offset: Math.PI / 2 - 1e-9}, "cos(2*x)", "\\cos\\left(2 x\\right)"],
    [{name: "sin", inner: 2, offset: -Math.PI / 2 + 1e-9}, "-cos(2*x)", "-\\cos\\left(2 x\\right)"],
    [{name: "tanh", inner: -1.5}, "-tanh(1.5*x)", "-\\tanh\\left(1.5 x\\right)"],
    [{name: "x", inner: 1e-7}, "1e-7*x", "1 \\cdot 10^{-7} x"],
    [{name: "gaussian", inner: 2}, "exp(-(2*x)^2)", "e^{-\\left(2 x\\right)^{2}}"]
  ])("of %o reads %s", (edge, text, latex) => {
    const {text: own, latex: ownLatex} = formula(made([1, 1], [edge]), {names: ["x"], digits: 5});
    expect([own, ownLatex]).toEqual([text, latex]);
  });

  test("takes names of any kind", () => {
    const network = made([2, 1], [{name: "x"}, {name: "x"}]);
    const {text, latex, javascript} = formula(network, {names: ["wave length", "T_in"]});
    expect(text).toBe("wave length + T_in");
    expect(latex).toBe("\\mathrm{wave length} + T_{in}");
    expect(javascript).toBe("(wave_length, T_in) => wave_length + T_in");
  });

  test("is JavaScript whatever the names are: words of the language, names alike but for signs", () => {
    const network = made([2, 1], [{name: "x"}, {name: "x^2"}]);
    for (const taken of [
      ["a b", "a_b"],
      ["in", "class"],
      ["let", "await"],
      ["Math", "eval"],
      ["1a", "x_1"],
      ["_", "$"]
    ]) {
      const {javascript} = formula(network, {names: taken});
      expect(new Function(`"use strict"; return (${javascript})(2, 3)`)(), javascript).toBe(11);
    }
    expect(formula(network, {names: ["_", "share%"]}).latex).toBe("\\mathrm{\\_} + \\mathrm{share\\%}^{2}");
  });

  test.each<Given>([
    {name: "x^2", scale: -1},
    {name: "x^1.5", scale: -1, shift: 2},
    {name: "x^3", inner: -1},
    {name: "sqrt", scale: -1},
    {name: "1/x^2", scale: -1},
    {name: "gaussian", scale: -1}
  ])("that begins with a minus is JavaScript: %o", (edge) => {
    for (const last of [{name: "x"}, {name: "sin"}, {name: "abs"}]) {
      const network = made([2, 1, 1], [edge, {name: "x^2", scale: -1}, last]);
      expectNear(evaluated(formula(network).javascript), predict(network, POINTS));
    }
    const products = made([2, [0, 1], 1], [edge, {name: "0"}, {name: "0"}, {name: "x^3"}, {name: "x"}]);
    expectNear(evaluated(formula(products).javascript), predict(products, POINTS));
  });

  test("of constants outside of a function's domain has the number that the network has", () => {
    for (const [name, wanted] of [
      ["sqrt", -Math.SQRT2],
      ["arcsin", -Math.PI / 2],
      ["1/x", -0.5]
    ] as const) {
      const network = made([1, 1, 1], [{name: "0", shift: -2}, {name}]);
      expect(Number(formula(network).text), name).toBeCloseTo(wanted, 12);
    }
    const pole = made([1, 1, 1], [{name: "0"}, {name: "1/x^2"}]);
    expect(Number(formula(pole).text)).toBe(predict(pole, [0.3])[0]);
  });

  test("is long only where the network is large", () => {
    const edges = Array.from(
      {length: 40},
      (_, i): Given => ({name: i % 2 ? "sin" : "x^2", inner: i + 1, offset: i / 7})
    );
    const network = made([2, 20], edges);
    const deep = made([2, 20, 1], [...edges, ...edges.slice(0, 20)]);
    expect(() => formula(network, {output: 20})).toThrow("has 20 outputs");
    expect(formula(deep, {digits: 3}).text.length).toBeLessThan(3000);
  });

  test("says what it lacks", () => {
    const network = kanNetwork({width: [2, 1]});
    expect(() => formula(network)).toThrow(
      "layer 0 from 0 to 0 is still a spline: make it a function with fixSymbolic"
    );
    const fixed = made([2, 1], [{name: "x"}, {name: "x"}]);
    expect(() => formula(fixed, {names: ["x"]})).toThrow('2 different names, one for each input, got ["x"]');
    expect(() => formula(fixed, {digits: 0})).toThrow("digits");
    // @ts-expect-error: what a caller without types may do
    expect(() => formula(fixed, {name: "x"})).toThrow("no option name");
  });
});

/** A network with these functions on its edges, layer after layer. */
function made(width: (number | [number, number])[], edges: Given[]): KanNetwork {
  let network = kanNetwork({width});
  let next = 0;
  network.layers.forEach(({inputs, outputs}, layer) => {
    for (let from = 0; from < inputs; from++)
      for (let to = 0; to < outputs; to++)
        network = setSymbolic(network, {layer, from, to}, edges[next++] ?? {name: "0"});
  });
  return network;
}

/** A formula's values at the points, two inputs a point. */
function evaluated(javascript: string): Float64Array {
  const compute = new Function(`return ${javascript}`)() as (x: number, y: number) => number;
  return Float64Array.from({length: POINTS.length / 2}, (_, i) =>
    compute(POINTS[2 * i] as number, POINTS[2 * i + 1] as number)
  );
}
