import {normalised} from "../../../gpu/kernels/norm.ts";
import {type Tensor, tidy} from "../../tf.ts";
import {checkNumber} from "../errors.ts";
import {type Initializer, ones} from "../initializers.ts";
import {expectFeatures, expectShape, type Layer} from "../layer.ts";

export interface RmsNormOptions {
  /** Added to the mean square, 1e-6 by default. */
  epsilon?: number;
  /** Leave the factor out with false. */
  useScale?: boolean;
  scaleInit?: Initializer;
}

/** Parameters: a factor for each feature, [features]. */
export type RmsNormParams = {scale?: Tensor};

/**
 * Normalisation by the root mean square of the last axis (Zhang & Sennrich 2019): y = x / sqrt(mean(x^2) + epsilon) scale. [batch, ..., features] -> the same.
 *
 * @example
 * import {key, rmsNorm, tf} from "petri/core";
 *
 * const layer = rmsNorm();
 * const y = layer.apply(layer.init(key(0), [4]), tf.tensor2d([[1, 2, 3, 4], [10, 20, 30, 40]]));
 * display(Inputs.table(y.arraySync()));
 */
export function rmsNorm(options: RmsNormOptions = {}): Layer<RmsNormParams> {
  const {epsilon = 1e-6, useScale = true, scaleInit = ones} = options;
  checkNumber("epsilon", epsilon, 0);
  const name = "rmsNorm";
  return {
    name,
    init(key, inputShape, path = name) {
      expectShape(inputShape.length > 0, path, "[..., features]", inputShape);
      return useScale ? {scale: scaleInit(key, inputShape.slice(-1))} : {};
    },
    apply({scale}, x, context) {
      expectFeatures(scale, x, context?.path ?? name);
      return tidy(() => normalised(x, {scale}, {epsilon, centred: false}));
    },
    flops: (shape) => 4 * shape.reduce((size, dim) => size * dim, 1)
  };
}
