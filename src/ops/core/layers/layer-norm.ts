import {normalised} from "../../../gpu/kernels/norm.ts";
import {type Tensor, tidy} from "../../tf.ts";
import {checkNumber} from "../errors.ts";
import {type Initializer, ones, zeros} from "../initializers.ts";
import {expectFeatures, expectShape, type Layer} from "../layer.ts";

export interface LayerNormOptions {
  /** Added to the variance, 1e-5 by default. */
  epsilon?: number;
  /** Leave the factor or the offset out with false. */
  useScale?: boolean;
  useBias?: boolean;
  scaleInit?: Initializer;
  biasInit?: Initializer;
}

/** Parameters: a factor and an offset for each feature, [features]. */
export type LayerNormParams = {scale?: Tensor; bias?: Tensor};

/**
 * Layer normalisation over the last axis (Ba, Kiros & Hinton 2016): y = (x - mean) / sqrt(variance + epsilon) scale + bias, with the
 * biased variance. [batch, ..., features] -> the same.
 *
 * @example
 * import {key, layerNorm, tf} from "petri/core";
 *
 * const layer = layerNorm();
 * const y = layer.apply(layer.init(key(0), [4]), tf.tensor2d([[1, 2, 3, 4], [10, 20, 30, 40]]));
 * display(Inputs.table(y.arraySync()));
 */
export function layerNorm(options: LayerNormOptions = {}): Layer<LayerNormParams> {
  const {epsilon = 1e-5, useScale = true, useBias = true, scaleInit = ones, biasInit = zeros} = options;
  checkNumber("epsilon", epsilon, 0);
  const name = "layerNorm";
  return {
    name,
    init(key, inputShape, path = name) {
      expectShape(inputShape.length > 0, path, "[..., features]", inputShape);
      const features = inputShape.slice(-1);
      return {
        ...(useScale && {scale: scaleInit(key.fold(0), features)}),
        ...(useBias && {bias: biasInit(key.fold(1), features)})
      };
    },
    apply({scale, bias}, x, context) {
      expectFeatures(scale ?? bias, x, context?.path ?? name);
      return tidy(() => normalised(x, {scale, bias}, {epsilon, centred: true}));
    },
    flops: (shape) => 7 * shape.reduce((size, dim) => size * dim, 1)
  };
}
