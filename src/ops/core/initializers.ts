// Fresh kernels and biases: what `kernelInit` and `biasInit` of layers take.
import {type Tensor, tf} from "../tf.ts";
import {ArgumentError, checkNumber} from "./errors.ts";
import type {Key} from "./key.ts";
import type {Shape} from "./layer.ts";
import {normal, truncatedNormal, uniform} from "./random.ts";

/** Makes a fresh tensor of a shape. Kernels are [...window, in, out]. */
export type Initializer = (key: Key, shape: Shape) => Tensor;

/** Standard deviation of a standard normal truncated at 2; dividing by it keeps the variance that was asked for. */
const TRUNCATED_STD = 0.8796256610342398;

/** Inputs and outputs of one unit of a kernel shaped [...window, in, out]. */
export function fans(shape: Shape): {fanIn: number; fanOut: number} {
  const window = shape.slice(0, -2).reduce((size, dim) => size * dim, 1);
  return {fanIn: window * (shape.at(-2) ?? 1), fanOut: window * (shape.at(-1) ?? 1)};
}

export interface VarianceScalingOptions {
  /** The variance times the fan, 1 by default; `gain(activation) ** 2` keeps the size of what passes an activation. */
  scale?: number;
  /** What the variance is divided by: inputs (the default), outputs, or the mean of both. */
  mode?: "fanIn" | "fanOut" | "fanAverage";
  /** "truncatedNormal" at two standard deviations (the default), "normal", or "uniform" in +-sqrt(3 variance). */
  distribution?: "truncatedNormal" | "normal" | "uniform";
}

/** Numbers of mean 0 and variance scale / fan, as jax.nn.initializers.variance_scaling: the others here are cases of it. */
export function varianceScaling(options: VarianceScalingOptions = {}): Initializer {
  const {scale = 1, mode = "fanIn", distribution = "truncatedNormal"} = options;
  checkNumber("scale", scale, 0);
  checkOneOf("mode", mode, ["fanIn", "fanOut", "fanAverage"]);
  checkOneOf("distribution", distribution, ["truncatedNormal", "normal", "uniform"]);
  return (key, shape) => {
    const {fanIn, fanOut} = fans(shape);
    const fan = {fanIn, fanOut, fanAverage: (fanIn + fanOut) / 2}[mode];
    const deviation = Math.sqrt(scale / fan);
    if (distribution === "normal") return normal(key, shape, 0, deviation);
    if (distribution === "truncatedNormal") return truncatedNormal(key, shape, deviation / TRUNCATED_STD);
    const limit = Math.sqrt(3) * deviation;
    return uniform(key, shape, -limit, limit);
  };
}

function checkOneOf(name: string, value: string, known: readonly string[]): void {
  if (known.includes(value)) return;
  const list = known.map((each) => `"${each}"`).join(", ");
  throw new ArgumentError(`${name} must be one of ${list}, got ${JSON.stringify(value)}.`);
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
export const lecunNormal: Initializer = varianceScaling();

/** Uniform in +-sqrt(3 / fanIn) (LeCun et al. 1998). */
export const lecunUniform: Initializer = varianceScaling({distribution: "uniform"});

/** Variance 2 / fanIn, truncated normal (He et al. 2015): for ReLU networks. */
export const heNormal: Initializer = varianceScaling({scale: 2});

/** Uniform in +-sqrt(6 / fanIn) (He et al. 2015). */
export const heUniform: Initializer = varianceScaling({scale: 2, distribution: "uniform"});

/** Variance 2 / (fanIn + fanOut), truncated normal (Glorot & Bengio 2010). */
export const glorotNormal: Initializer = varianceScaling({mode: "fanAverage"});

/** Uniform in +-sqrt(6 / (fanIn + fanOut)) (Glorot & Bengio 2010). */
export const glorotUniform: Initializer = varianceScaling({mode: "fanAverage", distribution: "uniform"});

const GAINS = {linear: 1, sigmoid: 1, tanh: 5 / 3, relu: Math.SQRT2, selu: 3 / 4} as const;

/**
 * By how much weights are scaled up for an activation, as torch.nn.init.calculate_gain: 1 for linear and sigmoid, 5/3 for
 * tanh, sqrt 2 for relu, 3/4 for selu, sqrt(2 / (1 + slope^2)) for leakyRelu, whose slope is 0.01 unless given.
 */
export function gain(activation: keyof typeof GAINS | "leakyRelu", slope = 0.01): number {
  if (activation === "leakyRelu") return Math.sqrt(2 / (1 + slope * slope));
  const found = GAINS[activation];
  if (found === undefined) {
    throw new ArgumentError(
      `There is no gain for "${String(activation)}". Use one of ${Object.keys(GAINS).join(", ")}, leakyRelu.`
    );
  }
  return found;
}
