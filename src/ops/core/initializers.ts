import {type Tensor, tf} from "../tf.ts";
import type {Key} from "./key.ts";
import type {Shape} from "./layer.ts";
import {truncatedNormal, uniform} from "./random.ts";

/** Makes a fresh tensor of a shape. Kernels are [...window, in, out]. */
export type Initializer = (key: Key, shape: Shape) => Tensor;

/** Standard deviation of a standard normal truncated at 2; dividing by it keeps the variance that was asked for. */
const TRUNCATED_STD = 0.8796256610342398;

/** Inputs and outputs of one unit of a kernel shaped [...window, in, out]. */
export function fans(shape: Shape): {fanIn: number; fanOut: number} {
  const window = shape.slice(0, -2).reduce((size, dim) => size * dim, 1);
  return {fanIn: window * (shape.at(-2) ?? 1), fanOut: window * (shape.at(-1) ?? 1)};
}

/** Zeros. */
export const zeros: Initializer = (_key, shape) => tf.zeros([...shape]);

/** Ones. */
export const ones: Initializer = (_key, shape) => tf.ones([...shape]);

/**
 * Variance 1 / fanIn, truncated normal (LeCun et al. 1998): flax's default.
 *
 * @example
 * import {glorotUniform, heNormal, key, lecunNormal} from "petri/core";
 *
 * const drawn = Object.entries({lecunNormal, heNormal, glorotUniform}).flatMap(([name, initialize]) =>
 *   Array.from(initialize(key(0), [100, 50]).dataSync(), (weight) => ({name, weight}))
 * );
 * display(Plot.plot({height: 160, marks: [Plot.rectY(drawn, Plot.binX({y: "count"}, {x: "weight", fx: "name"}))]}));
 */
export const lecunNormal: Initializer = (key, shape) =>
  truncatedNormal(key, shape, Math.sqrt(1 / fans(shape).fanIn) / TRUNCATED_STD);

/** Variance 2 / fanIn, truncated normal (He et al. 2015): for ReLU networks. */
export const heNormal: Initializer = (key, shape) =>
  truncatedNormal(key, shape, Math.sqrt(2 / fans(shape).fanIn) / TRUNCATED_STD);

/** Variance 2 / (fanIn + fanOut), truncated normal (Glorot & Bengio 2010). */
export const glorotNormal: Initializer = (key, shape) => {
  const {fanIn, fanOut} = fans(shape);
  return truncatedNormal(key, shape, Math.sqrt(2 / (fanIn + fanOut)) / TRUNCATED_STD);
};

/** Uniform in +-sqrt(6 / (fanIn + fanOut)) (Glorot & Bengio 2010). */
export const glorotUniform: Initializer = (key, shape) => {
  const {fanIn, fanOut} = fans(shape);
  const limit = Math.sqrt(6 / (fanIn + fanOut));
  return uniform(key, shape, -limit, limit);
};

/** Uniform in +-sqrt(6 / fanIn) (He et al. 2015). */
export const heUniform: Initializer = (key, shape) => {
  const limit = Math.sqrt(6 / fans(shape).fanIn);
  return uniform(key, shape, -limit, limit);
};
