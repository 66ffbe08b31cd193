import {describe, expect, test} from "vitest";
import {fitGaussNewton} from "../../src/ops/kan/gauss-newton/fit.ts";
import {NormalEquations} from "../../src/ops/kan/gauss-newton/normal-equations.ts";
import {SampleResiduals} from "../../src/ops/kan/gauss-newton/sample-residuals.ts";
import {kanNetwork} from "../../src/ops/kan/network/create.ts";
import {trainedOf} from "../../src/ops/kan/network/objective.ts";
import type {KanNetwork} from "../../src/ops/kan/network.ts";
import {leastSquares} from "../../src/ops/kan/spline/least-squares.ts";
import {expectNear} from "./kan-support.ts";

const sine = (samples: number) => {
  const inputs = Float64Array.from({length: samples}, (_, i) => (2 * i) / (samples - 1) - 1);
  return {inputs, targets: inputs.map((x) => Math.sin(4 * x))};
};

async function lastRow(network: KanNetwork, steps?: number) {
  const rows = [];
  for await (const row of fitGaussNewton(network, sine(200), {steps, test: sine(33)})) rows.push(row);
  return {rows, last: rows.at(-1)};
}

describe("normal equations", () => {
  test("have the least-squares solution where hardly damped", () => {
    const matrix = Float64Array.of(1, 2, 0, 3, -1, 1, 0, 2, 5, 1, 1, 1);
    const targets = Float64Array.of(1, -2, 3, 0.5);
    const equations = new NormalEquations(3);
    for (let row = 0; row < 4; row++)
      equations.add(
        Int32Array.of(0, 1, 2),
        matrix.subarray(row * 3, row * 3 + 3),
        3,
        -(targets[row] as number)
      );
    const step = new Float64Array(3);
    const fall = equations.step(1e-14, step);
    const {solution} = leastSquares({matrix, rows: 4, columns: 3, targets});
    expectNear(step, solution, 1e-9);
    const squares = (x: ArrayLike<number>) =>
      targets.reduce(
        (sum, target, row) => sum + (dot(matrix.subarray(row * 3, row * 3 + 3), x) - target) ** 2,
        0
      );
    expect(fall).toBeCloseTo(squares([0, 0, 0]) - squares(solution), 10);
  });

  test("damp an unknown that nothing depends on instead of failing", () => {
    const equations = new NormalEquations(2);
    equations.add(Int32Array.of(0), Float64Array.of(2), 1, 6);
    const step = new Float64Array(2);
    equations.step(1e-12, step);
    expectNear(step, [-3, 0]);
  });
});

describe("residuals of a network", () => {
  test("have the slopes of finite differences, with products, masked and symbolic edges and two outputs", () => {
    const plain = kanNetwork({width: [2, [1, 1], 2], grid: 3, order: 2, seed: 4});
    const layers = plain.layers.map((layer, l) => ({
      ...layer,
      mask: layer.mask.map((mask, e) => (e === 1 - l ? 0 : mask)),
      symbolic: layer.symbolic.map((_, e) =>
        e === 1 && l === 0 ? {name: "sin", inner: 1.5, offset: 0.2, scale: 0.7, shift: -0.1} : null
      )
    }));
    const network = {...plain, layers};
    const {values, places} = trainedOf(network, ["coefficients", "baseScale", "splineScale"]);
    const data = {
      inputs: Float64Array.of(0.3, -0.4, 0.9, 0.1, -0.7, 0.55),
      targets: Float64Array.of(1, 2, 3, -1, 0, 0.5)
    };
    const residuals = new SampleResiduals(network, data, 3, places);
    const equations = new NormalEquations(values.length);
    residuals.linearise(values, equations);
    const moved = (i: number, by: number) => values.map((value, j) => (i === j ? value + by : value));
    const slopes = values.map(
      (_, i) => (residuals.sum(moved(i, 1e-5)) - residuals.sum(moved(i, -1e-5))) / 4e-5
    );
    expectNear(equations.gradient, slopes, 1e-6, 1e-8);
  });
});

describe("fitGaussNewton", () => {
  test("goes down to what the grid can tell, never up", async () => {
    const {rows, last} = await lastRow(kanNetwork({width: [1, 1], grid: 20, seed: 2}), 20);
    rows.slice(1).forEach((row, i) => {
      expect(row.rmse).toBeLessThan(rows[i]?.rmse as number);
    });
    // A cubic spline's best: (4 h)^4 / 384 at most, at intervals of h = 0.1.
    expect(last?.rmse).toBeLessThan(3e-5);
    expect(last?.testRmse).toBeLessThan(3e-5);
  });

  test("ends where no step makes the error fall", async () => {
    const {rows} = await lastRow(kanNetwork({width: [1, 1], grid: 2, seed: 2}), 500);
    expect(rows.length).toBeLessThan(500);
  });

  test("ends with the signal's reason", async () => {
    const training = fitGaussNewton(kanNetwork({width: [1, 1]}), sine(20), {
      signal: AbortSignal.abort(new Error("enough"))
    });
    await training.next();
    await expect(training.next()).rejects.toThrow("enough");
  });

  test("says what it cannot take", async () => {
    const network = kanNetwork({width: [1, 1]});
    await expect(fitGaussNewton(network, sine(9), {steps: 0}).next()).rejects.toThrow(/steps must be/);
    await expect(fitGaussNewton(network, sine(9), {rate: 1} as object).next()).rejects.toThrow(
      /no option rate/
    );
    const wide = kanNetwork({width: [30, 30, 1], grid: 5});
    const data = {inputs: new Float64Array(30), targets: new Float64Array(1)};
    await expect(fitGaussNewton(wide, data).next()).rejects.toThrow(/1 to 5000 numbers at once.*fitKan/);
  });
});

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}
