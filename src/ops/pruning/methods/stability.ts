import {ArgumentError, checkCount} from "../../core/errors.ts";
import {type Fit, fit} from "../../core/fit.ts";
import type {FitOptions, FitRow} from "../../core/fit-options.ts";
import {type Key, key as keyOf} from "../../core/key.ts";
import type {Layer} from "../../core/layer.ts";
import {adam} from "../../core/optimizers/adam.ts";
import {disposeState, type TrainState} from "../../core/train-step.ts";
import {clone, dispose, entries, type Params} from "../../core/tree.ts";
import type {Dataset} from "../../datasets/dataset.ts";
import {type Tensor, tidy} from "../../tf.ts";
import {masked} from "../masked.ts";
import {applyMasks, disposeMasks, type Masks, sparsityOf} from "../masks.ts";
import {type PruneOptions, prune} from "../prune.ts";
import {RewindPoint} from "../rewind-point.ts";

export interface StabilityOptions<P extends Params = Params>
  extends Omit<FitOptions<P>, "state" | "onStep">,
    Pick<PruneOptions, "sparsity" | "scope" | "distribution" | "score" | "normalize" | "prunable"> {
  /** The steps to rewind to, each a ticket: 0 is the start. */
  rewindSteps: readonly number[];
  /** Where the second ticket's data order comes from; a key made of `key` by default. */
  otherKey?: Key;
}

/** How far two networks are from each other in the weights that a mask keeps. */
export interface WeightDistance {
  /** Euclidean. */
  distance: number;
  /** Between the two as vectors, in degrees. */
  angle: number;
}

/** A ticket of one rewinding step. */
export interface TicketStability {
  rewindStep: number;
  sparsity: number;
  /** From the trained ticket to the same weights of the trained dense network: little where pruning changed little of what is learned. */
  toPruning: WeightDistance;
  /** Between tickets trained with different data orders. */
  toDataOrder: WeightDistance;
  /** The last row of the ticket's training, with the test figures where there is a test. */
  last: FitRow;
}

/**
 * Stability of tickets (Frankle et al. 2019, "Stabilizing the lottery ticket hypothesis"): trains the dense network once and prunes it once, and
 * for every step to rewind to trains the ticket from the dense network's weights of that step, with the dense network's data order and
 * with another. Rewinding helps where both distances have become small. Yields a result for each step.
 *
 * Weights alone are compared, no biases. For the procedure of many rounds with rewinding see `iterativeMagnitudePruning({rewindStep})`.
 *
 * @example
 * import {mlp, sgd} from "petri/core";
 * import {split, twoMoons} from "petri/datasets";
 * import {ticketStability} from "petri/pruning";
 *
 * const {train: seen, test: unseen} = split(twoMoons({n: 300}), {test: 0.3});
 * const options = {sparsity: 0.7, rewindSteps: [0, 10, 40], steps: 100, test: unseen, optimizer: sgd({learningRate: 0.2})};
 * const found = [];
 * for await (const each of ticketStability(mlp([2, 24, 24, 2]), seen, options)) found.push(each);
 * display(Inputs.table(found.map(({rewindStep, toPruning, toDataOrder, last}) =>
 *   ({rewindStep, toPruning: toPruning.distance, toDataOrder: toDataOrder.distance, accuracy: last.testAccuracy}))));
 */
export async function* ticketStability<P extends Params>(
  model: Layer<P>,
  data: Dataset,
  options: StabilityOptions<P>
): AsyncGenerator<TicketStability, void, undefined> {
  const {rewindSteps, otherKey, sparsity, scope, distribution, score, normalize, prunable, ...rest} = options;
  const {key = keyOf(0), optimizer = adam()} = rest;
  if (!Array.isArray(rewindSteps) || rewindSteps.length === 0)
    throw new ArgumentError("rewindSteps must name the steps to rewind to: pass [0, 100].");
  for (const step of rewindSteps) checkCount("rewindSteps", step, 0);
  const points = rewindSteps.map((step) => ({step, point: new RewindPoint<P>(step)}));
  const visit = (state: TrainState<P>) => {
    for (const {point} of points) point.visit(state);
  };
  const dense = fit(model, data, {...rest, onStep: visit});
  visit(dense.state);
  let masks: Masks | undefined;
  try {
    await lastRow(dense);
    const {modelState} = dense.state;
    const evidence = {model: model as Layer, data, loss: rest.loss, modelState};
    masks = await prune(dense.params, {
      ...{sparsity, scope, distribution, score, normalize, prunable, ...evidence}
    });
    const found = await sparsityOf(masks, () => true);
    for (const {step, point} of points) {
      const trainTicket = (order: Key) => {
        const state = point.ticket(masks as Masks);
        const training = fit(model, data, {
          ...rest,
          ...{params: undefined, state, key: order, optimizer: masked(optimizer, {mask: masks as Masks})}
        });
        disposeState(state);
        return finished(training);
      };
      const ticket = await trainTicket(key);
      const other = await trainTicket(otherKey ?? key.fold(1));
      try {
        yield {
          rewindStep: step,
          sparsity: found,
          toPruning: await weightDistance(ticket.params, dense.params, masks),
          toDataOrder: await weightDistance(ticket.params, other.params, masks),
          last: ticket.last
        };
      } finally {
        dispose(ticket.params);
        dispose(other.params);
      }
    }
  } finally {
    dense.dispose();
    for (const {point} of points) point.dispose();
    if (masks) disposeMasks(masks);
  }
}

/** Trains to the end; the parameters are the caller's. */
async function finished<P extends Params>(training: Fit<P>): Promise<{params: P; last: FitRow}> {
  try {
    const last = await lastRow(training);
    return {params: clone(training.params) as P, last};
  } finally {
    training.dispose();
  }
}

async function lastRow(training: AsyncIterable<FitRow>): Promise<FitRow> {
  let last: FitRow | undefined;
  for await (const row of training) last = row;
  if (last) return last;
  throw new ArgumentError("There is no step left after the one to rewind to: train longer or rewind less.");
}

/** How far the weights of two networks are from each other where the masks keep them; what has no mask does not count. */
export async function weightDistance(a: Params, b: Params, masks: Masks): Promise<WeightDistance> {
  const kept = (params: Params) =>
    tidy(() => {
      const own = entries<Tensor>(applyMasks(params, masks));
      const isMasked = new Map(entries<Tensor | null>(masks).map(({path, leaf}) => [path, leaf !== null]));
      return own.flatMap(({path, leaf}) => (isMasked.get(path) ? [leaf] : []));
    });
  const [left, right] = [kept(a), kept(b)];
  const sums = {squares: 0, aa: 0, bb: 0, ab: 0};
  try {
    for (const [i, leaf] of left.entries()) {
      const [x, y] = await Promise.all([leaf.data(), (right[i] as Tensor).data()]);
      x.forEach((value, j) => {
        const other = y[j] as number;
        sums.squares += (value - other) ** 2;
        sums.aa += value * value;
        sums.bb += other * other;
        sums.ab += value * other;
      });
    }
  } finally {
    dispose([...left, ...right]);
  }
  const cosine = sums.ab / Math.sqrt(sums.aa * sums.bb);
  const angle = (Math.acos(Math.min(1, Math.max(-1, cosine))) * 180) / Math.PI;
  return {distance: Math.sqrt(sums.squares), angle};
}
