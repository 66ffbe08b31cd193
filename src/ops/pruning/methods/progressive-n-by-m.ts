import {ArgumentError, checkCount} from "../../core/errors.ts";
import {type Optimizer, stepOptimizer} from "../../core/optimizers/optimizer.ts";
import {clone, map, type Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {applyMasks, kernelsOnly, type Prunable} from "../masks.ts";
import {sparseOptimizer} from "../updaters/sparse-optimizer.ts";
import {
  chosenLeaves,
  copied,
  type Leaves,
  mapLeaves,
  type SparseState,
  treeOf,
  weightsOf
} from "../updaters/sparse-state.ts";

export interface ProgressiveNByMOptions {
  /** Of every m weights along the inputs n stay in the end. */
  n: number;
  m: number;
  /** The step up to which the network is dense. */
  start: number;
  /** The step from which the pattern is n:m and nothing else passes. */
  end: number;
  /** Steps between changes of masks and factor, 10 by default. */
  every?: number;
  /**
   * How it gets there. "linear" and "exponential": weights outside of the pattern, and their gradients, are multiplied by a factor that falls from 1.
   * "stepwise": the pattern tightens, from m-1 of m by halves to n. "linear" by default.
   */
  decay?: "linear" | "exponential" | "stepwise";
  /** How fast the exponential factor falls: it is e^-rate at `end`, 5 by default. */
  rate?: number;
  /** Which parameters are pruned: those of rank 2 and more by default. Their second axis from the end has to divide into groups of m. */
  prunable?: Prunable;
}

/**
 * Progressive gradient flow for N:M sparsity (Bambhaniya et al. 2024): dense weights learn beneath, and the network sees of every m of them the n
 * largest as they are and the others times a factor; gradients pass through the same product. The factor falls from 1 to 0 (mask decay, "linear" or
 * "exponential"), or is 0 from the start while n falls (structure decay, "stepwise"). After `end` the pattern is chosen once more and stays, and only
 * the weights in it learn. While it decays the masks in the state are not of zeros and ones. The paper decays at every step, here it is every so many. Left out: the geometric
 * sequence of patterns.
 *
 * @example
 * import {adam, fit, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {progressiveNByM, sparsityOf} from "petri/pruning";
 *
 * const inner = (path) => path === "dense2/kernel";
 * for (const decay of ["linear", "exponential", "stepwise"]) {
 *   const optimizer = progressiveNByM(adam(), {n: 1, m: 8, start: 20, end: 100, decay, prunable: inner});
 *   const training = fit(mlp([2, 64, 64, 2]), twoMoons({n: 200}), {steps: 150, optimizer});
 *   for await (const row of training) if (row.progress === 1) display({decay, ...row});
 *   display(await sparsityOf(training.params, inner));
 *   training.dispose();
 * }
 */
export function progressiveNByM(optimizer: Optimizer, options: ProgressiveNByMOptions): Optimizer {
  const {m, prunable = kernelsOnly} = options;
  const {isUpdate, at} = decayOf(options);
  const masksAt = (dense: Leaves, step: number) => mapLeaves(dense, (leaf) => softMask(leaf, m, at(step)));
  const step = (grads: Params, state: SparseState, params: Params) => {
    const dense = map((leaf: Tensor, path) => state.latent[path] ?? leaf, params);
    const masks = treeOf(state.masks, params);
    const moved = stepOptimizer(optimizer, applyMasks(grads, masks), state.inner, dense);
    const latent = chosenLeaves(moved.params, params, prunable);
    const maskStep = state.maskStep + 1;
    const next = isUpdate(maskStep) ? masksAt(latent, maskStep) : state.masks;
    const seen = (mask: Tensor, path: string) => tf.maximum(state.explored[path] as Tensor, tf.sign(mask));
    return {
      params: applyMasks(moved.params, treeOf(next, params)),
      state: {
        maskStep,
        masks: next,
        explored: next === state.masks ? state.explored : mapLeaves(next, seen),
        inner: moved.state,
        latent: clone(latent)
      }
    };
  };
  return sparseOptimizer({
    optimizer,
    step,
    isIrregular: ({maskStep}) => isUpdate(maskStep + 1),
    init(params) {
      const weights = weightsOf(params, prunable, "progressiveNByM");
      checkShapes(weights, m);
      const masks = masksAt(weights, 0);
      return {
        maskStep: 0,
        masks,
        explored: mapLeaves(masks, (mask) => tf.sign(mask)),
        inner: optimizer.init(params),
        latent: copied(weights)
      };
    }
  });
}

/** How many of m stay as they are at a step, and what the others are multiplied by. */
interface Pattern {
  n: number;
  factor: number;
}

/** When the pattern changes, and what it is. */
function decayOf({n, m, start, end, every = 10, decay = "linear", rate = 5}: ProgressiveNByMOptions) {
  checkCount("n", n);
  checkCount("m", m);
  checkCount("start", start, 0);
  checkCount("every", every);
  if (n >= m) throw new ArgumentError(`n weights of m stay: n must be less than m (${m}), got ${n}.`);
  if (!(end > start)) throw new ArgumentError(`end must come after start (${start}), got ${String(end)}.`);
  const kinds: Record<NonNullable<ProgressiveNByMOptions["decay"]>, (share: number) => Pattern> = {
    linear: (share) => ({n, factor: 1 - share}),
    exponential: (share) => ({n, factor: Math.exp(-rate * share)}),
    stepwise: (share) => ({n: stages(n, m)[Math.floor(share * stages(n, m).length)] as number, factor: 0})
  };
  if (!Object.hasOwn(kinds, decay))
    throw new ArgumentError(
      `decay must be "linear", "exponential" or "stepwise", got ${JSON.stringify(decay)}.`
    );
  return {
    isUpdate: (step: number) => step === end || (step >= start && step < end && (step - start) % every === 0),
    at(step: number): Pattern {
      if (step < start) return {n, factor: 1};
      return step >= end ? {n, factor: 0} : kinds[decay]((step - start) / (end - start));
    }
  };
}

/** m-1, m/2, m/4, ... above n: what a pattern of n:m comes down by. */
function stages(n: number, m: number): number[] {
  const found = [m - 1];
  for (let next = Math.floor(m / 2); next > n; next = Math.floor(next / 2))
    if (next < m - 1) found.push(next);
  return found[0] === n ? [n] : found;
}

/** 1 at the n largest of every m weights along the inputs, of equal ones the higher index, and the factor elsewhere. */
function softMask(weights: Tensor, m: number, {n, factor}: Pattern): Tensor {
  return tidy(() => {
    if (factor === 1) return tf.onesLike(weights);
    const outputs = weights.shape.at(-1) as number;
    const groups = tf.reshape(tf.abs(weights), [-1, m, outputs]);
    const own = tf.expandDims(groups, 2);
    const other = tf.expandDims(groups, 1);
    const isLater = tf.reshape(
      tf.tensor2d(
        Array.from({length: m * m}, (_, i) => (i % m > Math.floor(i / m) ? 1 : 0)),
        [m, m]
      ),
      [1, m, m, 1]
    );
    const isTie = tf.mul(tf.cast(tf.equal(other, own), "float32"), isLater);
    const rank = tf.sum(tf.add(tf.cast(tf.greater(other, own), "float32"), isTie), 2);
    const kept = tf.cast(tf.less(rank, n), "float32");
    return tf.reshape(tf.add(tf.mul(kept, 1 - factor), factor), weights.shape);
  });
}

function checkShapes(weights: Leaves, m: number): void {
  for (const [path, {shape}] of Object.entries(weights)) {
    const size = shape.at(-2) as number;
    if (size % m !== 0)
      throw new ArgumentError(
        `${path} has ${size} inputs (shape [${shape.join(", ")}]), which do not divide into groups of ${m}: pass another m, or leave it out with \`prunable\`.`
      );
  }
}
