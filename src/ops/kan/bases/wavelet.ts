import {ArgumentError, checkCount} from "../../core/errors.ts";
import {lecunNormal} from "../../core/initializers.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkOptionNames} from "../option-names.ts";
import {type Basis, checkRange} from "./basis.ts";

export interface WaveletOptions {
  /** "mexicanHat" (the default), "morlet", or "dog", the derivative of a Gaussian. */
  kind?: keyof typeof WAVELETS;
  /** Levels of detail: one wavelet over the whole range, two over its halves, four, ...; 3 by default, which makes 7. */
  levels?: number;
  /** What the wavelets of a level share among them at the start, [-1, 1] by default. */
  range?: readonly [number, number];
}

/** Middle and width of each wavelet, [inputs, size]. */
export type WaveletPlaces = {centre: Tensor; width: Tensor};

/**
 * Wavelets psi((x - centre) / width) at several levels of detail, after Wav-KAN (Bozorgasl & Chen 2024). Middles and widths are trained;
 * here they belong to an input and are shared by all edges that leave it, where Wav-KAN has one wavelet of its own an edge.
 *
 * @example
 * import {wavelet} from "petri/kan";
 * import {key, tf} from "petri/core";
 *
 * const basis = wavelet({levels: 2});
 * const own = {params: basis.init(key(0), 1)};
 * const values = basis.features(tf.linspace(-2, 2, 161).reshape([161, 1]), own).reshape([161, 3]).arraySync();
 * const curves = values.flatMap((row, i) => row.map((y, n) => ({x: -2 + i / 40, y, n})));
 * display(Plot.plot({height: 160, marks: [Plot.line(curves, {x: "x", y: "y", z: "n"})]}));
 */
export function wavelet(options: WaveletOptions = {}): Basis {
  checkOptionNames("wavelet", options, {kind: true, levels: true, range: true});
  const {kind = "mexicanHat", levels = 3, range = [-1, 1]} = options;
  checkCount("levels", levels);
  checkRange(range);
  const mother = WAVELETS[kind];
  if (!mother)
    throw new ArgumentError(
      `There is no wavelet "${String(kind)}". Use one of ${Object.keys(WAVELETS).join(", ")}.`
    );
  const {centres, widths} = dyadic(levels, range);
  const size = centres.length;
  return {
    name: "wavelet",
    size,
    init: (_key, inputs) => ({
      centre: tf.tile(tf.tensor(centres, [1, size]), [inputs, 1]),
      width: tf.tile(tf.tensor(widths, [1, size]), [inputs, 1])
    }),
    features: (x, {params}) =>
      tidy(() => {
        const {centre, width} = params as WaveletPlaces;
        return mother(tf.div(tf.sub(tf.expandDims(x, 2), centre), width));
      }),
    coefficients: (key, inputs, units) =>
      tidy(() => tf.reshape(lecunNormal(key, [inputs * size, units]), [inputs, size, units]))
  };
}

const bell = (t: Tensor) => tf.exp(tf.mul(tf.square(t), -0.5));

const WAVELETS = {
  /** The negative second derivative of a Gaussian, of norm one. */
  mexicanHat: (t: Tensor) =>
    tf.mul(tf.mul(tf.sub(1, tf.square(t)), bell(t)), 2 / (Math.sqrt(3) * Math.PI ** 0.25)),
  morlet: (t: Tensor) => tf.mul(tf.cos(tf.mul(t, 5)), bell(t)),
  dog: (t: Tensor) => tf.mul(tf.neg(t), bell(t))
};

/** Middles and widths of 1 + 2 + 4 + ... wavelets; a width is half of the part of the range that a wavelet has. */
function dyadic(levels: number, [low, high]: readonly [number, number]) {
  const centres: number[] = [];
  const widths: number[] = [];
  for (let level = 0; level < levels; ++level) {
    const part = (high - low) / 2 ** level;
    for (let i = 0; i < 2 ** level; ++i) {
      centres.push(low + (i + 0.5) * part);
      widths.push(part / 2);
    }
  }
  return {centres, widths};
}
