import {ArgumentError, checkCount} from "../../core/errors.ts";
import {type Evaluation, evaluate} from "../../core/evaluate.ts";
import {fit} from "../../core/fit.ts";
import type {FitOptions} from "../../core/fit-options.ts";
import {key as keyOf} from "../../core/key.ts";
import type {Layer, ModelState} from "../../core/layer.ts";
import {adam} from "../../core/optimizers/adam.ts";
import {clone, dispose, type Params} from "../../core/tree.ts";
import type {Dataset} from "../../datasets/dataset.ts";
import {tidy} from "../../tf.ts";
import {masked} from "../masked.ts";
import {applyMasks, disposeMasks, type Masks, sparsityOf} from "../masks.ts";
import {type PruneOptions, prune} from "../prune.ts";
import {meanParams, refreshedState} from "./average.ts";

type Training<P extends Params> = Omit<FitOptions<P>, "state" | "onStep" | "resume">;

export interface SoupOptions<P extends Params = Params>
  extends Training<P>,
    Pick<PruneOptions, "scope" | "distribution" | "score" | "normalize" | "prunable"> {
  /** The sparsity of each phase, rising. */
  sparsities: readonly number[];
  /** Copies that are retrained in each phase, 3 by default. */
  members?: number;
  /** What a member's training has of its own, by its number from 0: another weight decay, say. Every member has another key in any case. */
  vary?: (member: number) => Partial<Training<P>>;
  /** Called at the end of a phase, before anything is freed; clone what you want to keep. */
  onPhase?: (soup: Soup<P>) => void | Promise<void>;
}

/** The average that a phase ends with. */
export interface Soup<P extends Params = Params> {
  phase: number;
  params: P;
  masks: Masks;
  modelState: ModelState;
}

/** What a phase came to; figures of the test data. */
export interface SoupRow {
  /** From 1. */
  phase: number;
  sparsity: number;
  soup: Evaluation;
  members: Evaluation[];
}

/**
 * Sparse model soups (Zimmer, Spiegel & Pokutta 2023): every phase prunes, retrains copies of the pruned network that differ in their seeds, and
 * goes on from the average of them. The copies share a mask, so that the average is as sparse as they are. Batch norms' statistics are
 * gathered anew for the average. Begins with `params`, or trains a dense network first. Yields a row a phase.
 *
 * Left out: greedy soups, that take in a member only where it helps; the paper's uniform one is computed.
 *
 * @example
 * import {mlp} from "petri/core";
 * import {split, twoMoons} from "petri/datasets";
 * import {sparseSoup} from "petri/pruning";
 *
 * const {train: seen, test: unseen} = split(twoMoons({n: 300}), {test: 0.3});
 * const options = {sparsities: [0.6, 0.84], members: 3, steps: 80, test: unseen};
 * for await (const {sparsity, soup, members} of sparseSoup(mlp([2, 24, 24, 2]), seen, options))
 *   display({sparsity, soup: soup.accuracy, best: d3.max(members, ({accuracy}) => accuracy)});
 */
export async function* sparseSoup<P extends Params>(
  model: Layer<P>,
  data: Dataset,
  options: SoupOptions<P>
): AsyncGenerator<SoupRow, void, undefined> {
  const {sparsities, members = 3, vary, onPhase, ...others} = options;
  const {scope, distribution, score, normalize, prunable, params, ...training} = others;
  const {key = keyOf(0), test = data, loss, batchSize} = training;
  checkCount("members", members);
  if (!Array.isArray(sparsities) || sparsities.length === 0)
    throw new ArgumentError("sparsities must name the sparsity of each phase: pass [0.7, 0.9].");
  let soup = params ? tidy(() => clone(params) as P) : (await trained(model, data, training)).params;
  let modelState = refreshedState(model, soup, data, {batchSize, key});
  let masks: Masks | undefined;
  try {
    for (const [i, sparsity] of sparsities.entries()) {
      const earlier: Masks | undefined = masks;
      const evidence = {model: model as Layer, data, loss, modelState};
      masks = await prune(soup, {
        ...{scope, distribution, score, normalize, prunable, sparsity, masks: earlier, ...evidence}
      });
      if (earlier) disposeMasks(earlier);
      const pruned = tidy(() => applyMasks(soup, masks as Masks));
      const found: P[] = [];
      const rows: Evaluation[] = [];
      try {
        for (let member = 0; member < members; ++member) {
          const own = {...training, key: key.fold(1 + i * members + member), ...vary?.(member)};
          const optimizer = masked(own.optimizer ?? adam(), {mask: masks});
          const done = await trained(model, data, {...own, params: pruned, optimizer});
          found.push(done.params);
          rows.push(await evaluated(done.params, test, done.modelState));
          dispose(done.modelState as Params);
        }
        dispose([soup, modelState as Params]);
        soup = meanParams(found);
      } finally {
        dispose([pruned, ...found]);
      }
      modelState = refreshedState(model, soup, data, {batchSize, key});
      await onPhase?.({phase: i + 1, params: soup, masks, modelState});
      yield {
        phase: i + 1,
        sparsity: await sparsityOf(masks, () => true),
        soup: await evaluated(soup, test, modelState),
        members: rows
      };
    }
  } finally {
    dispose([soup, modelState as Params]);
    if (masks) disposeMasks(masks);
  }

  function evaluated(of: P, on: Dataset, state: ModelState) {
    return evaluate(model, of, on, {loss, modelState: state});
  }
}

/** Trains to the end; what comes out is the caller's. */
async function trained<P extends Params>(model: Layer<P>, data: Dataset, options: FitOptions<P>) {
  const training = fit(model, data, {...options, test: undefined});
  try {
    for await (const _row of training);
    return {
      params: clone(training.params) as P,
      modelState: clone(training.state.modelState as Params) as ModelState
    };
  } finally {
    training.dispose();
  }
}
