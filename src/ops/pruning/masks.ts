// Masks: which weights are pruned, applied to parameters and counted.
import {ArgumentError} from "../core/errors.ts";
import {entries, leaves, map, type Params, type Tree} from "../core/tree.ts";
import {type Tensor, tf} from "../tf.ts";

/** A tree shaped like the parameters: 1 keeps a weight, 0 prunes it (float32); null where nothing is pruned. */
export type Masks = Tree<Tensor | null>;

/** Tells which parameters may be pruned. */
export type Prunable = (path: string, leaf: Tensor) => boolean;

/** Matrices and filters, not biases or scales: what pruning means by default. */
export const kernelsOnly: Prunable = (_path, leaf) => leaf.rank > 1;

/** New parameters with the pruned weights at zero. */
export function applyMasks<P extends Params>(params: P, masks: Masks): P {
  const masked = (leaf: Tensor, path: string, mask: Tensor | null | undefined) =>
    mask ? tf.mul(leaf, checkedMask(mask, leaf, path)) : leaf.clone();
  return map(masked as (leaf: Tensor | null) => Tensor, params as Params, masks) as P;
}

/**
 * Share of zeros among the masked entries, or among the prunable ones of parameters, 0 to 1.
 *
 * @example
 * import {key, mlp} from "petri/core";
 * import {prune, sparsityOf} from "petri/pruning";
 *
 * const masks = await prune(mlp([64, 32, 10]).init(key(0)), {sparsity: 0.9});
 * display(await sparsityOf(masks));
 */
export async function sparsityOf(tree: Masks | Params, prunable: Prunable = kernelsOnly): Promise<number> {
  const counts = await zerosByPath(tree, prunable);
  const size = counts.reduce((sum, each) => sum + each.size, 0);
  return size === 0 ? 0 : counts.reduce((sum, each) => sum + each.zeros, 0) / size;
}

/** sparsityOf for every masked or prunable tensor, by path. */
export async function sparsityByLayer(
  tree: Masks | Params,
  prunable: Prunable = kernelsOnly
): Promise<Record<string, number>> {
  const counts = await zerosByPath(tree, prunable);
  return Object.fromEntries(counts.map(({path, zeros, size}) => [path, zeros / size]));
}

async function zerosByPath(tree: Masks | Params, prunable: Prunable) {
  const counted = entries<Tensor | null>(tree).flatMap(({path, leaf}) =>
    leaf && prunable(path, leaf) ? [{path, leaf}] : []
  );
  return Promise.all(
    counted.map(async ({path, leaf}) => {
      const values = await leaf.data();
      let zeros = 0;
      for (const value of values) if (value === 0) ++zeros;
      return {path, zeros, size: leaf.size};
    })
  );
}

/** A copy that lives on when the original is freed. */
export function cloneMasks(masks: Masks): Masks {
  return map((mask: Tensor | null) => mask?.clone() ?? null, masks);
}

/** Frees the masks. */
export function disposeMasks(masks: Masks): void {
  for (const mask of leaves<Tensor | null>(masks)) mask?.dispose();
}

function checkedMask(mask: Tensor, leaf: Tensor, path: string): Tensor {
  if (mask.shape.join() === leaf.shape.join()) return mask;
  throw new ArgumentError(
    `The mask of ${path} has shape [${mask.shape.join(", ")}], its parameter [${leaf.shape.join(", ")}].`
  );
}
