import {ArgumentError} from "../core/errors.ts";
import {entries, type Params, unflatten} from "../core/tree.ts";
import {type Tensor, tf} from "../tf.ts";
import {kernelsOnly, type Masks, type Prunable} from "./masks.ts";
import type {Evidence} from "./scores/evidence.ts";
import {magnitude} from "./scores/magnitude.ts";
import {readScores, type Score} from "./scores/score.ts";
import {type Scored, type SelectionOptions, select} from "./selection.ts";

export interface PruneOptions extends SelectionOptions, Evidence {
  /** What makes a weight important; magnitude by default. Some need more to look at: model, data. */
  score?: Score;
  /** Earlier masks: what they prune stays pruned. */
  masks?: Masks;
  /** Which parameters may be pruned: those of rank 2 and more by default. */
  prunable?: Prunable;
}

/**
 * Masks of exactly the sparsity asked for: the weights with the largest scores stay, ties by the lower flat index. The
 * parameters are not changed: see applyMasks and masked. The caller owns the masks.
 *
 * @example
 * import {key, mlp, tree} from "petri/core";
 * import {prune} from "petri/pruning";
 *
 * const params = mlp([64, 32, 10]).init(key(0));
 * const masks = await prune(params, {sparsity: 0.9, scope: "global"});
 * const kept = ({path, leaf}) => ({path, kept: leaf.sum().arraySync(), of: leaf.size});
 * display(Inputs.table(tree.entries(masks).filter(({leaf}) => leaf).map(kept)));
 */
export async function prune(params: Params, options: PruneOptions): Promise<Masks> {
  const {prunable = kernelsOnly, score = magnitude, masks} = options;
  const all = entries<Tensor>(params);
  const chosen = all.filter(({path, leaf}) => prunable(path, leaf));
  if (chosen.length === 0) throw new ArgumentError("Nothing to prune: `prunable` chose no parameter.");
  const scores = await readScores(score, params, new Set(chosen.map(({path}) => path)), options);
  const earlier = new Map(masks ? entries<Tensor | null>(masks).map(({path, leaf}) => [path, leaf]) : []);
  const scored: Scored[] = [];
  for (const {path, leaf} of chosen) {
    const own = scores.get(path) as Float32Array;
    if (own.includes(NaN))
      throw new ArgumentError(
        `The score of weight ${own.findIndex(Number.isNaN)} of ${path} is NaN, so that nothing can be compared with it: look whether the parameters, or the data that the score sees, are finite.`
      );
    const mask = await earlier.get(path)?.data();
    if (mask) for (let i = 0; i < own.length; ++i) if (mask[i] === 0) own[i] = -Infinity;
    scored.push({path, shape: leaf.shape, scores: own});
  }
  const kept = select(scored, options);
  const byPath = new Map(
    chosen.map(({path, leaf}, i) => [path, tf.tensor(Float32Array.from(kept[i] as Uint8Array), leaf.shape)])
  );
  return unflatten(
    params,
    all.map(({path}) => byPath.get(path) ?? null)
  );
}
