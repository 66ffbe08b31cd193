import {describe, expect, test} from "vitest";
import {ArgumentError} from "../../src/ops/core/errors.ts";
import {bspline} from "../../src/ops/kan/bases/bspline.ts";
import {chebyshev} from "../../src/ops/kan/bases/chebyshev.ts";
import {fourier} from "../../src/ops/kan/bases/fourier.ts";
import {rbf} from "../../src/ops/kan/bases/rbf.ts";
import {reluBumps} from "../../src/ops/kan/bases/relu-bumps.ts";
import {wavelet} from "../../src/ops/kan/bases/wavelet.ts";
import {fitEquation} from "../../src/ops/kan/equations/fit.ts";
import {adaptedKnots} from "../../src/ops/kan/grid/adapted.ts";
import {updatedGrid} from "../../src/ops/kan/grid/updated.ts";
import {activationPenalty, regularised} from "../../src/ops/kan/layers/activation-penalty.ts";
import {afKan, afKanLayer} from "../../src/ops/kan/layers/af-kan.ts";
import {chebyKan, efficientKan, fastKan, kan} from "../../src/ops/kan/layers/kan.ts";
import {kolmogorovArnoldAttention} from "../../src/ops/kan/layers/kan-attention.ts";
import {kanAutoencoder} from "../../src/ops/kan/layers/kan-autoencoder.ts";
import {kanConv2d} from "../../src/ops/kan/layers/kan-conv2d.ts";
import {kanLayer} from "../../src/ops/kan/layers/kan-layer.ts";
import {fitSelectable, selectableKan} from "../../src/ops/kan/layers/selectable.ts";
import {selectableKanLayer} from "../../src/ops/kan/layers/selectable-layer.ts";
import {weightPenalty} from "../../src/ops/kan/layers/weight-penalty.ts";
import {kanNetwork} from "../../src/ops/kan/network/create.ts";
import {expandWidth, perturb} from "../../src/ops/kan/network/edit.ts";
import {fitKan} from "../../src/ops/kan/network/fit.ts";
import {gradients} from "../../src/ops/kan/network/gradients.ts";
import {updateGrid} from "../../src/ops/kan/network/grids.ts";
import {predict} from "../../src/ops/kan/network/predict.ts";
import {prune, pruneInput} from "../../src/ops/kan/network/prune.ts";
import {uniformKnots} from "../../src/ops/kan/spline/knots.ts";
import {leastSquares} from "../../src/ops/kan/spline/least-squares.ts";
import {edgeCurves} from "../../src/ops/kan/symbolic/edge-curves.ts";
import {fixSymbolic, setSymbolic, unfixSymbolic} from "../../src/ops/kan/symbolic/edges.ts";
import {symbolicFunction} from "../../src/ops/kan/symbolic/functions.ts";
import {suggestSymbolic} from "../../src/ops/kan/symbolic/suggest.ts";

const network = kanNetwork({width: [2, 3, 1]});
const inputs = [0.1, 0.2, 0.3, -0.4];
const data = {inputs, targets: [1, 2]};
const ONLY = {layer: 0, from: 0, to: 0};
/** What callers without types may pass. */
const any = (value: unknown) => value as never;
const knots = uniformKnots({intervals: 3, order: 3});
const splines = {
  x: Float64Array.from(inputs),
  knots,
  coefficients: new Float64Array(6),
  inputs: 1,
  outputs: 1,
  order: 3
};

const WRONG: [string, () => unknown, RegExp][] = [
  [
    "no options",
    () => kanNetwork(any(undefined)),
    /kanNetwork takes an object with some of width, grid.*undefined/
  ],
  [
    "a grid of one point",
    () => kanNetwork({width: [2, 1], grid: 0}),
    /at least one interval, which is two points, got 0/
  ],
  ["half an interval", () => kanNetwork({width: [2, 1], grid: 1.5}), /whole number of intervals.*got 1\.5/],
  [
    "no number of intervals",
    () => kanNetwork({width: [2, 1], grid: Number.NaN}),
    /intervals.*got NaN intervals: pass 3/
  ],
  ["a grid as text", () => kanNetwork({width: [2, 1], grid: any("3")}), /got "3" intervals/],
  [
    "an order below 0",
    () => kanNetwork({width: [2, 1], order: -1}),
    /order must be a whole number of at least 0 .*got -1/
  ],
  [
    "a level that is nothing",
    () => kanNetwork({width: [2, any(null), 1]}),
    /width\[1\] must be a number of nodes, or \[.*got null/
  ],
  [
    "a level of three",
    () => kanNetwork({width: [2, any([1, 1, 1]), 1]}),
    /width\[1\] must be.*got \[1,1,1\]/
  ],
  [
    "a key that is a number",
    () => kanNetwork({width: [2, 1], key: any(3)}),
    /key must be a key, such as key\(1\), got 3/
  ],
  [
    "rows within rows",
    () => predict(network, any([[1, 2]])),
    /one list of numbers, row after row, got a list of lists: flatten/
  ],
  ["numbers as text", () => predict(network, any(["1", "2"])), /got "1" in row 0/],
  [
    "samples that are NaN",
    () => updateGrid(network, [0, Number.NaN]),
    /finite.*got NaN in row 0, column 1: leave such rows out/
  ],
  [
    "an option that updateGrid has not",
    () => updateGrid(network, inputs, any({gridEps: 0})),
    /no option gridEps.*blend, at/
  ],
  [
    "an option that prune has not",
    () => prune(network, inputs, any({node: 1})),
    /no option node: it is called nodes here/
  ],
  ["one sample to prune by", () => prune(network, [0.1, 0.2]), /two rows of inputs at least, got 1/],
  ["one sample to prune inputs by", () => pruneInput(network, [0.1, 0.2]), /two rows of inputs at least/],
  ["an option that perturb has not", () => perturb(network, any({scale: 1})), /no option scale/],
  ["no nodes to add", () => expandWidth(network, 1, any(undefined)), /expandWidth takes an object/],
  [
    "no samples to fit",
    () => fitKan(network, any(undefined)),
    /data must be samples, \{inputs, targets\}, got undefined/
  ],
  [
    "a blend beyond one",
    () => fitKan(network, data, {blend: 3}),
    /blend must be a number between 0 and 1, got 3/
  ],
  [
    "one part that is no list",
    () => fitKan(network, data, {trained: any("symbolic")}),
    /trained must be a list.*got symbolic/
  ],
  [
    "weights that are NaN",
    () => gradients(network, [0, 1], [Number.NaN]),
    /weights must be finite numbers, got NaN at 0/
  ],
  [
    "an edge before there are inputs",
    () => fixSymbolic(network, any(undefined), ONLY, "sin"),
    /needs the inputs.*pass those/
  ],
  [
    "no edge",
    () => fixSymbolic(network, inputs, any(undefined), "sin"),
    /no edge in layer undefined.*2 x 3, 3 x 1/
  ],
  ["no edge to unfix", () => unfixSymbolic(network, any(undefined)), /no edge/],
  [
    "no name",
    () => fixSymbolic(network, inputs, ONLY, any(undefined)),
    /told by its name.*such as "sin", got undefined/
  ],
  ["a number for a name", () => symbolicFunction(any(3)), /told by its name.*got 3/],
  [
    "a library that is a name",
    () => suggestSymbolic(network, inputs, ONLY, {library: any("sin")}),
    /library must be a list/
  ]
];

/** Options that a function does not have, and what it has to be told about the first. */
const UNKNOWN: [string, (options: never) => unknown, object, RegExp][] = [
  [
    "bspline",
    bspline,
    {k: 5},
    /bspline has no option k: it is called order here\. There are grid, order, range/
  ],
  ["bspline", bspline, {grid_size: 5}, /no option grid_size: it is called grid here/],
  ["bspline", bspline, {grid_range: [0, 1]}, /called range here/],
  ["bspline", bspline, {colour: 1}, /bspline has no option colour\. There are grid/],
  ["chebyshev", chebyshev, {order: 5}, /called degree here/],
  ["fourier", fourier, {gridsize: 5}, /called frequencies here/],
  ["rbf", rbf, {num_grids: 5}, /called size here/],
  ["reluBumps", reluBumps, {k: 2}, /called order here/],
  ["wavelet", wavelet, {wavelet_type: "dog"}, /called kind here/],
  ["uniformKnots", uniformKnots, {intervals: 3, order: 3, grid_range: [0, 1]}, /called range here/],
  [
    "adaptedKnots",
    adaptedKnots,
    {x: splines.x, knots, inputs: 1, order: 3, grid_eps: 0.5},
    /called blend here/
  ],
  ["updatedGrid", updatedGrid, {...splines, gridEps: 0.5}, /gridEps: it is called blend here/],
  [
    "leastSquares",
    leastSquares,
    {matrix: [1], rows: 1, columns: 1, targets: [1], rcond: 1},
    /called tolerance here/
  ],
  [
    "kanLayer",
    kanLayer,
    {units: 1, k: 5},
    /no option k: order is an option of B-splines: \{basis: bspline\(\{order: \.\.\.\}\)\}/
  ],
  [
    "kanLayer",
    kanLayer,
    {units: 1, degree: 5},
    /degree is an option of Chebyshev polynomials: \{basis: chebyshev\(/
  ],
  ["kanLayer", kanLayer, {units: 1, bias: true}, /called useBias here/],
  ["kanLayer", kanLayer, {out_features: 1}, /called units here/],
  [
    "kan",
    (options) => kan([2, 1], options),
    {grid_size: 5},
    /kan has no option grid_size: grid is an option of B-splines/
  ],
  ["kan", (options) => kan([2, 1], options), {units: 3}, /kan has no option units/],
  ["kan", (options) => kan([2, 1], options), {mult_arity: 3}, /called arity here/],
  [
    "efficientKan",
    (options) => efficientKan([2, 1], options),
    {grid_size: 3},
    /efficientKan.*called grid here/
  ],
  ["fastKan", (options) => fastKan([2, 1], options), {num_grids: 3}, /fastKan.*called size here/],
  [
    "chebyKan",
    (options) => chebyKan([2, 1], options),
    {grid: 3},
    /chebyKan has no option grid\. There are degree/
  ],
  ["afKan", (options) => afKan([2, 1], options), {grid_size: 3}, /afKan .*called grid here/],
  ["afKanLayer", afKanLayer, {units: 1, k: 3}, /afKanLayer.*called order here/],
  ["kanAutoencoder", kanAutoencoder, {widths: [3]}, /called sizes here/],
  ["kanConv2d", kanConv2d, {out_channels: 3, kernelSize: 3}, /called filters here/],
  ["kanConv2d", kanConv2d, {filters: 3, kernelSize: 3, grid: 5}, /grid is an option of B-splines/],
  ["kolmogorovArnoldAttention", kolmogorovArnoldAttention, {num_heads: 2}, /called heads here/],
  ["selectableKan", (options) => selectableKan([2, 1], options), {bases: []}, /called pool here/],
  ["selectableKanLayer", selectableKanLayer, {units: 1, bases: []}, /called pool here/],
  [
    "fitSelectable",
    (options) => fitSelectable(selectableKan([2, 1]), any(data), options),
    {steps: 9, lr: 1},
    /no option lr\. There are steps/
  ],
  [
    "activationPenalty",
    (options) => activationPenalty(kan([2, 1]), {}, any(0), options),
    {lamb_l1: 1},
    /called l1 here/
  ],
  ["regularised", (options) => regularised(kan([2, 1]), options), {lamb: 1}, /called weight here/],
  ["weightPenalty", (options) => weightPenalty({}, options), {regularize_entropy: 1}, /called entropy here/],
  ["kanNetwork", kanNetwork, {width: [2, 1], noise_scale: 1}, /called noise here/],
  ["fitKan", (options) => fitKan(network, data, options), {lamb_coefdiff: 1}, /called lambCoefDiff here/],
  ["prune", (options) => prune(network, inputs, options), {node_th: 1}, /called nodes here/],
  [
    "edgeCurves",
    (options) => edgeCurves(network, inputs, options),
    {count: 9},
    /edgeCurves has no option count\. There are points/
  ],
  [
    "setSymbolic",
    (options) => setSymbolic(network, ONLY, options),
    {name: "sin", a: 2},
    /no option a: it is called inner here/
  ],
  [
    "suggestSymbolic",
    (options) => suggestSymbolic(network, inputs, ONLY, options),
    {lib: ["x"]},
    /called library here/
  ],
  ["no object", bspline, any(5), /bspline takes an object with some of grid.*got 5/]
];

test.each(UNKNOWN)("%s refuses options that it does not have: case %#", (_name, call, options, message) => {
  expect(() => call(options as never)).toThrow(ArgumentError);
  expect(() => call(options as never)).toThrow(message);
});

test("a misspelt part of an equation's condition is refused", async () => {
  const conditions = [{inputs: Float64Array.of(0.1), right: [0], curvature: [1]}];
  await expect(fitEquation(kanNetwork({width: [1, 1]}), conditions).next()).rejects.toThrow(
    "conditions[0] has no option curvature: it is called curvatures here"
  );
});

test("what edges are found to be can be set with all that is said of it", () => {
  const [best] = suggestSymbolic(network, inputs, ONLY, {library: ["sin"]});
  expect(setSymbolic(network, ONLY, best as NonNullable<typeof best>).layers[0]?.symbolic[0]?.name).toBe(
    "sin"
  );
});

describe("what is wrong is told with what would be right", () => {
  test.each(WRONG)("%s", (_name, call, message) => {
    expect(call).toThrow(ArgumentError);
    expect(call).toThrow(message);
  });
});

test("samples that differ by less than numbers can be divided by tell nothing about a range", () => {
  const coefficients = Float64Array.from({length: 6}, (_, i) => Math.sin(i));
  const x = Float64Array.from({length: 30}, (_, i) => 5e-324 * (i % 5));
  const updated = updatedGrid({x, knots, coefficients, inputs: 1, outputs: 1, order: 3});
  expect(updated).toEqual({knots, coefficients});
});
