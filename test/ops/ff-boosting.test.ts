import {describe, expect, test} from "vitest";
import {key} from "../../src/ops/core/key.ts";
import {
  boostedOutputs,
  randomFeatureBoosting
} from "../../src/ops/forward-forward/boosting/random-feature-boosting.ts";
import {type Matrix, matrix} from "../../src/ops/forward-forward/float64/ridge.ts";

const draws = key(1).uniform(2 * 150, -1, 1);
const x = matrix(150, 2, (row, column) => draws[2 * row + column] as number);
const of = (a: number, b: number) => Math.sin(5 * a) * Math.cos(4 * b);
const y = matrix(150, 1, (row) => of(x.values[2 * row] as number, x.values[2 * row + 1] as number));

/** The mean squared error of what the network gives. */
function errorOf(actual: Matrix, wanted: Matrix): number {
  return (
    actual.values.reduce((sum, value, i) => sum + (value - (wanted.values[i] as number)) ** 2, 0) /
    actual.values.length
  );
}

const small = {features: 24, width: 12, penalty: 1e-5, key: key(2)};

describe("random feature boosting", () => {
  test("steps make the error smaller than random features and a head leave it, and than chance would", () => {
    const alone = randomFeatureBoosting(x, y, {...small, layers: 0});
    const boosted = randomFeatureBoosting(x, y, {...small, layers: 12});
    expect(boosted.errors).toHaveLength(13);
    expect(boosted.errors[0]).toBeCloseTo(alone.errors[0] as number, 12);
    boosted.errors.slice(1).forEach((error, i) => {
      expect(error).toBeLessThan((boosted.errors[i] as number) * 1.02);
    });
    expect(boosted.errors.at(-1)).toBeLessThan(0.4 * (alone.errors[0] as number));
    // On rows that it has not seen, too.
    const others = key(9).uniform(200, -1, 1);
    const fresh = matrix(100, 2, (row, column) => others[2 * row + column] as number);
    const truth = matrix(100, 1, (row) =>
      of(fresh.values[2 * row] as number, fresh.values[2 * row + 1] as number)
    );
    const error = errorOf(boostedOutputs(boosted, fresh), truth);
    expect(error).toBeLessThan(errorOf(boostedOutputs(alone, fresh), truth));
  });

  test("what it gives is what it was fitted as, and the same key fits the same", () => {
    const boosted = randomFeatureBoosting(x, y, {...small, layers: 3});
    expect(errorOf(boostedOutputs(boosted, x), y)).toBeCloseTo(boosted.errors.at(-1) as number, 10);
    expect(randomFeatureBoosting(x, y, {...small, layers: 3})).toEqual(boosted);
  });

  test("a head is the ridge regression of its features: its gradient is zero", () => {
    const {first, head, errors} = randomFeatureBoosting(x, y, {...small, layers: 0});
    const objective = (at: Matrix) => {
      const given = boostedOutputs({first, steps: [], head: at, errors}, x);
      return errorOf(given, y) + 1e-5 * at.values.reduce((sum, value) => sum + value * value, 0);
    };
    for (const at of [0, 5, 12]) {
      const moved = (by: number) => ({
        ...head,
        values: head.values.map((value, i) => (i === at ? value + by : value))
      });
      expect((objective(moved(1e-4)) - objective(moved(-1e-4))) / 2e-4).toBeCloseTo(0, 7);
    }
  });

  test("wrong calls say what to pass instead", () => {
    expect(() => randomFeatureBoosting(x, matrix(3, 1))).toThrow(/got 150 and 3/);
    expect(() => randomFeatureBoosting(x, y, {penalty: 0})).toThrow(/penalty must be/);
    expect(() => randomFeatureBoosting(x, y, {rate: NaN})).toThrow(/rate must be/);
    expect(() => randomFeatureBoosting(x, y, {depth: 2} as never)).toThrow(/no option depth/);
  });
});
