import {denseProduct} from "../../../gpu/kernels/dense.ts";
import {normalised} from "../../../gpu/kernels/norm.ts";
import {ArgumentError, checkCount} from "../../core/errors.ts";
import {expectShape, type Layer} from "../../core/layer.ts";
import type {Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {type Basis, constant} from "../bases/basis.ts";
import {bspline} from "../bases/bspline.ts";
import {chebyshev} from "../bases/chebyshev.ts";
import {fourier} from "../bases/fourier.ts";
import {rbf} from "../bases/rbf.ts";
import {wavelet} from "../bases/wavelet.ts";
import {checkOptionNames} from "../option-names.ts";
import {squashed} from "./base.ts";

export interface SelectableOptions {
  /** Number of outputs. */
  units: number;
  /** The bases to choose from; `bspline`, `chebyshev`, `rbf`, `wavelet` and `fourier` by default. */
  pool?: readonly Basis[];
}

/** Parameters of a layer that chooses among bases. */
export type SelectableParams = {
  /** For each basis in order, [inputs, size, units]. */
  coefficients: readonly Tensor[];
  /** How much each unit likes each basis, [units, bases]. */
  selection: Tensor;
  /** Layer normalisation before the bases that want it: factor and offset, [inputs]. */
  norm?: {scale: Tensor; bias: Tensor};
  /** What bases train themselves, by number. */
  bases: Readonly<Record<string, Params>>;
};

/** What a training of the layer changes between its phases: the softmax's temperature, and which bases are left, [units, bases] of 1 and 0. */
export type SelectionState = {temperature: Tensor; left: Tensor};

const EPSILON = 1e-5;

/** The bases that `selectableKan` chooses from unless it is told others, of about the same size. */
export const defaultPool = (): Basis[] => [
  bspline({grid: 3}),
  chebyshev(),
  rbf({size: 6}),
  wavelet(),
  fourier({frequencies: 3})
];

/**
 * A KAN layer whose units choose among bases (S-KAN, Yang et al. 2024): what each basis adds up to is weighted by shares, a softmax of trained numbers over a temperature.
 * The temperature and the bases that are left lie in the layer's state, where the phases of `fitSelectable` change them. [batch, inputs] -> [batch, units].
 *
 * @example
 * import {chebyshev, rbf, selectableKanLayer} from "petri/kan";
 * import {key, tf} from "petri/core";
 *
 * const layer = selectableKanLayer({units: 4, pool: [chebyshev(), rbf()]});
 * const params = layer.init(key(0), [2]);
 * display(layer.apply(params, tf.tensor2d([[0.1, -0.4]])).shape);
 */
export function selectableKanLayer(options: SelectableOptions): Layer<SelectableParams> {
  checkOptionNames("selectableKanLayer", options, {units: true, pool: true});
  const {units, pool = defaultPool()} = options;
  checkCount("units", units);
  if (pool.length < 2) throw new ArgumentError("pool needs two bases at least to choose from.");
  const stateful = pool.find((basis) => basis.initState);
  if (stateful)
    throw new ArgumentError(`The pool takes no adaptive grids: leave adaptive out of its ${stateful.name}.`);
  const name = "selectableKan";
  const isNormed = pool.some(({squash}) => squash === "layerNorm");
  return {
    name,
    init(key, inputShape, path = name) {
      const [inputs] = inputShape;
      expectShape(inputShape.length === 1 && inputs !== undefined, path, "[inputs]", inputShape);
      return tidy(() => ({
        coefficients: pool.map((basis, i) => basis.coefficients(key.fold(i), inputs, units)),
        selection: tf.zeros([units, pool.length]),
        ...(isNormed && {norm: {scale: tf.ones([inputs]), bias: tf.zeros([inputs])}}),
        bases: Object.fromEntries(
          pool.flatMap((basis, i) => (basis.init ? [[`${i}`, basis.init(key.fold(100 + i), inputs)]] : []))
        )
      }));
    },
    initState: () => ({temperature: tf.scalar(1), left: tf.ones([units, pool.length])}),
    apply(params, x, context) {
      const path = context?.path ?? name;
      const [inputs] = (params.coefficients[0] as Tensor).shape;
      expectShape(x.rank === 2 && x.shape[1] === inputs, path, `[batch, ${inputs}]`, x.shape);
      return tidy(() => {
        const state = context?.state?.[path || name] as SelectionState | undefined;
        const shares = tf.unstack(sharesOf(params.selection, state), 1);
        const sums = pool.map((basis, i) => tf.mul(sumOf(basis, i, params, x), shares[i] as Tensor));
        return tf.addN(sums);
      });
    },
    outputShape: () => [units],
    flops: ([inputs = 0]) => 2 * inputs * units * pool.reduce((sum, {size}) => sum + size, 0)
  };
}

/** What a unit's edges add up to with one basis, [batch, units]. */
function sumOf(basis: Basis, index: number, params: SelectableParams, x: Tensor): Tensor {
  const {squash = "none"} = basis;
  const coefficients = params.coefficients[index] as Tensor;
  const [inputs, size, units] = coefficients.shape as [number, number, number];
  const seen =
    squash === "layerNorm"
      ? normalised(x, params.norm ?? {}, {epsilon: EPSILON, centred: true})
      : squashed(squash, x);
  const own = {params: params.bases[`${index}`]};
  if (basis.dense) return basis.dense({x: seen, coefficients, baseWeights: undefined, base: "zero", own});
  const functions = tf.reshape(basis.features(seen, own), [-1, inputs * size]);
  return denseProduct(functions, tf.reshape(coefficients, [inputs * size, units]), undefined, "linear");
}

/** The shares of bases, [units, bases], which are those of a softmax over what is left. */
export function sharesOf(selection: Tensor, state: SelectionState | undefined): Tensor {
  if (!state) return tf.softmax(selection);
  const {temperature, left} = state;
  // What is gone counts as nothing; softmax of the others.
  const scores = tf.div(selection, temperature);
  const weights = tf.mul(tf.exp(tf.sub(scores, tf.max(scores, 1, true))), left);
  return tf.div(weights, tf.sum(weights, 1, true));
}

/** The state in which each unit keeps the basis that it likes most. */
export async function winnersOf({selection}: SelectableParams): Promise<SelectionState> {
  const [units, bases] = selection.shape as [number, number];
  const values = await selection.data();
  const left = new Float32Array(values.length);
  for (let unit = 0; unit < units; ++unit) {
    const row = values.subarray(unit * bases, (unit + 1) * bases);
    left[unit * bases + row.indexOf(Math.max(...row))] = 1;
  }
  return {temperature: tf.scalar(1), left: constant(left, [units, bases])};
}
