import {describe, expect, test} from "vitest";
import {key} from "../../src/ops/core/key.ts";
import {gaussians} from "../../src/ops/datasets/index.ts";
import {
  type AffineLayers,
  affineOutputs,
  type BlockCoordinateDescentRow,
  blockCoordinateDescent
} from "../../src/ops/forward-forward/energy/block-coordinate-descent.ts";
import {matrix, product, solveSymmetric} from "../../src/ops/forward-forward/float64/ridge.ts";

const data = gaussians({n: 60, classes: 3, seed: 2});

function all(options: Parameters<typeof blockCoordinateDescent>[1], of = data) {
  const rows: BlockCoordinateDescentRow[] = [];
  const descent = blockCoordinateDescent(of, options);
  for (;;) {
    const {value, done} = descent.next();
    if (done) return {rows, weights: value as AffineLayers};
    rows.push(value as BlockCoordinateDescentRow);
  }
}

describe("block coordinate descent", () => {
  test("the objective never rises, and what has moved is paid for by it", () => {
    const alpha = 0.7;
    const {rows} = all({hidden: [8, 6], epochs: 25, alpha, key: key(1)});
    expect(rows).toHaveLength(26);
    rows.slice(1).forEach(({objective, moved}, i) => {
      const before = rows[i]?.objective as number;
      // Sufficient decrease, with the smallest of alpha and the curvatures of the last layer's exact blocks.
      expect(before - objective).toBeGreaterThanOrEqual((alpha / 2) * moved - 1e-9);
    });
    expect(rows.at(-1)?.objective).toBeLessThan(0.3 * (rows[0]?.objective as number));
    expect(rows.at(-1)?.moved).toBeLessThan(0.05 * (rows[1]?.moved as number));
  });

  test("the network that comes out tells the classes, and the same key gives the same weights", () => {
    const {rows, weights} = all({hidden: [16], epochs: 30, key: key(3)});
    expect(rows.at(-1)?.accuracy).toBeGreaterThan(0.7);
    const inputs = {rows: 60, columns: 2, values: Float64Array.from(data.inputs)};
    const {values} = affineOutputs(weights, inputs);
    const right = Array.from(data.labels).filter((label, row) => {
      const scores = values.subarray(row * 3, row * 3 + 3);
      return scores.every((score) => score <= (scores[label] as number));
    });
    expect(right.length / 60).toBeCloseTo(rows.at(-1)?.accuracy as number, 9);
    expect(all({hidden: [16], epochs: 30, key: key(3)}).weights).toEqual(weights);
  });

  test("without hidden layers it goes to the least squares of the targets", () => {
    const inputs = Float32Array.of(0, 1, 2, 3);
    const targets = Float32Array.of(1, 3, 5, 7);
    const line = {name: "line", inputs, inputShape: [1], labels: new Int32Array(), classes: 0, targets};
    const {rows, weights} = all({hidden: [], epochs: 400, alpha: 0.01, gamma: 5, rho: 5}, line);
    expect(weights[0]?.values[0]).toBeCloseTo(2, 3);
    expect(weights[0]?.values[1]).toBeCloseTo(1, 3);
    expect(rows.at(-1)?.accuracy).toBeUndefined();
  });

  test("equations are solved", () => {
    const root = matrix(3, 3, (i, j) => Math.sin(3 * i + 2 * j + 1) + (i === j ? 1 : 0));
    const gram = product(
      root,
      matrix(3, 3, (i, j) => root.values[j * 3 + i] as number)
    );
    const x = matrix(3, 2, (i, j) => i - 2 * j);
    const shifted = matrix(3, 3, (i, j) => (gram.values[i * 3 + j] as number) + (i === j ? 0.4 : 0));
    const solved = solveSymmetric(gram, 0.4, product(shifted, x));
    solved.values.forEach((value, i) => {
      expect(value).toBeCloseTo(x.values[i] as number, 9);
    });
    expect(() => solveSymmetric(matrix(2, 2), 0, matrix(2, 1))).toThrow(/larger penalty/);
  });

  test("wrong calls say what to pass instead", () => {
    expect(() => all({hidden: [0]})).toThrow(/hidden\[0\] must be a whole number of at least 1/);
    expect(() => all({hidden: 4 as never})).toThrow(/e\.g\. \[64, 64\]; got 4/);
    expect(() => all({hidden: [3], alpha: 0})).toThrow(/alpha must be/);
    expect(() => all({hidden: [3], gamma: NaN})).toThrow(/gamma must be/);
    expect(() => all({hidden: [3], rate: 1} as never)).toThrow(/no option rate/);
  });
});
