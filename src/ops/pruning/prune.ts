import {ArgumentError} from "../core/errors.ts";
import {entries, type Params, unflatten} from "../core/tree.ts";
import {type Tensor, tf, tidy} from "../tf.ts";
import {checkSparsity, type Distribution, uniform} from "./distributions.ts";
import {kernelsOnly, type Masks, type Prunable} from "./masks.ts";
import {magnitude, type Score} from "./scores.ts";
import {keepLargest, keptCount} from "./top-k.ts";

export interface PruneOptions {
  /** Share of the prunable weights that become zero, in [0, 1). */
  sparsity?: number;
  /** Instead of a sparsity: how many of the prunable weights stay (global scope only). */
  keep?: number;
  /** "global" compares all weights with each other, "local" within each tensor. Global by default. */
  scope?: "global" | "local";
  /** Local scope: how the sparsity is shared out, or sparsities by path; uniform by default. */
  distribution?: Distribution | Readonly<Record<string, number>>;
  /** What makes a weight important; magnitude by default. */
  score?: Score;
  /** Global scope: divide each tensor's scores by their Euclidean norm first. */
  normalize?: boolean;
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
  const {scope = "global", prunable = kernelsOnly} = options;
  const all = entries<Tensor>(params);
  const chosen = all.filter(({path, leaf}) => prunable(path, leaf));
  if (chosen.length === 0) throw new ArgumentError("Nothing to prune: `prunable` chose no parameter.");
  const scores = await readScores(params, chosen, options);
  const kept = scope === "global" ? pruneGlobal(scores, options) : pruneLocal(scores, chosen, options);
  const byPath = new Map(chosen.map(({path, leaf}, i) => [path, maskTensor(kept[i] as Uint8Array, leaf)]));
  return unflatten(
    params,
    all.map(({path}) => byPath.get(path) ?? null)
  );
}

function pruneGlobal(scores: Float32Array[], {sparsity, keep, normalize}: PruneOptions): Uint8Array[] {
  const size = scores.reduce((sum, each) => sum + each.length, 0);
  if (normalize) for (const each of scores) divideByNorm(each);
  if (keep !== undefined) {
    if (Number.isInteger(keep) && keep >= 0 && keep <= size) return keepLargest(scores, keep);
    throw new ArgumentError(
      `keep must be a whole number from 0 to ${size} (the prunable weights), got ${keep}.`
    );
  }
  checkSparsity(sparsity ?? NaN);
  return keepLargest(scores, keptCount(size, sparsity as number));
}

function pruneLocal(
  scores: Float32Array[],
  chosen: {path: string; leaf: Tensor}[],
  {sparsity, keep, distribution = uniform}: PruneOptions
): Uint8Array[] {
  if (keep !== undefined)
    throw new ArgumentError("keep needs the global scope; with the local one pass a sparsity.");
  const shapes = Object.fromEntries(chosen.map(({path, leaf}) => [path, leaf.shape]));
  const shares = typeof distribution === "function" ? distribution(shapes, sparsity ?? NaN) : distribution;
  const unknown = Object.keys(shares).find((path) => !(path in shapes));
  if (unknown !== undefined) {
    throw new ArgumentError(
      `There is no prunable parameter "${unknown}"; there are ${Object.keys(shapes).join(", ")}.`
    );
  }
  return chosen.map(({path}, i) => {
    const own = scores[i] as Float32Array;
    const share = shares[path] ?? 0;
    checkSparsity(share);
    return keepLargest([own], keptCount(own.length, share))[0] as Uint8Array;
  });
}

/** Scores of the chosen parameters on the CPU; what earlier masks pruned scores lowest. */
async function readScores(
  params: Params,
  chosen: {path: string; leaf: Tensor}[],
  {score = magnitude, masks}: PruneOptions
): Promise<Float32Array[]> {
  const tree = tidy(() => score(params));
  const scores = new Map(entries<Tensor>(tree).map(({path, leaf}) => [path, leaf]));
  const earlier = new Map(masks ? entries<Tensor | null>(masks).map(({path, leaf}) => [path, leaf]) : []);
  try {
    return await Promise.all(
      chosen.map(async ({path}) => {
        // A copy: tfjs may hand out its own array.
        const own = Float32Array.from(await (scores.get(path) as Tensor).data());
        const mask = await earlier.get(path)?.data();
        if (mask) for (let i = 0; i < own.length; ++i) if (mask[i] === 0) own[i] = -Infinity;
        return own;
      })
    );
  } finally {
    tf.dispose([...scores.values()]);
  }
}

function divideByNorm(scores: Float32Array): void {
  let squares = 0;
  for (const score of scores) if (score !== -Infinity) squares += score * score;
  const norm = Math.sqrt(squares) + 1e-8;
  for (let i = 0; i < scores.length; ++i) scores[i] = (scores[i] as number) / norm;
}

function maskTensor(mask: Uint8Array, leaf: Tensor): Tensor {
  return tf.tensor(Float32Array.from(mask), leaf.shape);
}
