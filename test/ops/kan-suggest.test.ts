import {describe, expect, test} from "vitest";
import {attribute} from "../../src/ops/kan/network/attribute.ts";
import {kanNetwork} from "../../src/ops/kan/network/create.ts";
import {expandDepth} from "../../src/ops/kan/network/edit.ts";
import {activations, edgeValues, predict} from "../../src/ops/kan/network/predict.ts";
import type {KanNetwork} from "../../src/ops/kan/network.ts";
import {coefficientsFrom} from "../../src/ops/kan/spline/index.ts";
import {edgeCurves, suggestCurves, withChanges} from "../../src/ops/kan/symbolic/edge-curves.ts";
import {autoSymbolic, fixSymbolic, setSymbolic, unfixSymbolic} from "../../src/ops/kan/symbolic/edges.ts";
import {pykanLibrary} from "../../src/ops/kan/symbolic/functions.ts";
import {suggestSymbolic} from "../../src/ops/kan/symbolic/suggest.ts";
import {expectNear, float64, kanFixture} from "./kan-support.ts";

const ONLY = {layer: 0, from: 0, to: 0};
const inputs = Float64Array.from({length: 400}, (_, i) => (Math.cos(i * i) + i / 400 - 0.5) / 1.5);

describe("suggestions", () => {
  test.each(["sin", "x2"])("are pykan's: suggest-symbolic-%s", (name) => {
    const {inputs: given, outputs} = kanFixture(`suggest-symbolic-${name}`);
    const x = float64(given.x);
    const found = suggestSymbolic(through(x, float64(given.y)), x, ONLY);
    const loss = float64(outputs.total_loss);
    pykanLibrary.forEach((f, i) => {
      const {loss: own, r2} = found.find((suggestion) => suggestion.name === f) ?? {loss: Number.NaN, r2: 0};
      // An r2 that a pole or a sample on it decides is compared coarsely, as the fixture says.
      expect(Math.abs(r2 - (float64(outputs.r2)[i] as number)), f).toBeLessThan(f === "1/x" ? 1e-3 : 1e-5);
      expect(Math.abs(own - (loss[i] as number)), f).toBeLessThan(f === "1/x" ? 1e-3 : 2e-5);
    });
    const best = name === "sin" ? ["sin", "cos"] : ["x^2"];
    expect(best).toContain(found[0]?.name);
    expect(best).toContain(suggestSymbolic(through(x, float64(given.y)), x, ONLY, {simplicity: 0})[0]?.name);
  });

  test("of many samples look at some, and hold for all", () => {
    const network = through(
      inputs,
      inputs.map((x) => Math.tanh(3 * x - 1))
    );
    const [best] = suggestSymbolic(network, inputs, ONLY, {simplicity: 0, samples: 60});
    expect(best?.name).toBe("tanh");
    expect(best?.inner).toBeCloseTo(3, 1);
    // Almost all samples lie where any few of them would have missed the rest.
    const few = Float64Array.from({length: 300}, (_, i) => (i < 298 ? 0.5 + 1e-4 * i : i - 299));
    const bent = through(
      few,
      few.map((x) => Math.abs(x - 0.2))
    );
    expect(suggestSymbolic(bent, few, ONLY, {library: ["abs"], samples: 20})[0]?.r2).toBeGreaterThan(0.9);
  });

  test("of nothing are for edges that do not move", () => {
    const rough = through(
      inputs,
      inputs.map((x) => (Math.abs(x) < 0.3 ? 1 : -1) * Math.cos(9 * x)),
      1
    );
    expect(suggestSymbolic(rough, inputs, ONLY, {library: ["0", "x", "x^2"]}).at(-1)?.name).toBe("0");
    const flat = through(
      inputs,
      inputs.map(() => 0.4)
    );
    expect(suggestSymbolic(flat, inputs, ONLY)[0]?.name).toBe("0");
    expectNear(predict(fixSymbolic(flat, inputs, ONLY, "0"), inputs), predict(flat, inputs));
  });

  test("say which edge or function is not there", () => {
    const network = kanNetwork({width: [2, 3, 1]});
    expect(() => suggestSymbolic(network, [0, 0], {layer: 0, from: 2, to: 0})).toThrow(
      "no edge in layer 0 from 2 to 0: the layers' edges are 2 x 3, 3 x 1"
    );
    expect(() => suggestSymbolic(network, [0, 0, 1, 1], ONLY, {library: ["sine"]})).toThrow("Near it: sin");
    expect(() => suggestSymbolic(network, [0, 0, 1, 1], ONLY, {simplicity: 2})).toThrow("simplicity");
  });
});

describe("edges", () => {
  test("become functions that give what the spline gave, and splines again", () => {
    const network = through(
      inputs,
      inputs.map((x) => 2 * Math.exp(-1.3 * x) + 1)
    );
    const fixed = fixSymbolic(network, inputs, ONLY, "exp");
    expectNear(predict(fixed, inputs), predict(network, inputs), 1e-4);
    expect(fixed.layers[0]?.mask[0]).toBe(0);
    expect(network.layers[0]?.symbolic[0]).toBeNull();
    expect(predict(unfixSymbolic(fixed, ONLY), inputs)).toEqual(predict(network, inputs));
  });

  test("are set to given numbers", () => {
    const network = setSymbolic(kanNetwork({width: [1, 1]}), ONLY, {name: "x^2", scale: 3, shift: -1});
    expectNear(predict(network, [0, 0.5, -2]), [-1, -0.25, 11]);
    expect(() => setSymbolic(network, ONLY, {name: "x^2", scale: Number.NaN})).toThrow(
      "scale must be a number"
    );
  });

  test("are not fitted before there is anything to look at", () => {
    const network = kanNetwork({width: [1, 1]});
    // @ts-expect-error: what a caller without types may do
    expect(() => fixSymbolic(network, undefined, ONLY, "sin")).toThrow(/needs the inputs.*setSymbolic/);
    expect(() => fixSymbolic(network, inputs, ONLY, "sni")).toThrow("Near it: sin");
  });

  test("all become functions, layer after layer, and those that were pruned stay nothing", () => {
    const two = kanNetwork({width: [2, 1, 1], grid: 20, noise: 0, base: "zero"});
    const first = curve(two.layers[0]?.knots as Float64Array, [(x) => Math.sin(2 * x), (x) => x * x], 2);
    const second = curve(two.layers[1]?.knots as Float64Array, [(x) => Math.exp(0.5 * x)], 1);
    const network = {
      ...two,
      layers: two.layers.map((layer, l) => ({
        ...layer,
        coefficients: l === 0 ? first : second,
        splineScale: layer.splineScale.map(() => 0.4)
      }))
    } satisfies KanNetwork;
    const rows = Float64Array.from({length: 500}, (_, i) => Math.cos(i * i));
    const {network: fixed, edges} = autoSymbolic(network, rows, {library: ["x", "x^2", "sin", "exp"]});
    expect(edges.map(({name, isFixed}) => [name, isFixed])).toEqual([
      ["sin", true],
      ["x^2", true],
      ["exp", true]
    ]);
    expectNear(predict(fixed, rows), predict(network, rows), 1e-3);
    expect(autoSymbolic(fixed, rows).edges).toEqual([]);
    const [before, after] = network.layers;
    const pruned = {...network, layers: [{...before, mask: Float64Array.of(1, 0)}, after]} as KanNetwork;
    expect(autoSymbolic(pruned, rows, {library: ["x", "sin"]}).edges).toHaveLength(2);
    expect(
      autoSymbolic(network, rows, {library: ["x"], atLeast: 0.99}).edges.map((edge) => edge.isFixed)
    ).toEqual([false, false, true]);
  });
});

describe("curves of edges", () => {
  const network = kanNetwork({width: [2, [1, 1], 1], seed: 3});
  const rows = Float64Array.from({length: 300}, (_, i) => Math.cos(i * i));

  test("are ascending samples of what edges give, with their scores", () => {
    const {levels, edges} = edgeCurves(network, rows, {points: 20});
    expect(levels).toEqual([
      {nodes: 2, multiply: 0},
      {nodes: 2, multiply: 1},
      {nodes: 1, multiply: 0}
    ]);
    expect(edges.map(({layer, from, to, node}) => [layer, from, to, node].join(""))).toEqual(
      "0000 0011 0021 0100 0111 0121 1000 1100".split(" ")
    );
    const scores = attribute(network, rows).edges;
    const [first] = edges;
    expect(first?.x).toHaveLength(20);
    expect(first?.x).toEqual(first?.x.toSorted());
    expect(first?.score).toBe(scores[0]?.[0]);
    const found = activations(network, rows);
    const values = edgeValues(found, network, ONLY);
    const at = (found.nodes[0] as Float64Array).indexOf(first?.x[7] as number);
    expect(first?.y[7]).toBe(values[at]);
  });

  test("of functions come with their formulas, and with the splines that they stand for", () => {
    const second = {layer: 1, from: 0, to: 0};
    const fixed = withChanges(network, rows, [
      {...ONLY, name: "sin"},
      {...second, name: "exp"}
    ]);
    const [before] = edgeCurves(network, rows).edges;
    const {edges} = edgeCurves(fixed, rows);
    const [first] = edges;
    expect([before?.formula, before?.spline]).toEqual([null, null]);
    expect(first?.spline?.y).toEqual(before?.y);
    const found = activations(network, rows);
    const given = edgeValues(activations(fixed, rows), fixed, ONLY);
    expect(first?.spline?.r2).toBeCloseTo(correlation(edgeValues(found, network, ONLY), given) ** 2, 2);
    const known = setSymbolic(network, ONLY, {name: "sin", inner: 2, scale: 3, shift: -1});
    expect(edgeCurves(known, rows).edges[0]?.formula).toBe("3*sin(2*z) - 1");
    // Behind the first, the second gets what the first is now.
    const half = withChanges(network, rows, [{...ONLY, name: "sin"}]);
    const kept = edgeCurves(half, rows).edges.find(({layer, from}) => layer === 1 && from === 0);
    expect(edges.find(({name}) => name === "exp")?.spline?.y).toEqual(kept?.y);
    expect(edges.filter(({name}) => name === null).every(({spline}) => spline === null)).toBe(true);
  });

  test("of functions that never were splines have none under them", () => {
    const {edges} = edgeCurves(expandDepth(kanNetwork({width: [2, 1]})), rows);
    expect(edges.map(({name, formula, spline}) => [name, formula, spline])).toEqual([
      [null, null, null],
      [null, null, null],
      ["x", "z", null]
    ]);
  });

  test("that an edge may be are those that it becomes", () => {
    const curves = suggestCurves(network, rows, ONLY, {
      count: 3,
      points: 20,
      library: ["x^2", "sin", "exp", "x"]
    });
    expect(curves.map(({name}) => name)).toEqual(
      suggestSymbolic(network, rows, ONLY, {library: ["x^2", "sin", "exp", "x"]})
        .slice(0, 3)
        .map(({name}) => name)
    );
    for (const {name, formula, x, y, r2} of curves) {
      const fixed = fixSymbolic(network, rows, ONLY, name);
      const [edge] = edgeCurves(fixed, rows, {points: 20}).edges;
      expect({name, formula, x, y}).toEqual({
        name: edge?.name,
        formula: edge?.formula,
        x: edge?.x,
        y: edge?.y
      });
      expect(r2).toBe(edge?.spline?.r2);
    }
    expect(() => suggestCurves(network, rows, ONLY, {count: 0})).toThrow("count must be a whole number");
    expect(() => suggestCurves(network, rows, {...ONLY, to: 9})).toThrow("There is no edge");
  });

  test("leave out edges that are gone, and name functions", () => {
    const fixed = withChanges(network, rows, [
      {...ONLY, name: "sin"},
      {layer: 1, from: 0, to: 0, name: "exp"},
      {layer: 1, from: 0, to: 0, name: null}
    ]);
    expect(
      edgeCurves(fixed, rows)
        .edges.map(({name}) => name)
        .filter((name) => name)
    ).toEqual(["sin"]);
    expect(predict(fixed, rows)).toEqual(predict(fixSymbolic(network, rows, ONLY, "sin"), rows));
    const [layer, last] = network.layers;
    const pruned = {
      ...network,
      layers: [{...layer, mask: Float64Array.of(0, 1, 0, 1, 1, 1)}, last]
    } as KanNetwork;
    expect(edgeCurves(pruned, rows).edges).toHaveLength(6);
    // @ts-expect-error: what a caller without types may do
    expect(() => withChanges(network, rows, {})).toThrow("changes must be a list");
  });
});

/** A network of one edge, whose spline goes through samples of a curve. */
function through(x: Float64Array, y: Float64Array, tolerance = 1e-2): KanNetwork {
  const network = kanNetwork({width: [1, 1], grid: Math.min(60, x.length), base: "zero", range: [-1, 1]});
  const [layer] = network.layers;
  if (!layer) throw new Error("The network has no layer.");
  const coefficients = coefficientsFrom({x, y, knots: layer.knots, inputs: 1, outputs: 1, order: 3});
  const made = {...network, layers: [{...layer, coefficients, splineScale: Float64Array.of(1)}]};
  const values = edgeValues(activations(made, x), made, ONLY);
  expectNear(values, y, 1e-2, tolerance);
  return made;
}

/** Coefficients [inputs, 1, intervals + 3] of splines near functions. */
function curve(knots: Float64Array, functions: ((x: number) => number)[], count: number): Float64Array {
  const x = Float64Array.from({length: 400 * count}, (_, i) => Math.floor(i / count) / 200 - 1);
  const y = x.map((at, i) => functions[i % count]?.(at) ?? 0);
  return coefficientsFrom({x, y, knots, inputs: count, outputs: 1, order: 3});
}

function correlation(a: Float64Array, b: Float64Array): number {
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const less = (values: Float64Array, by: number) => values.map((value) => value - by);
  const dot = (u: Float64Array, v: Float64Array) =>
    u.reduce((sum, value, i) => sum + value * (v[i] as number), 0);
  const [u, v] = [less(a, mean(a)), less(b, mean(b))];
  return dot(u, v) / Math.sqrt(dot(u, u) * dot(v, v));
}
