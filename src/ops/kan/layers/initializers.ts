// How the published layers begin: what `baseInit`, `scaleInit` and `coefficientInit` of a KAN layer take.
import {type Initializer, varianceScaling} from "../../core/initializers.ts";
import {uniform} from "../../core/random.ts";
import {tf} from "../../tf.ts";

/**
 * pykan's residual weights: mean / sqrt(inputs) + deviation u / sqrt(inputs) with u uniform in [-1, 1).
 *
 * @example
 * import {kanLayer, uniformBase} from "petri/kan";
 * import {key} from "petri/core";
 *
 * // Residual weights around 0.5 instead of 0.
 * const layer = kanLayer({units: 3, baseInit: uniformBase(0.5, 0.1)});
 * display(layer.init(key(0), [2]));
 */
export function uniformBase(mean = 0, deviation = 1): Initializer {
  return (key, shape) => {
    const root = Math.sqrt(shape[0] ?? 1);
    return uniform(key, shape, (mean - deviation) / root, (mean + deviation) / root);
  };
}

/** pykan's spline factors: 1 / sqrt(inputs) each. */
export const evenScale: Initializer = (_key, shape) => tf.fill([...shape], 1 / Math.sqrt(shape[0] ?? 1));

/** PyTorch's default for linear layers, uniform in +-1 / sqrt(inputs): residual weights and factors of efficient-kan, residual weights of FastKAN. */
export const torchLinear: Initializer = varianceScaling({scale: 1 / 3, distribution: "uniform"});
