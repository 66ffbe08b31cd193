import {describe, expect, test} from "vitest";
import {ConditionResiduals} from "../../src/ops/kan/equations/condition-residuals.ts";
import {derivatives} from "../../src/ops/kan/equations/derivatives.ts";
import {fitEquation} from "../../src/ops/kan/equations/fit.ts";
import {NormalEquations} from "../../src/ops/kan/gauss-newton/normal-equations.ts";
import {kanNetwork} from "../../src/ops/kan/network/create.ts";
import {trainedOf} from "../../src/ops/kan/network/objective.ts";
import {predict} from "../../src/ops/kan/network/predict.ts";
import type {KanBase, KanNetwork} from "../../src/ops/kan/network.ts";
import {expectNear} from "./kan-support.ts";

/** A network with every kind of number that it can have, none of them neutral. */
function network(base: KanBase = "silu", width = [2, 3, 1]): KanNetwork {
  const plain = kanNetwork({width, grid: 4, order: 4, base, noise: 3, seed: 7});
  return {
    ...plain,
    layers: plain.layers.map((layer) => ({
      ...layer,
      mask: layer.mask.map((mask, e) => (e === 1 ? 0 : mask)),
      subnodeScale: layer.subnodeScale.map((_, j) => 1.1 - 0.2 * j),
      subnodeBias: layer.subnodeBias.map((_, j) => 0.05 * j - 0.02),
      nodeScale: layer.nodeScale.map((_, j) => 0.9 + 0.1 * j),
      nodeBias: layer.nodeBias.map((_, j) => 0.03 - 0.04 * j)
    }))
  };
}

const POINTS = Float64Array.of(0.31, -0.43, 0.87, 0.12, -0.71, 0.55);

describe("derivatives", () => {
  test.each(["silu", "identity", "zero"] as const)("are those of finite differences, base %s", (base) => {
    const own = network(base, [2, 3, 2]);
    const {values, slopes, curvatures} = derivatives(own, POINTS);
    expectNear(values, predict(own, POINTS), 1e-12);
    const step = 1e-4;
    for (const d of [0, 1]) {
      const at = (by: number) =>
        predict(
          own,
          POINTS.map((x, i) => (i % 2 === d ? x + by : x))
        );
      const [above, below] = [at(step), at(-step)];
      const first = values.map((_, o) => ((above[o] as number) - (below[o] as number)) / (2 * step));
      const second = values.map(
        (value, o) => ((above[o] as number) - 2 * value + (below[o] as number)) / step ** 2
      );
      expectNear(
        slopes.filter((_, i) => i % 2 === d),
        first,
        1e-5,
        1e-6
      );
      expectNear(
        curvatures.filter((_, i) => i % 2 === d),
        second,
        1e-4,
        1e-4
      );
    }
  });

  test("are refused for networks with products or symbolic edges", () => {
    expect(() => derivatives(kanNetwork({width: [2, [1, 1], 1]}), POINTS)).toThrow(/nodes add/);
    const plain = kanNetwork({width: [1, 1]});
    const edge = {name: "sin", inner: 1, offset: 0, scale: 1, shift: 0};
    const symbolic = {...plain, layers: plain.layers.map((layer) => ({...layer, symbolic: [edge]}))};
    expect(() => derivatives(symbolic, POINTS)).toThrow(/symbolic edges/);
  });
});

describe("conditions", () => {
  test("have the slopes of finite differences by every coefficient", () => {
    const own = network();
    const {values, places} = trainedOf(own, ["coefficients"]);
    const conditions = [
      {inputs: POINTS, value: 0.5, slopes: [1, -2], curvatures: [1, 0.7], right: [1, 2, 3], weight: 2},
      {inputs: POINTS.subarray(0, 2), value: 1, right: [0.3]}
    ];
    const residuals = new ConditionResiduals(own, conditions, places);
    const equations = new NormalEquations(values.length);
    residuals.linearise(values, equations);
    const moved = (i: number, by: number) => values.map((value, j) => (i === j ? value + by : value));
    const slopes = values.map(
      (_, i) => (residuals.sum(moved(i, 1e-5)) - residuals.sum(moved(i, -1e-5))) / 4e-5
    );
    expectNear(equations.gradient, slopes, 1e-5, 1e-5);
    const {values: u, slopes: first, curvatures: second} = derivatives(own, POINTS);
    const loss = [0, 1, 2].reduce(
      (sum, s) => {
        const [dx, dy, dxx, dyy] = [
          first[2 * s],
          first[2 * s + 1],
          second[2 * s],
          second[2 * s + 1]
        ] as number[];
        const left =
          0.5 * (u[s] as number) +
          (dx as number) -
          2 * (dy as number) +
          (dxx as number) +
          0.7 * (dyy as number);
        return sum + (2 / 3) * (left - s - 1) ** 2;
      },
      ((u[0] as number) - 0.3) ** 2
    );
    expect(residuals.sum(values)).toBeCloseTo(loss, 9);
  });
});

describe("fitEquation", () => {
  const inside = Float64Array.from({length: 60}, (_, i) => (i + 0.5) / 60);
  const oscillation = [
    {inputs: inside, value: 1, curvatures: [1], right: new Float64Array(60)},
    {inputs: Float64Array.of(0, 1), value: 1, right: [0, Math.sin(1)]}
  ];

  test("solves u'' = -u", async () => {
    let last = kanNetwork({width: [1, 1], grid: 10, order: 4, range: [0, 1], seed: 3});
    for await (const row of fitEquation(last, oscillation, {steps: 20})) last = row.network;
    expectNear(predict(last, inside), inside.map(Math.sin), 0, 1e-6);
  });

  test("says what it cannot take", async () => {
    const own = kanNetwork({width: [1, 1]});
    const [first] = oscillation;
    await expect(fitEquation(own, []).next()).rejects.toThrow(/a condition at least/);
    await expect(fitEquation(own, [{...first, inputs: inside, right: [1]}]).next()).rejects.toThrow(
      /conditions\[0\].right must have a number for each of 60/
    );
    await expect(fitEquation(own, [{inputs: inside, right: inside, slopes: [1, 2]}]).next()).rejects.toThrow(
      /conditions\[0\].slopes must have a factor for each of 1/
    );
    const wide = kanNetwork({width: [1, 2]});
    await expect(fitEquation(wide, oscillation).next()).rejects.toThrow(/one output.*has 2/);
  });
});
