import {ArgumentError, checkCount, checkNumber} from "../../core/errors.ts";
import {evaluate} from "../../core/evaluate.ts";
import {fit} from "../../core/fit.ts";
import type {FitOptions, FitRow} from "../../core/fit-options.ts";
import type {Layer, ModelState} from "../../core/layer.ts";
import {adam} from "../../core/optimizers/adam.ts";
import {chain, type Optimizer} from "../../core/optimizers/optimizer.ts";
import {disposeState, type TrainState} from "../../core/train-step.ts";
import {entries, map, type Params} from "../../core/tree.ts";
import {type Dataset, rowCount} from "../../datasets/dataset.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkSparsity, keptCount} from "../kept-counts.ts";
import {masked} from "../masked.ts";
import {applyMasks, disposeMasks, kernelsOnly, type Masks, type Prunable} from "../masks.ts";
import {prune} from "../prune.ts";
import {largestOf} from "../updaters/drop-and-grow.ts";

/** Where the slope of tanh is 1 - tanh(0.6585)^2 = 2/3: at the threshold of pruning it is where it turns most. */
const TURN = 0.6585;

export interface PenaltyOptions {
  /** Share of the prunable weights that are to be pruned, in [0, 1). */
  sparsity: number;
  /** Which parameters may be pruned: those of rank 2 and more by default. */
  prunable?: Prunable;
}

/**
 * The gradient of the HyperSparse penalty (Rosenhahn & Glandorf 2023), sum|w_i| sum tanh(s|w_j|) / A - sum|w_i| with A = sum tanh held
 * constant: sign(w_i) s (1 - tanh(s|w_i|)^2) sum|w_j| / A, zeros for parameters that are not pruned. s is 0.6585 over the smallest magnitude that
 * the sparsity keeps, of all weights together. Weights below it shrink most. The caller owns the tensors.
 */
export function hyperSparseGradient<P extends Params>(
  params: P,
  {sparsity, prunable = kernelsOnly}: PenaltyOptions
): P {
  checkSparsity(sparsity);
  return tidy(() => {
    const chosen = entries<Tensor>(params).filter(({path, leaf}) => prunable(path, leaf));
    if (chosen.length === 0) throw new ArgumentError("Nothing to prune: `prunable` chose no parameter.");
    const all = tf.abs(tf.concat(chosen.map(({leaf}) => tf.reshape(leaf, [-1]))));
    const kept = largestOf(all, keptCount(all.size, sparsity));
    const threshold = tf.min(tf.where(tf.cast(kept, "bool"), all, tf.fill(all.shape, Infinity)));
    const s = tf.div(TURN, tf.maximum(threshold, 1e-30));
    const share = tf.div(tf.sum(all), tf.sum(tf.tanh(tf.mul(s, all))));
    const slope = (leaf: Tensor, path: string) => {
      if (!prunable(path, leaf)) return tf.zerosLike(leaf);
      const bend = tf.sub(1, tf.square(tf.tanh(tf.mul(s, tf.abs(leaf)))));
      return tf.mul(tf.mul(tf.sign(leaf), bend), tf.mul(s, share));
    };
    return map(slope, params as Params) as P;
  });
}

/**
 * Adds the HyperSparse penalty's gradient, times `strength`, to the gradients: put it before an optimizer with chain.
 *
 * @example
 * import {adam, chain, fit, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {addHyperSparse} from "petri/pruning";
 *
 * const optimizer = chain(addHyperSparse({sparsity: 0.9, strength: 1e-3}), adam({learningRate: 0.01}));
 * const training = fit(mlp([2, 64, 2]), twoMoons({n: 200}), {steps: 200, optimizer});
 * for await (const row of training);
 * const kernel = training.params.dense1.kernel.abs();
 * display(Plot.rectY(kernel.dataSync(), Plot.binX({y: "count"}, {x: (w) => w})).plot({height: 160, x: {label: "|w|"}}));
 * training.dispose();
 */
export function addHyperSparse(options: PenaltyOptions & {strength: number}): Optimizer {
  const {strength} = options;
  checkNumber("strength", strength, 0);
  checkSparsity(options.sparsity);
  return {
    init: () => [],
    update: (grads, state, params) =>
      tidy(() => {
        if (strength === 0) return {updates: grads, state};
        const penalty = hyperSparseGradient(params, options);
        const sum = (grad: Tensor, _path: string, own: Tensor) => tf.add(grad, tf.mul(own, strength));
        return {updates: map(sum, grads, penalty), state};
      })
  };
}

export interface HyperSparseOptions<P extends Params = Params>
  extends Omit<FitOptions<P>, "state" | "onStep" | "resume" | "epochs" | "steps">,
    PenaltyOptions {
  /** Passes over the data without the penalty, before it; 5 by default. */
  warmup?: number;
  /** The penalty's factor in the first pass with it; 5e-6 by default. */
  strength?: number;
  /** By how much the factor is multiplied from pass to pass; 1.05 by default. */
  growth?: number;
  /** Passes with the penalty after which it is over in any case; 200 by default. */
  most?: number;
  /** Passes with the masks fixed, at the end; 10 by default. */
  fineTune?: number;
  /** The new sparse network, before the training under its masks. Clone what you want to keep. */
  onPrune?: (found: {params: P; masks: Masks}) => void | Promise<void>;
  /** Called when everything is over; clone what you want to keep. */
  onEnd?: (found: {params: P; masks: Masks}) => void | Promise<void>;
}

/** A row of training, and in which of the phases: 0 warmup, 1 with the penalty, 2 under masks. The last of a pass with the penalty has the pruned network's accuracy. */
export type HyperSparseRow = FitRow & {phase: number; sparsity: number; prunedAccuracy?: number};

/**
 * Adaptive regularised training with the HyperSparse penalty (Rosenhahn & Glandorf 2023): trains, then with a penalty whose factor grows from pass to pass
 * until the network pruned by magnitude tells the training data as well as the whole one; then fixes the masks and goes on without penalty. Yields the
 * rows of everything.
 *
 * The optimizer begins anew under the masks. Left out: the running mean over passes with which the authors choose theirs.
 *
 * @example
 * import {adam, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {hyperSparse} from "petri/pruning";
 *
 * const rows = [];
 * const options = {sparsity: 0.9, warmup: 10, strength: 1e-4, growth: 1.5, most: 20, optimizer: adam({learningRate: 0.01})};
 * for await (const row of hyperSparse(mlp([2, 64, 2]), twoMoons({n: 300}), options)) rows.push(row);
 * display(Plot.plot({height: 200, marks: [
 *   Plot.lineY(rows, {x: "step", y: "accuracy", stroke: "phase"}), Plot.dot(rows.filter((row) => row.prunedAccuracy), {x: "step", y: "prunedAccuracy"})
 * ]}));
 */
export async function* hyperSparse<P extends Params>(
  model: Layer<P>,
  data: Dataset,
  options: HyperSparseOptions<P>
): AsyncGenerator<HyperSparseRow, void, undefined> {
  const {sparsity, prunable, warmup = 5, strength = 5e-6, growth = 1.05, most = 200, ...others} = options;
  const {fineTune = 10, onPrune, onEnd, optimizer = adam(), params: given, ...training} = others;
  for (const [name, value] of Object.entries({warmup, most, fineTune})) checkCount(name, value);
  checkNumber("growth", growth, 1);
  checkSparsity(sparsity);
  const perEpoch = Math.ceil(rowCount(data) / (training.batchSize ?? 32));
  const regularised = (factor: number) =>
    chain(addHyperSparse({sparsity, prunable, strength: factor}), optimizer);
  const placed = (row: FitRow, phase: number): HyperSparseRow => {
    const progress = Math.min(1, row.step / ((warmup + most + fineTune) * perEpoch));
    return {...row, progress, phase, sparsity: phase === 2 ? sparsity : 0};
  };
  let network = fit(model, data, {...training, params: given, optimizer: regularised(0), epochs: warmup});
  let masks: Masks | undefined;
  let epochs = warmup;
  try {
    for await (const row of network) yield placed(row, 0);
    for (let pass = 0; pass < most; ++pass) {
      let last: FitRow | undefined;
      for await (const row of goOn(regularised(strength * growth ** pass), 1, network.state)) {
        if (last) yield placed(last, 1);
        last = row;
      }
      if (masks) disposeMasks(masks);
      masks = await prune(network.params, {sparsity, prunable});
      const {modelState} = network.state;
      const pruned = await accuracyOf(network.params, modelState, masks);
      yield {...placed(last as FitRow, 1), prunedAccuracy: pruned};
      if (pruned >= (await accuracyOf(network.params, modelState))) break;
    }
    const found = masks as Masks;
    const start = tidy(() => {
      const params = applyMasks(network.params, found);
      return {...network.state, params, optimizerState: optimizer.init(params)};
    });
    await onPrune?.({params: start.params, masks: found});
    const fixed = goOn(masked(optimizer, {mask: found}), fineTune, start);
    disposeState({...start, modelState: {}});
    for await (const row of fixed) yield placed(row, 2);
    await onEnd?.({params: network.params, masks: found});
  } finally {
    network.dispose();
    if (masks) disposeMasks(masks);
  }

  /** Goes on from a state for so many passes over the data. */
  function goOn(by: Optimizer, passes: number, state: TrainState<P>) {
    epochs += passes;
    const before = network;
    network = fit(model, data, {...training, state, optimizer: by, epochs});
    before.dispose();
    return network;
  }

  async function accuracyOf(params: P, modelState: ModelState, within?: Masks): Promise<number> {
    const own = within ? tidy(() => applyMasks(params, within)) : params;
    try {
      return (await evaluate(model, own, data, {loss: training.loss, modelState})).accuracy;
    } finally {
      if (within) tf.dispose(entries<Tensor>(own).map(({leaf}) => leaf));
    }
  }
}
