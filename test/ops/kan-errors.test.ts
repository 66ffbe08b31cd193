import {describe, expect, test} from "vitest";
import {ArgumentError} from "../../src/ops/core/errors.ts";
import {updatedGrid} from "../../src/ops/kan/grid/updated.ts";
import {kanNetwork} from "../../src/ops/kan/network/create.ts";
import {expandWidth, perturb} from "../../src/ops/kan/network/edit.ts";
import {fitKan} from "../../src/ops/kan/network/fit.ts";
import {gradients} from "../../src/ops/kan/network/gradients.ts";
import {updateGrid} from "../../src/ops/kan/network/grids.ts";
import {predict} from "../../src/ops/kan/network/predict.ts";
import {prune, pruneInput} from "../../src/ops/kan/network/prune.ts";
import {uniformKnots} from "../../src/ops/kan/spline/knots.ts";
import {fixSymbolic, unfixSymbolic} from "../../src/ops/kan/symbolic/edges.ts";
import {symbolicFunction} from "../../src/ops/kan/symbolic/functions.ts";
import {suggestSymbolic} from "../../src/ops/kan/symbolic/suggest.ts";

const network = kanNetwork({width: [2, 3, 1]});
const inputs = [0.1, 0.2, 0.3, -0.4];
const data = {inputs, targets: [1, 2]};
const ONLY = {layer: 0, from: 0, to: 0};
/** What callers without types may pass. */
const any = (value: unknown) => value as never;

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
  ["an option that prune has not", () => prune(network, inputs, any({node: 1})), /no option node\./],
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

describe("what is wrong is told with what would be right", () => {
  test.each(WRONG)("%s", (_name, call, message) => {
    expect(call).toThrow(ArgumentError);
    expect(call).toThrow(message);
  });
});

test("samples that differ by less than numbers can be divided by tell nothing about a range", () => {
  const knots = uniformKnots({intervals: 3, order: 3});
  const coefficients = Float64Array.from({length: 6}, (_, i) => Math.sin(i));
  const x = Float64Array.from({length: 30}, (_, i) => 5e-324 * (i % 5));
  const updated = updatedGrid({x, knots, coefficients, inputs: 1, outputs: 1, order: 3});
  expect(updated).toEqual({knots, coefficients});
});
