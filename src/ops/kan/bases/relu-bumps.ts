import {checkCount} from "../../core/errors.ts";
import {lecunNormal} from "../../core/initializers.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkOptionNames} from "../option-names.ts";
import {type Basis, checkRange} from "./basis.ts";

export interface ReluBumpsOptions {
  /** Intervals of the grid, 5 by default. */
  grid?: number;
  /** Each bump reaches over order + 1 intervals; 3 by default. */
  order?: number;
  /** Ends of the grid, [0, 1] by default, as in the paper. */
  range?: readonly [number, number];
}

/** Where bumps begin and end, [inputs, size] each. */
export type BumpEnds = {low: Tensor; high: Tensor};

/**
 * ReLU-KAN's bumps (Qiu et al. 2024): (r relu(x - low) relu(high - x))^2 with r = 4 / (high - low)^2, so that each is one at
 * its middle. Ends of every input's bumps are trained. There are grid + order of them.
 *
 * @example
 * import {reluBumps} from "petri/kan";
 * import {key, tf} from "petri/core";
 *
 * const basis = reluBumps({grid: 4, order: 2});
 * const x = tf.linspace(-0.5, 1.5, 201);
 * const own = {params: basis.init(key(0), 1)};
 * const values = basis.features(x.reshape([201, 1]), own).reshape([201, basis.size]).arraySync();
 * const curves = values.flatMap((row, i) => row.map((y, n) => ({x: -0.5 + i / 100, y, n})));
 * display(Plot.plot({height: 160, marks: [Plot.line(curves, {x: "x", y: "y", z: "n"})]}));
 */
export function reluBumps(options: ReluBumpsOptions = {}): Basis {
  checkOptionNames("reluBumps", options, {grid: true, order: true, range: true});
  const {grid = 5, order = 3, range = [0, 1]} = options;
  checkCount("grid", grid);
  checkCount("order", order, 0);
  checkRange(range);
  const size = grid + order;
  const ends = bumpEnds({grid, order, range});
  const height = 4 / ((order + 1) * ends.width) ** 2;
  return {
    name: "reluBumps",
    size,
    init: (_key, inputs) => ({
      low: tf.tile(tf.tensor(ends.low, [1, size]), [inputs, 1]),
      high: tf.tile(tf.tensor(ends.high, [1, size]), [inputs, 1])
    }),
    features: (x, {params}) =>
      tidy(() => {
        const {low, high} = params as BumpEnds;
        const at = tf.expandDims(x, 2);
        const both = tf.mul(tf.relu(tf.sub(at, low)), tf.relu(tf.sub(high, at)));
        return tf.square(tf.mul(both, height));
      }),
    coefficients: (key, inputs, units) =>
      tidy(() => tf.reshape(lecunNormal(key, [inputs * size, units]), [inputs, size, units]))
  };
}

/** Ends of grid + order bumps, each over order + 1 intervals of the grid. */
export function bumpEnds({grid, order, range: [low, high]}: Required<ReluBumpsOptions>): {
  low: number[];
  high: number[];
  width: number;
} {
  const width = (high - low) / grid;
  const starts = Array.from({length: grid + order}, (_, i) => low + (i - order) * width);
  return {low: starts, high: starts.map((start) => start + (order + 1) * width), width};
}
