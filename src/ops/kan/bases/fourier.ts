import {checkCount} from "../../core/errors.ts";
import {normal} from "../../core/random.ts";
import {checkOptionNames} from "../option-names.ts";
import type {Basis} from "./basis.ts";
import {waves} from "./waves.ts";

export interface FourierOptions {
  /** Highest frequency: cos(x) ... cos(frequencies x) and as many sines; 5 by default. */
  frequencies?: number;
}

/**
 * Cosines and sines of 1 ... frequencies times x (FourierKAN, GistNoesis 2024), of period 2 pi: no grid, and nothing is zero
 * anywhere. Coefficients begin normal with variance 1 / (inputs frequencies).
 *
 * @example
 * import {fourier, kanLayer} from "petri/kan";
 * import {key, tf} from "petri/core";
 *
 * const layer = kanLayer({units: 1, basis: fourier({frequencies: 3})});
 * const params = layer.init(key(1), [1]);
 * const y = layer.apply(params, tf.linspace(-6, 6, 121).reshape([121, 1])).dataSync();
 * display(Plot.lineY(y).plot({height: 160}));
 */
export function fourier(options: FourierOptions = {}): Basis {
  checkOptionNames("fourier", options, {frequencies: true});
  const {frequencies = 5} = options;
  checkCount("frequencies", frequencies);
  const size = 2 * frequencies;
  return {
    name: "fourier",
    size,
    features: (x) => waves(x, frequencies),
    coefficients: (key, inputs, units) =>
      normal(key, [inputs, size, units], 0, 1 / Math.sqrt(inputs * frequencies))
  };
}
