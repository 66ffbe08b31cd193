import {ArgumentError, checkCount} from "../../core/errors.ts";
import {truncatedNormal} from "../../core/random.ts";
import {tf, tidy} from "../../tf.ts";
import {checkOptionNames} from "../option-names.ts";
import {type Basis, checkRange, linspace} from "./basis.ts";

export interface RbfOptions {
  /** How many bumps, 8 by default. */
  size?: number;
  /** Centres of the first and the last, [-2, 2] by default. */
  range?: readonly [number, number];
}

export const RBF_OPTIONS: Readonly<Record<keyof RbfOptions, true>> = {size: true, range: true};

/**
 * Gaussian bumps exp(-((x - centre) / h)^2) at even distances h (FastKAN, Li 2024): close to cubic B-splines, and no branches.
 * Inputs are layer-normalised first, so that they lie in the range.
 *
 * @example
 * import {kanLayer, rbf} from "petri/kan";
 * import {key, tf} from "petri/core";
 *
 * const layer = kanLayer({units: 3, basis: rbf()});
 * display(layer.apply(layer.init(key(0), [4]), tf.ones([2, 4])).shape);
 */
export function rbf(options: RbfOptions = {}): Basis {
  checkOptionNames("rbf", options, RBF_OPTIONS);
  const {size = 8, range = [-2, 2]} = options;
  checkCount("size", size);
  if (size < 2) throw new ArgumentError("size must be 2 at least: bumps need a distance, got 1.");
  checkRange(range);
  const centres = linspace(range, size);
  const width = (range[1] - range[0]) / (size - 1);
  return {
    name: "rbf",
    size,
    squash: "layerNorm",
    isResidual: true,
    features: (x) =>
      tidy(() => {
        const away = tf.div(tf.sub(tf.expandDims(x, 2), tf.tensor(centres, [1, 1, size])), width);
        return tf.exp(tf.neg(tf.square(away)));
      }),
    coefficients: (key, inputs, units) => truncatedNormal(key, [inputs, size, units], 0.1)
  };
}
