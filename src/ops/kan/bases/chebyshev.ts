import {checkCount} from "../../core/errors.ts";
import {normal} from "../../core/random.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkOptionNames} from "../option-names.ts";
import type {Basis} from "./basis.ts";

export interface ChebyshevOptions {
  /** Highest degree of the polynomials, 4 by default. */
  degree?: number;
}

export const CHEBYSHEV_OPTIONS: Readonly<Record<keyof ChebyshevOptions, true>> = {degree: true};

/**
 * Chebyshev polynomials T_0 ... T_degree of tanh(x) (ChebyKAN, SynodicMonth 2024), by T_n = 2 t T_(n-1) - T_(n-2): cosines of
 * arccosines lose their digits on GPUs, and their gradient at saturated inputs is not a number.
 *
 * @example
 * import {chebyshev} from "petri/kan";
 * import {tf} from "petri/core";
 *
 * const basis = chebyshev({degree: 5});
 * const t = tf.linspace(-1, 1, 101);
 * const values = basis.features(t.reshape([101, 1]), {}).reshape([101, 6]).arraySync();
 * const curves = values.flatMap((row, i) => row.map((y, n) => ({x: -1 + i / 50, y, n: `T${n}`})));
 * display(Plot.plot({height: 200, color: {legend: true}, marks: [Plot.line(curves, {x: "x", y: "y", stroke: "n"})]}));
 */
export function chebyshev(options: ChebyshevOptions = {}): Basis {
  checkOptionNames("chebyshev", options, CHEBYSHEV_OPTIONS);
  const {degree = 4} = options;
  checkCount("degree", degree);
  return {
    name: "chebyshev",
    size: degree + 1,
    squash: "tanh",
    features: (t) =>
      tidy(() => {
        const polynomials: Tensor[] = [tf.onesLike(t), t];
        for (let n = 2; n <= degree; ++n) {
          const [before, last] = polynomials.slice(-2) as [Tensor, Tensor];
          polynomials.push(tf.sub(tf.mul(tf.mul(t, 2), last), before));
        }
        return tf.stack(polynomials, 2);
      }),
    coefficients: (key, inputs, units) =>
      normal(key, [inputs, degree + 1, units], 0, 1 / (inputs * (degree + 1)))
  };
}
