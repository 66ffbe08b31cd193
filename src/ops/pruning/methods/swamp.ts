import {checkCount} from "../../core/errors.ts";
import {type Evaluation, evaluate} from "../../core/evaluate.ts";
import {fit} from "../../core/fit.ts";
import type {FitOptions} from "../../core/fit-options.ts";
import {key as keyOf} from "../../core/key.ts";
import type {Layer} from "../../core/layer.ts";
import {adam} from "../../core/optimizers/adam.ts";
import {ema, emaParams} from "../../core/optimizers/ema.ts";
import {disposeState, type TrainState} from "../../core/train-step.ts";
import {clone, dispose, map, type Params} from "../../core/tree.ts";
import {type Dataset, rowCount} from "../../datasets/dataset.ts";
import type {Tensor} from "../../tf.ts";
import {checkRising} from "../kept-counts.ts";
import {masked} from "../masked.ts";
import {disposeMasks, type Masks, sparsityOf} from "../masks.ts";
import {type PruneOptions, prune} from "../prune.ts";
import {RewindPoint} from "../rewind-point.ts";
import {iterative} from "../schedules.ts";
import {meanParams, refreshedState} from "./average.ts";

export interface SwampOptions<P extends Params = Params>
  extends Omit<FitOptions<P>, "state" | "onStep" | "resume">,
    Pick<PruneOptions, "scope" | "distribution" | "normalize" | "prunable"> {
  /** Copies of the ticket that are trained in every round, 4 by default. */
  particles?: number;
  /** Times that weights are removed, 5 by default. */
  rounds?: number;
  /** Share of the remaining weights removed after each round, 0.2 by default. */
  fraction?: number;
  /** Instead of rounds and fraction: the sparsity of each round. */
  sparsities?: readonly number[];
  /** Updates after which the state to rewind to is kept; 0, the initial weights, by default. */
  rewindStep?: number;
  /** The share of a training after which a particle's weights are averaged, step by step; 0.75 by default, 1 for none. */
  averageFrom?: number;
  /** Called at the end of a round, before anything is freed; clone what you want to keep. */
  onRound?: (round: {round: number; params: P; masks: Masks}) => void | Promise<void>;
}

/** What a round came to; figures of the test data. Round 0 has all weights. */
export interface SwampRow {
  round: number;
  sparsity: number;
  /** Of the average of the particles. */
  average: Evaluation;
  /** Of every particle's own average over its late steps. */
  particles: Evaluation[];
}

/**
 * SWAMP (Choi et al. 2024): iterative magnitude pruning whose rounds train several copies of the ticket with different data orders, average each
 * over its late steps and all with each other, and prune by the average. The survivors go back to where they were after
 * step `rewindStep`, as in `iterativeMagnitudePruning`, which this is with one particle and no averaging. Yields a row a round.
 *
 * The late average is of every step where the paper's takes one an epoch; its cyclic rate is the optimizer's affair.
 *
 * @example
 * import {mlp} from "petri/core";
 * import {split, twoMoons} from "petri/datasets";
 * import {swamp} from "petri/pruning";
 *
 * const {train: seen, test: unseen} = split(twoMoons({n: 300}), {test: 0.3});
 * const options = {particles: 2, rounds: 2, fraction: 0.5, steps: 80, rewindStep: 10, test: unseen};
 * for await (const {sparsity, average} of swamp(mlp([2, 24, 24, 2]), seen, options)) display({sparsity, ...average});
 */
export async function* swamp<P extends Params>(
  model: Layer<P>,
  data: Dataset,
  options: SwampOptions<P> = {}
): AsyncGenerator<SwampRow, void, undefined> {
  const {
    particles = 4,
    rounds = 5,
    fraction,
    rewindStep = 0,
    averageFrom = 0.75,
    onRound,
    ...others
  } = options;
  const {
    sparsities = iterative({rounds, fraction}),
    scope,
    distribution,
    normalize,
    prunable,
    ...rest
  } = others;
  const {test = data, ...training} = rest;
  const {key = keyOf(0), optimizer = adam(), loss, batchSize = 32, epochs = 10} = training;
  checkCount("particles", particles);
  checkCount("rewindStep", rewindStep, 0);
  checkRising(sparsities);
  const steps = training.steps ?? epochs * Math.ceil(rowCount(data) / batchSize);
  const averaging = ema(optimizer, {decay: lateMean(Math.round(averageFrom * steps))});
  const rewind = new RewindPoint<P>(rewindStep);
  let masks: Masks = [];
  try {
    await reach(rewindStep);
    for (let round = 0; round <= sparsities.length; ++round) {
      const found: P[] = [];
      let params: P | undefined;
      try {
        const rows: Evaluation[] = [];
        for (let particle = 0; particle < particles; ++particle) {
          const own = await trainParticle(particle === 0 ? key : key.fold(3 + round * particles + particle));
          found.push(own.params);
          rows.push(own.figures);
        }
        params = meanParams(found);
        const average = await evaluated(params);
        const sparsity: number = await sparsityOf(masks, () => true);
        await onRound?.({round, params, masks});
        yield {round, sparsity, average, particles: rows};
        const next = sparsities[round];
        if (next === undefined) break;
        const earlier: Masks = masks;
        masks = await prune(params, {
          ...{scope, distribution, normalize, prunable},
          sparsity: next,
          masks: earlier
        });
        disposeMasks(earlier);
      } finally {
        dispose(found);
        if (params) dispose(params);
      }
    }
  } finally {
    rewind.dispose();
    disposeMasks(masks);
  }

  /** Trains the dense network as far as it is rewound to. */
  async function reach(step: number): Promise<void> {
    const onStep = (state: TrainState<P>) => {
      rewind.visit(state);
      return state.step < step;
    };
    const dense = fit(model, data, {...training, optimizer: averaging, onStep});
    try {
      rewind.visit(dense.state);
      masks = map<Tensor, null>(() => null, dense.params);
      if (step > 0) for await (const _row of dense);
    } finally {
      dense.dispose();
    }
  }

  async function trainParticle(order: typeof key): Promise<{params: P; figures: Evaluation}> {
    const state = rewind.ticket(masks);
    const within = masked(averaging, {mask: masks});
    const network = fit(model, data, {...training, params: undefined, key: order, state, optimizer: within});
    disposeState(state);
    try {
      for await (const _row of network);
      const params = clone(emaParams(network.state.optimizerState)) as P;
      return {params, figures: await evaluated(params)};
    } finally {
      network.dispose();
    }
  }

  async function evaluated(params: P): Promise<Evaluation> {
    const modelState = refreshedState(model, params, data, {batchSize, key});
    try {
      return await evaluate(model, params, test, {loss, modelState});
    } finally {
      dispose(modelState as Params);
    }
  }
}

/** The decay of a moving average that follows the weights up to a step and is the mean of all from then on. */
function lateMean(from: number): (step: number) => number {
  return (step) => {
    const before = Math.max(0, step - from);
    return before / (before + 1);
  };
}
