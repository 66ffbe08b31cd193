import type {Params} from "../core/tree.ts";
import {dispose} from "../core/tree.ts";
import {tidy} from "../tf.ts";
import {checkRising, checkSparsity} from "./kept-counts.ts";
import {applyMasks, disposeMasks, type Masks} from "./masks.ts";
import {type PruneOptions, prune} from "./prune.ts";
import {rounds as roundsOf} from "./schedules.ts";

export interface PruneInRoundsOptions extends PruneOptions {
  /** How often the scores are computed again, 10 by default. */
  rounds?: number;
  /** Instead of rounds: the sparsity after each. By default each removes the same share of what is left. */
  sparsities?: readonly number[];
}

/**
 * Prunes bit by bit without training in between: each round scores the network as the round before left it, its pruned weights at
 * zero, and chooses masks anew. What SynFlow needs, and what makes SNIP iterative. The caller owns the masks.
 *
 * @example
 * import {key, mlp} from "petri/core";
 * import {pruneInRounds, scores, sparsityByLayer} from "petri/pruning";
 *
 * const model = mlp([8, 32, 2]);
 * const options = {sparsity: 0.9, rounds: 30, score: scores.synflow, model, inputShape: [8]};
 * display(await sparsityByLayer(await pruneInRounds(model.init(key(0)), options)));
 */
export async function pruneInRounds(params: Params, options: PruneInRoundsOptions): Promise<Masks> {
  const {rounds = 10, sparsity = NaN, sparsities, ...rest} = options;
  if (!sparsities) checkSparsity(sparsity);
  const targets = sparsities ?? roundsOf(rounds, sparsity);
  checkRising(targets);
  let masks: Masks | undefined;
  for (const target of targets) {
    const before: Masks | undefined = masks;
    const now = before ? tidy(() => applyMasks(params, before)) : params;
    try {
      masks = await prune(now, {...rest, sparsity: target});
    } finally {
      if (before) {
        dispose(now);
        disposeMasks(before);
      }
    }
  }
  return masks as Masks;
}
