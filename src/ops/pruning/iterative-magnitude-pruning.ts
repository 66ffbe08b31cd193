import {checkCount} from "../core/errors.ts";
import {fit} from "../core/fit.ts";
import type {FitOptions, FitRow} from "../core/fit-options.ts";
import type {Layer} from "../core/layer.ts";
import {adam} from "../core/optimizers/adam.ts";
import {disposeState} from "../core/train-step.ts";
import type {Params} from "../core/tree.ts";
import type {Dataset} from "../datasets/dataset.ts";
import {checkRising} from "./kept-counts.ts";
import {masked} from "./masked.ts";
import {disposeMasks, type Masks, sparsityOf} from "./masks.ts";
import {type PruneOptions, prune} from "./prune.ts";
import {RewindPoint} from "./rewind-point.ts";
import {iterative} from "./schedules.ts";

export interface IterativePruningOptions<P extends Params = Params>
  extends Omit<FitOptions<P>, "state" | "onStep">,
    Pick<
      PruneOptions,
      "scope" | "distribution" | "floor" | "score" | "normalize" | "granularity" | "prunable"
    > {
  /** Times that weights are removed, after the dense network (round 0) is trained. 5 by default. */
  rounds?: number;
  /** Share of the remaining weights removed after each round, 0.2 by default. */
  fraction?: number;
  /** Instead of rounds and fraction: the sparsity of each round. */
  sparsities?: readonly number[];
  /** Updates after which the state to rewind to is kept; 0, the initial weights, by default. */
  rewindStep?: number;
  /** Called at the end of each round, before anything is freed; clone what you want to keep. */
  onRound?: (round: PruningRound<P>) => void | Promise<void>;
}

/** A trained round. */
export interface PruningRound<P extends Params = Params> {
  round: number;
  sparsity: number;
  params: P;
  /** null in round 0. */
  masks: Masks | null;
}

/** A row of training and the round it belongs to. `step` counts the updates of all rounds, `roundStep` those of a network's life. */
export type PruningRow = FitRow & {round: number; roundStep: number; sparsity: number};

/**
 * The lottery ticket procedure (Frankle & Carbin 2019; rewinding: Frankle et al. 2020). Train; remove the smallest of the
 * remaining weights; put the survivors, and the optimizer's state, back to where they were after step `rewindStep`; train
 * again from there; and so on. Yields the rows of every round as they come. Everything is freed at the end.
 *
 * @example
 * import {mlp} from "petri/core";
 * import {split, twoMoons} from "petri/datasets";
 * import {iterativeMagnitudePruning} from "petri/pruning";
 *
 * const {train: seen, test: unseen} = split(twoMoons(), {test: 0.3});
 * const rows = [];
 * const options = {rounds: 4, fraction: 0.4, steps: 60, test: unseen};
 * for await (const row of iterativeMagnitudePruning(mlp([2, 24, 24, 2]), seen, options)) rows.push(row);
 * const last = rows.filter(({roundStep}) => roundStep === 60);
 * display(Plot.plot({height: 200, x: {label: "sparsity"}, y: {label: "test accuracy", grid: true}, marks: [
 *   Plot.lineY(last, {x: "sparsity", y: "testAccuracy", marker: true})
 * ]}));
 */
export async function* iterativeMagnitudePruning<P extends Params>(
  model: Layer<P>,
  data: Dataset,
  options: IterativePruningOptions<P> = {}
): AsyncGenerator<PruningRow, void, undefined> {
  const {rounds = 5, fraction, rewindStep = 0, onRound, optimizer = adam(), ...rest} = options;
  const {
    sparsities = iterative({rounds, fraction}),
    scope,
    distribution,
    floor,
    score,
    normalize,
    granularity,
    prunable,
    ...training
  } = rest;
  checkCount("rewindStep", rewindStep, 0);
  checkRising(sparsities);
  const rewind = new RewindPoint<P>(rewindStep);
  let masks: Masks | null = null;
  let stepsBefore = 0;
  try {
    for (let round = 0; round <= sparsities.length; ++round) {
      const state = masks ? rewind.ticket(masks) : undefined;
      const network = fit(model, data, {
        ...training,
        state,
        optimizer: masks ? masked(optimizer, {mask: masks}) : optimizer,
        onStep: (reached) => rewind.visit(reached)
      });
      if (state) disposeState(state);
      rewind.visit(network.state);
      const sparsity: number = masks ? await sparsityOf(masks) : 0;
      try {
        for await (const row of network) {
          const progress = (round + row.progress) / (sparsities.length + 1);
          yield {...row, step: stepsBefore + row.step, progress, round, roundStep: row.step, sparsity};
        }
        await onRound?.({round, sparsity, params: network.params, masks});
        const next: number | undefined = sparsities[round];
        if (next !== undefined) {
          const earlier: Masks | null = masks;
          masks = await prune(network.params, {
            ...{scope, distribution, floor, score, normalize, granularity, prunable},
            ...{model: model as Layer, data, loss: training.loss, modelState: network.state.modelState},
            sparsity: next,
            masks: earlier ?? undefined
          });
          if (earlier) disposeMasks(earlier);
        }
        stepsBefore += network.state.step - rewindStep;
      } finally {
        network.dispose();
      }
    }
  } finally {
    rewind.dispose();
    if (masks) disposeMasks(masks);
  }
}
