import {batchProduct} from "../../../gpu/kernels/batch-product.ts";
import {checkNumber} from "../../core/errors.ts";
import type {Context, Layer, ModelState} from "../../core/layer.ts";
import type {Params} from "../../core/tree.ts";
import {type Scalar, type Tensor, tf, tidy} from "../../tf.ts";
import {checkOptionNames} from "../option-names.ts";
import {baseValues} from "./base.ts";
import {isKanLayer, kanLayersIn, type PlacedKanLayer, paramsAt, stateAt} from "./inside.ts";
import type {KanLayerModule, KanParams, KanState} from "./kan-layer.ts";

/** Factors of pykan's penalty. */
export interface ActivationPenaltyOptions {
  /** Of the sum of the edges' sizes, 1 by default. */
  l1?: number;
  /** Of the entropies of sizes by input and by unit, 2 by default. */
  entropy?: number;
  /** Of mean |coefficients|, 0 by default. */
  coefficients?: number;
  /** Of mean |differences of neighbouring coefficients|, 0 by default. */
  differences?: number;
}

const OPTIONS: Readonly<Record<keyof ActivationPenaltyOptions, true>> = {
  l1: true,
  entropy: true,
  coefficients: true,
  differences: true
};

/**
 * pykan's regularisation by what edges do, for a batch x (Liu et al. 2024): the size of an edge is the standard deviation of its values over that of its input,
 * plus 0.1. Exact, and yet without the edges' values, which nobody who is fast computes: a sum of functions has the variance w' C w, with C the covariance
 * of the functions of an input. Memory and time follow the functions, not the edges. A scalar, differentiable.
 *
 * @example
 * import {activationPenalty, kan} from "petri/kan";
 * import {key, random} from "petri/core";
 *
 * const model = kan([2, 5, 1]);
 * const x = random.uniform(key(1), [100, 2], -1, 1);
 * display(activationPenalty(model, model.init(key(0)), x).arraySync());
 */
export function activationPenalty<P extends Params>(
  model: Layer<P>,
  params: P,
  x: Tensor,
  options: ActivationPenaltyOptions = {},
  state: ModelState = {}
): Scalar {
  checkOptionNames("activationPenalty", options, OPTIONS);
  return tidy(() => {
    const {y, penalty} = withPenalty(model as Layer, params, x, {state}, options);
    y.dispose();
    return penalty;
  });
}

export interface RegularisedOptions extends ActivationPenaltyOptions {
  /** Factor of the whole penalty, pykan's lamb. */
  weight: number;
}

/**
 * A network that is trained with pykan's penalty besides whatever loss `fit` has: outputs are the network's own, and gradients of training get those of weight x
 * `activationPenalty` for the batch. The loss in the rows of `fit` is the one without it.
 *
 * @example
 * import {kan, regularised} from "petri/kan";
 * import {fit, key, random} from "petri/core";
 *
 * const inputs = random.uniform(key(0), [200, 2], -1, 1).dataSync();
 * const targets = Float32Array.from({length: 200}, (_, i) => inputs[2 * i] ** 2);
 * const data = {name: "one of two", inputs, inputShape: [2], targets, targetShape: [1]};
 * const training = fit(regularised(kan([2, 3, 1]), {weight: 0.01}), data, {steps: 50});
 * for await (const row of training) display(row.loss);
 * training.dispose();
 */
export function regularised<P extends Params>(model: Layer<P>, options: RegularisedOptions): Layer<P> {
  checkOptionNames("regularised", options, {weight: true, ...OPTIONS});
  const {weight} = options;
  checkNumber("weight", weight, 0);
  return {
    ...model,
    apply(params, x, context) {
      if (!context?.training) return model.apply(params, x, context);
      return tidy(() => {
        const {y, penalty} = withPenalty(model as Layer, params, x, context, options);
        return attached(y, penalty, weight);
      });
    }
  };
}

/** y as it is, whose gradient adds `weight` times that of the penalty. */
function attached(y: Tensor, penalty: Tensor, weight: number): Tensor {
  return tf.customGrad((value) => ({
    value: tf.clone(value as Tensor),
    gradFunc: (dy) => [dy, tf.scalar(weight)]
  }))(y, penalty);
}

/** The outputs of a network, and the sum of the penalties of its KAN layers. */
function withPenalty(
  model: Layer,
  params: Params,
  x: Tensor,
  context: Context,
  options: ActivationPenaltyOptions
): {y: Tensor; penalty: Scalar} {
  const layers = new Map(kanLayersIn(model, x.shape.slice(1)).map((placed) => [placed.path, placed]));
  const penalties: Tensor[] = [];
  const add = (placed: PlacedKanLayer, path: string, given: Tensor) => {
    const own = paramsAt(params, placed.path);
    const state = stateAt(context.state ?? {}, {...placed, path});
    // It has to outlive the container's scope.
    penalties.push(tf.keep(penaltyOf(placed.layer, own, state, given, options)));
  };
  const outer = context.path ? `${context.path}/` : "";
  const see = (path: string, given: Tensor) => {
    context.see?.(path, given);
    const placed = path.startsWith(outer) ? layers.get(path.slice(outer.length)) : undefined;
    if (placed) add(placed, path, given);
  };
  try {
    if (isKanLayer(model)) add(layers.get("") as PlacedKanLayer, context.path ?? "", x);
    const y = model.apply(params, x, {...context, see});
    return {y, penalty: (penalties.length > 0 ? tf.addN(penalties) : tf.scalar(0)) as Scalar};
  } finally {
    for (const each of penalties) each.dispose();
  }
}

function penaltyOf(
  layer: KanLayerModule,
  params: KanParams,
  state: KanState,
  x: Tensor,
  options: ActivationPenaltyOptions
): Tensor {
  const {l1 = 1, entropy = 2, coefficients: size = 0, differences = 0} = options;
  return tidy(() => {
    const sizes = edgeSizes(layer, params, state, x);
    const entropies = tf.add(spread(sizes, 0), spread(sizes, 1));
    const terms = [tf.mul(tf.sum(sizes), l1), tf.mul(entropies, entropy)];
    const {coefficients} = params;
    if (size > 0) terms.push(tf.mul(tf.sum(tf.mean(tf.abs(coefficients), 2)), size));
    if (differences > 0) {
      const count = (coefficients.shape[1] ?? 1) - 1;
      const part = (from: number) => tf.slice(coefficients, [0, from, 0], [-1, count, -1]);
      terms.push(tf.mul(tf.sum(tf.mean(tf.abs(tf.sub(part(1), part(0))), 2)), differences));
    }
    return tf.addN(terms);
  });
}

/** Below this a variance counts as this: the square root has no slope at zero. */
const LEAST_VARIANCE = 1e-14;

/** The sizes of all edges, [inputs, units]. */
function edgeSizes(layer: KanLayerModule, params: KanParams, state: KanState, x: Tensor): Tensor {
  const {basis, base} = layer.options;
  const {coefficients, baseScale} = layer.weights(params, state);
  const functions = basis.features(layer.squash(params, x), {params: params.basis, state});
  const residual = baseScale && baseValues(base, x);
  const all = residual ? tf.concat([tf.expandDims(residual, 2), functions], 2) : functions;
  const weights = baseScale ? tf.concat([tf.expandDims(baseScale, 1), coefficients], 1) : coefficients;
  const centred = tf.transpose(tf.sub(all, tf.mean(all, 0, true)), [1, 0, 2]);
  const samples = Math.max((x.shape[0] ?? 1) - 1, 1);
  const covariance = tf.div(batchProduct(centred, centred, {transposeA: true}), samples);
  const variances = tf.sum(tf.mul(weights, batchProduct(covariance, weights)), 1);
  const ofInputs = tf.div(tf.sum(tf.square(tf.sub(x, tf.mean(x, 0, true))), 0), samples);
  const ranges = tf.add(rootOf(ofInputs), 0.1);
  return tf.div(rootOf(variances), tf.expandDims(ranges, 1));
}

const rootOf = (variances: Tensor) => tf.sqrt(tf.maximum(variances, LEAST_VARIANCE));

/** The mean entropy, in bits, of the shares of sizes along an axis, as pykan softens it. */
function spread(sizes: Tensor, axis: 0 | 1): Tensor {
  const shares = tf.div(sizes, tf.add(tf.sum(sizes, axis, true), 1));
  const bits = tf.div(tf.log(tf.add(shares, 1e-4)), Math.LN2);
  return tf.neg(tf.mean(tf.sum(tf.mul(shares, bits), axis)));
}
