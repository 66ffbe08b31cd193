import {describe, expect, test} from "vitest";
import {lbfgsFloat64} from "../../src/ops/core/optimizers/lbfgs/lbfgs.ts";
import {fitGaussNewton} from "../../src/ops/kan/gauss-newton/fit.ts";
import {kanNetwork} from "../../src/ops/kan/network/create.ts";
import {fitKan} from "../../src/ops/kan/network/fit.ts";
import type {KanFitOptions, KanFitRow} from "../../src/ops/kan/network/fit-options.ts";
import {updateGrid} from "../../src/ops/kan/network/grids.ts";
import {Objective, trainedOf} from "../../src/ops/kan/network/objective.ts";
import {TRAINED} from "../../src/ops/kan/network/parameters.ts";
import {predict} from "../../src/ops/kan/network/predict.ts";
import type {KanLayer, KanNetwork} from "../../src/ops/kan/network.ts";
import {setSymbolic} from "../../src/ops/kan/symbolic/edges.ts";
import {storedNetwork} from "./kan-networks.ts";
import {expectNear, float64, kanFixture} from "./kan-support.ts";
import type {Fixture} from "./support.ts";

const dataOf = ({inputs}: Fixture, part: "train" | "test") => ({
  inputs: float64(inputs[`${part}_input`]),
  targets: float64(inputs[`${part}_label`])
});

async function rowsOf(network: KanNetwork, stored: Fixture, options: KanFitOptions) {
  const training = fitKan(network, dataOf(stored, "train"), {test: dataOf(stored, "test"), ...options});
  const rows: KanFitRow[] = [];
  for await (const row of training) rows.push(row);
  return {rows, network: training.network};
}

function expectNetwork(found: KanNetwork, wanted: KanNetwork, rtol: number): void {
  for (const [l, layer] of found.layers.entries())
    for (const part of ["knots", "coefficients", "baseScale", "splineScale"] as const)
      expectNear(layer[part], (wanted.layers[l] as KanLayer)[part], rtol, 1e-7);
}

const COMPARABLE = 1e-3;

describe("training in float64", () => {
  test.each([
    ["kan-lbfgs-trajectory-2-5-1", {updateGrid: false}],
    ["kan-lbfgs-trajectory-gridupdate-reg", {lamb: 0.002}]
  ] as const)("goes the way of pykan's L-BFGS: %s", async (name, options) => {
    const stored = kanFixture(name);
    const {outputs} = stored;
    const network = storedNetwork(stored, stored.inputs);
    const {rows} = await rowsOf(network, stored, {...options, steps: 5});
    const tolerances = float64(outputs.train_rmse_rtol);
    const comparable = tolerances.filter((rtol) => rtol < COMPARABLE).length;
    expect(comparable).toBeGreaterThan(3);
    const evaluations = float64(outputs.loss_evals_per_step);
    for (let i = 0; i < comparable; ++i) {
      const row = rows[i] as KanFitRow;
      const rtol = 10 * (tolerances[i] as number);
      expectNear([row.testRmse as number], [float64(outputs.test_rmse)[i] as number], rtol, 1e-9);
      expect(row.evaluations - (rows[i - 1]?.evaluations ?? 0)).toBe(evaluations[i]);
      expect(row.rmse).toBeLessThanOrEqual((float64(outputs.train_rmse)[i] as number) * 1.0001);
    }
    const two = await rowsOf(network, stored, {...options, steps: 2});
    expectNetwork(two.network, storedNetwork(stored, outputs, undefined, "after2_"), 1e-5);
  });

  test.each([
    ["kan-lbfgs-trajectory-2-5-1", false],
    ["kan-lbfgs-trajectory-gridupdate-reg", true]
  ])("evaluates where pykan does: %s", async (name, movesGrid) => {
    const stored = kanFixture(name);
    const {outputs, params} = stored;
    const data = dataOf(stored, "train");
    const fresh = storedNetwork(stored, stored.inputs);
    const network = movesGrid ? updateGrid(fresh, data.inputs) : fresh;
    const {places, values} = trainedOf(network, TRAINED);
    const penalty = {lamb: params.lamb as number};
    const objective = new Objective(network, data.inputs, data.targets, {samples: 150, places, penalty});
    const seen: number[] = [];
    const minimizer = lbfgsFloat64({toleranceGradient: 1e-32, toleranceChange: 1e-32, leastCurvature: 1e-32});
    const loss = (at: Float64Array) => {
      const found = objective.evaluate(at);
      seen.push(objective.meanSquare);
      return found;
    };
    let [at, state] = [values, minimizer.init(values)];
    for (let step = 0; step < 3; ++step) {
      const end = await minimizer.step(loss, at, state, {iterations: 20, maxEvaluations: 25});
      [at, state] = [end.params, end.state];
    }
    const [wanted, rtol] = [float64(outputs.closure_mse_first75), float64(outputs.closure_mse_rtol)];
    const count = Math.min(seen.length, wanted.length);
    expect(count).toBeGreaterThan(65);
    for (let i = 0; i < count; ++i) expectNear([seen[i] as number], [wanted[i] as number], rtol[i], 0);
  });

  test("goes the way of pykan's Adam", async () => {
    const stored = kanFixture("kan-adam-trajectory-2-3-1");
    const {outputs} = stored;
    const network = storedNetwork(stored, stored.inputs);
    const options = {optimizer: "adam", learningRate: 0.02, lamb: 0.001, updateGrid: false} as const;
    const {rows} = await rowsOf(network, stored, {...options, steps: 20});
    expectNear(
      rows.map(({rmse}) => rmse),
      float64(outputs.train_rmse),
      1e-9
    );
    expectNear(
      rows.map(({testRmse}) => testRmse as number),
      float64(outputs.test_rmse),
      1e-9
    );
    expectNear(
      rows.map(({penalty}) => penalty as number),
      float64(outputs.reg),
      1e-6
    );
    const two = await rowsOf(network, stored, {...options, steps: 2});
    expectNetwork(two.network, storedNetwork(stored, outputs, undefined, "after2_"), 1e-5);
  });

  const inputs = Float64Array.from({length: 60}, (_, i) => i / 30 - 1);
  const line = {inputs, targets: inputs.map((x) => 2 * x - 1)};

  test("trains on batches, ends by a signal, and leaves the network alone that it began with", async () => {
    const network = kanNetwork({width: [1, 1], seed: 2});
    const before = predict(network, inputs);
    const aborted = new AbortController();
    const training = fitKan(network, line, {steps: 30, batchSize: 20, logEvery: 10, signal: aborted.signal});
    const seen: number[] = [];
    await expect(async () => {
      for await (const {step} of training) {
        seen.push(step);
        if (step === 20) aborted.abort(new Error("enough"));
      }
    }).rejects.toThrow("enough");
    expect(seen).toEqual([1, 10, 20]);
    expect(predict(network, inputs)).toEqual(before);
    const error = predict(training.network, inputs).map((y, i) => Math.abs(y - (line.targets[i] as number)));
    expect(Math.max(...error)).toBeLessThan(1e-3);
  });

  test("ends where nothing gets better any more", async () => {
    const training = fitKan(kanNetwork({width: [1, 1], seed: 2}), line, {steps: 400, updateGrid: false});
    const rows = [];
    for await (const row of training) rows.push(row);
    expect(rows.length).toBeLessThan(300);
    expect(training.stopped).toBeDefined();
    expect(rows.at(-1)?.rmse).toBeLessThan(1e-9);
  });

  test.each([
    [{data: {inputs: [0, NaN], targets: [1, 2]}}, /finite numbers, got NaN in row 1, column 0/],
    [{data: {inputs: [0, 1], targets: [1]}}, /2 rows of inputs but 1 of targets/],
    [{data: {inputs: [0, 1]}}, /must have targets/],
    [{data: {inputs: [], targets: []}}, /at least one, got 0/],
    [{options: {optimizer: "sgd"}}, /"lbfgs" or "adam", got sgd/],
    [{options: {metric: "edge"}}, /edge_forward_spline_n/],
    [{options: {step: 3}}, /no option step\./],
    [{options: {batchSize: 61}}, /between 1 and 60/]
  ])(
    "says what is wrong: %o",
    ({data = line, options = {}}: object & {data?: object; options?: object}, message) => {
      const network = kanNetwork({width: [1, 1]});
      expect(() => fitKan(network, data as typeof line, options as KanFitOptions)).toThrow(message);
    }
  );
});

test("Gauss-Newton steps train the numbers of functions to the last digit", async () => {
  const inputs = Float64Array.from({length: 200}, (_, i) => Math.sin(i * i));
  const wanted = (x: number, y: number) => Math.exp(Math.sin(Math.PI * x) + y * y);
  const targets = Float64Array.from({length: 100}, (_, i) =>
    wanted(inputs[2 * i] as number, inputs[2 * i + 1] as number)
  );
  const edges = [
    [
      {layer: 0, from: 0, to: 0},
      {name: "sin", inner: 3.143, offset: 0.001, scale: -0.4525, shift: 0.39}
    ],
    [
      {layer: 0, from: 1, to: 0},
      {name: "x^2", inner: 10, offset: 0.001, scale: -0.0045, shift: 0.53}
    ],
    [
      {layer: 1, from: 0, to: 0},
      {name: "exp", inner: -2.2, offset: 9.98, scale: 0.00036, shift: 0.001}
    ]
  ] as const;
  let network = kanNetwork({width: [2, 1, 1]});
  for (const [edge, own] of edges) network = setSymbolic(network, edge, own);
  const errors: number[] = [];
  for await (const {rmse} of fitGaussNewton(network, {inputs, targets}, {steps: 20})) errors.push(rmse);
  expect(errors[0]).toBeGreaterThan(1e-6);
  expect(errors.at(-1)).toBeLessThan(1e-13);
});

describe("kanNetwork", () => {
  test("is the same from the same seed, and another from another", () => {
    const [a, b, c] = [3, 3, 4].map((seed) => kanNetwork({width: [2, [1, 1], 1], seed})) as [
      KanNetwork,
      KanNetwork,
      KanNetwork
    ];
    expect(a).toEqual(b);
    expect(a.layers[0]?.coefficients).not.toEqual(c.layers[0]?.coefficients);
    expect(a.layers.map(({inputs, outputs}) => [inputs, outputs])).toEqual([
      [2, 3],
      [2, 1]
    ]);
  });

  test.each([
    [{grid: 0}, /at least one interval/],
    [{order: -1}, /order must be/],
    [{width: [2]}, /two levels at least/],
    [{width: [2, 0, 1]}, /width\[1\] must have a node/],
    [{width: [[1, 1], 1]}, /cannot multiply/],
    [{base: "relu"}, /one of silu, identity, zero/],
    [{range: [1, -1]}, /lower one first/],
    [{arity: 1}, /at least 2/],
    [{depth: 2}, /no option depth/]
  ])("says what is wrong: %o", (options, message) => {
    expect(() => kanNetwork({width: [2, 1], ...options} as Parameters<typeof kanNetwork>[0])).toThrow(
      message
    );
  });
});
