import {describe, expect, test} from "vitest";
import {basisAt, basisDerivativesAt, splineBasis, splineBasisSlopes} from "../../src/ops/kan/spline/basis.ts";
import {basisMatrix, matrixBasis} from "../../src/ops/kan/spline/basis-matrix.ts";
import {coefficientsFrom, splineCurves} from "../../src/ops/kan/spline/coefficients.ts";
import {extendKnots, uniformKnots} from "../../src/ops/kan/spline/knots.ts";
import {leastSquares} from "../../src/ops/kan/spline/least-squares.ts";
import {expectNear, float64, kanFixture} from "./kan-support.ts";

const UNIFORM = [1, 2, 3, 4, 5].map((k, i) => `bspline-basis-uniform-k${k}-g${[4, 5, 5, 6, 3][i]}`);
const ADAPTIVE = [1, 2, 3, 4].map((k, i) => `bspline-basis-adaptive-k${k}-g${[5, 4, 6, 5][i]}`);

describe("basis functions", () => {
  test.each([...UNIFORM, ...ADAPTIVE])("and their derivatives are those of %s", (name) => {
    const {params, inputs, outputs} = kanFixture(name);
    const [x, knots] = [float64(inputs.x), float64(inputs.grid)];
    expectNear(splineBasis(x, knots, 2, params.k as number), float64(outputs.basis), 1e-10);
    expectNear(splineBasisSlopes(x, knots, 2, params.k as number), float64(outputs.dbasis_dx), 1e-10);
  });

  test("beside coinciding knots are pykan's", () => {
    const {params, inputs, outputs} = kanFixture("bspline-basis-degenerate-grid");
    expectNear(
      splineBasis(float64(inputs.x), float64(inputs.grid), 2, params.k as number),
      float64(outputs.basis),
      1e-10
    );
  });

  test("add up to one between the ends, at every order", () => {
    for (const order of [0, 1, 2, 3, 10]) {
      const knots = extendKnots([-1, -0.9, 0.3, 0.35, 2], order);
      const x = Float64Array.of(-1, -0.95, -0.9, 0.2, 0.3, 0.34, 1.999);
      const width = 4 + order;
      const basis = splineBasis(x, knots, 1, order);
      const sums = x.map((_, s) => basis.subarray(s * width, (s + 1) * width).reduce((a, b) => a + b, 0));
      expectNear(
        sums,
        x.map(() => 1),
        1e-12
      );
    }
  });

  test("have the slopes of finite differences at order 10, beyond the ends too", () => {
    const knots = extendKnots([-1, -0.2, 0.3, 0.6, 2], 10);
    const x = Float64Array.from({length: 60}, (_, i) => -8 + i * 0.29 + 0.0137);
    const step = 1e-5;
    const above = splineBasis(
      x.map((value) => value + step),
      knots,
      1,
      10
    );
    const below = splineBasis(
      x.map((value) => value - step),
      knots,
      1,
      10
    );
    const slopes = above.map((value, i) => (value - (below[i] as number)) / (2 * step));
    expectNear(splineBasisSlopes(x, knots, 1, 10), slopes, 1e-6, 1e-8);
  });

  test("have higher derivatives that are those of the lower ones", () => {
    const knots = extendKnots([-1, -0.2, 0.3, 0.6, 2], 4);
    const [values, above, below] = [0, 0, 0].map(() => new Float64Array(5)) as [
      Float64Array,
      Float64Array,
      Float64Array
    ];
    for (let x = -3.7132; x < 5; x += 0.27)
      for (const times of [1, 2, 3]) {
        const first = basisDerivativesAt(x, knots, 0, 13, 4, times, values);
        expect(basisDerivativesAt(x + 1e-5, knots, 0, 13, 4, times - 1, above)).toBe(first);
        basisDerivativesAt(x - 1e-5, knots, 0, 13, 4, times - 1, below);
        expectNear(
          values,
          above.map((value, i) => (value - (below[i] as number)) / 2e-5),
          1e-6,
          1e-6
        );
      }
    basisDerivativesAt(0.1, knots, 0, 13, 4, 5, values);
    expect(values.every((value) => value === 0)).toBe(true);
  });

  test("are zero outside the knots and for NaN", () => {
    const knots = uniformKnots({intervals: 3, order: 2});
    const x = Float64Array.of(-3, 7 / 3, 5, Number.NaN, Number.POSITIVE_INFINITY);
    expect(splineBasis(x, knots, 1, 2).every((value) => value === 0)).toBe(true);
    expect(splineBasisSlopes(x, knots, 1, 2).every((value) => value === 0)).toBe(true);
  });

  test("are written from an index that always leaves room for order + 1", () => {
    const knots = uniformKnots({intervals: 1, order: 3});
    const values = new Float64Array(4);
    for (let x = -8; x < 8; x += 0.37) expect(basisAt(x, knots, 0, 8, 3, values)).toBe(0);
    expect(basisAt(0.5, uniformKnots({intervals: 4, order: 3}), 0, 11, 3, values)).toBe(3);
  });
});

describe("knots", () => {
  test("are asked for in whole intervals, orders and ranges", () => {
    expect(() => uniformKnots({intervals: 0, order: 3})).toThrow(/at least one interval.*got 0/);
    expect(() => uniformKnots({intervals: 3, order: -1})).toThrow(/order must be.*got -1/);
    expect(() => uniformKnots({intervals: 3, order: 3, range: [1, 1]})).toThrow(/lower one first/);
    expect(() => extendKnots([0], 3)).toThrow(/two points/);
    expect(() => extendKnots([0, 2, 1], 3)).toThrow(/ascending, got 1 at 2 after 2/);
    expect(() => splineBasis(Float64Array.of(0), Float64Array.of(0, 1, 2), 1, 3)).toThrow(
      /rows of 8 at least/
    );
  });

  test("end where the range ends, to the last bit", () => {
    const knots = uniformKnots({inputs: 2, intervals: 7, order: 2, range: [0.1, 0.7]});
    expect([knots[2], knots[9], knots[14], knots[21]]).toEqual([0.1, 0.7, 0.1, 0.7]);
  });
});

describe("the matrix form", () => {
  test("has MatrixKAN's matrix and Cox and de Boor's values, within and outside the grid", () => {
    const {inputs, outputs} = kanFixture("matrixkan-basis-equality-k3");
    const [x, knots] = [float64(inputs.x), float64(inputs.grid)];
    expectNear(basisMatrix(3), float64(outputs.basis_matrix), 1e-7);
    expectNear(matrixBasis(x, knots, 2, 3), float64(outputs.basis_recursion), 1e-9);
    expectNear(matrixBasis(float64(outputs.x_outside), knots, 2, 3), float64(outputs.basis_outside));
  });

  test.each([0, 1, 5, 10])("is the recursion at order %i", (order) => {
    const knots = uniformKnots({intervals: 4, order, range: [-1, 2]});
    const x = Float64Array.from({length: 200}, (_, i) => -4 + i * 0.041);
    expectNear(matrixBasis(x, knots, 1, order), splineBasis(x, knots, 1, order), 1e-9, 1e-11);
  });
});

describe("coefficients", () => {
  const cases = ["overdetermined", "minnorm-k2", "minnorm-interior-knots", "rankdeficient-gap"];
  test.each(cases)("are the shortest least-squares solution: %s", (name) => {
    const {params, inputs, outputs} = kanFixture(`curve2coef-${name}`);
    const [rows, outs] = [inputs.grid?.shape[0] as number, inputs.y?.shape[2] as number];
    const edges = {
      x: float64(inputs.x),
      knots: float64(inputs.grid),
      inputs: rows,
      outputs: outs,
      order: params.k as number
    };
    const coefficients = coefficientsFrom({...edges, y: float64(inputs.y)});
    expectNear(coefficients, float64(outputs.coef));
    expectNear(splineCurves({...edges, coefficients}), float64(outputs.fitted));
  });
});

describe("leastSquares", () => {
  /** Solutions are checked by what defines them: residuals at right angles to columns, solutions to what columns leave free. */
  test("finds the shortest of the best solutions where columns depend on one another", () => {
    // The third column is the first plus twice the second: (1, 2, -1) is free.
    const rows = [
      [1, 0, 1],
      [0, 1, 2],
      [1, 1, 3],
      [2, -1, 0]
    ];
    const targets = Float64Array.of(1, 2, 3, 5);
    const {solution, rank} = leastSquares({
      matrix: Float64Array.from(rows.flat()),
      rows: 4,
      columns: 3,
      targets
    });
    expect(rank).toBe(2);
    const residual = rows.map((row, i) => dot(row, solution) - (targets[i] as number));
    for (const j of [0, 1, 2])
      expect(
        dot(
          rows.map((row) => row[j] as number),
          residual
        )
      ).toBeCloseTo(0, 12);
    expect(dot([1, 2, -1], solution)).toBeCloseTo(0, 12);
  });

  test("meets every equation where there are fewer than unknowns", () => {
    const {solution} = leastSquares({
      matrix: Float64Array.of(1, 2, 2),
      rows: 1,
      columns: 3,
      targets: Float64Array.of(9, -18)
    });
    expectNear(solution, [1, -2, 2, -4, 2, -4]);
  });

  test("of nothing but zeros is zero", () => {
    const {solution, rank} = leastSquares({
      matrix: new Float64Array(6),
      rows: 3,
      columns: 2,
      targets: Float64Array.of(1, 2, 3)
    });
    expect([rank, ...solution]).toEqual([0, 0, 0]);
  });

  test("names the number that is not finite", () => {
    const targets = Float64Array.of(1, Number.NaN);
    expect(() => leastSquares({matrix: Float64Array.of(1, 2), rows: 2, columns: 1, targets})).toThrow(
      /targets must hold finite numbers only, got NaN at 1/
    );
  });
});

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}
