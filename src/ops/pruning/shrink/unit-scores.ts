import {ArgumentError} from "../../core/errors.ts";
import type {Layer, Shape} from "../../core/layer.ts";
import {entries, type Params} from "../../core/tree.ts";
import type {Tensor} from "../../tf.ts";
import {checkSparsity, keptCount} from "../kept-counts.ts";
import {keepLargest} from "../top-k.ts";
import {featureGraph, within} from "./feature-graph.ts";
import {shapeOf} from "./shrink.ts";

/**
 * The importance of every unit or channel that `shrink` could take out, by the path of the layer that makes it: the sum of |w|^norm over
 * everything that goes with it, its own weights, batch norms and the weights that read it (DepGraph, Fang et al. 2023), divided by the mean over the
 * layer's units. Joined channels have the scores of their group under each path.
 *
 * @example
 * import {key, mlp} from "petri/core";
 * import {leastUnits, shrink, unitScores} from "petri/pruning";
 *
 * const model = mlp([8, 16, 16, 2]);
 * const params = model.init(key(0));
 * const remove = leastUnits(await unitScores(model, params), {sparsity: 0.5});
 * display(remove);
 * display((await shrink(model, params, null, {remove})).kept);
 */
export async function unitScores(
  model: Layer,
  params: Params,
  options: {inputShape?: Shape; norm?: number} = {}
): Promise<Record<string, Float32Array>> {
  const {norm = 2} = options;
  const all = new Map(entries<Tensor>(params).map(({path, leaf}) => [path, leaf]));
  const found: Record<string, Float32Array> = {};
  for (const features of featureGraph(model, shapeOf(model, options), all)) {
    if (features.isFixed) continue;
    const {size, makers, readers, followers} = features;
    const sums = new Float64Array(size);
    const add = async (path: string, unitOf: (i: number, shape: Shape) => number) => {
      const leaf = all.get(path) as Tensor;
      (await leaf.data()).forEach((value, i) => {
        const unit = unitOf(i, leaf.shape);
        sums[unit] = (sums[unit] as number) + Math.abs(value) ** norm;
      });
    };
    for (const path of makers) await add(within(path, "kernel"), (i) => i % size);
    for (const path of readers)
      await add(within(path, "kernel"), (i, shape) => Math.floor(i / (shape.at(-1) as number)) % size);
    for (const {path, axis} of followers) {
      if (path.endsWith("bias")) continue;
      await add(
        path,
        (i, shape) => Math.floor(i / shape.slice(axis + 1).reduce((n, dim) => n * dim, 1)) % size
      );
    }
    const mean = sums.reduce((sum, each) => sum + each, 0) / size;
    const scores = Float32Array.from(sums, (each) => (mean === 0 ? 0 : each / mean));
    for (const path of makers) found[path] = scores;
  }
  return found;
}

/** The units with the smallest scores, for `shrink`'s `remove`: of each layer by itself, or of all of them together. At least one of each layer stays. */
export function leastUnits(
  scores: Readonly<Record<string, Float32Array>>,
  options: {sparsity: number; scope?: "global" | "local"}
): Record<string, number[]> {
  const {sparsity, scope = "local"} = options;
  checkSparsity(sparsity);
  if (scope !== "global" && scope !== "local")
    throw new ArgumentError(`scope must be "global" or "local", got ${JSON.stringify(scope)}.`);
  const paths = Object.keys(scores);
  const all = paths.map((path) => scores[path] as Float32Array);
  const kept =
    scope === "local"
      ? all.map((each) => keepLargest([each], keptCount(each.length, sparsity))[0] as Uint8Array)
      : keepLargest(
          // The best of every layer stays.
          all.map((each) => each.map((score, i) => (i === bestOf(each) ? Infinity : score))),
          Math.max(
            all.length,
            keptCount(
              all.reduce((sum, each) => sum + each.length, 0),
              sparsity
            )
          )
        );
  return Object.fromEntries(
    paths.map((path, at) => [
      path,
      [...(kept[at] as Uint8Array).keys()].filter((unit) => kept[at]?.[unit] === 0)
    ])
  );
}

function bestOf(scores: Float32Array): number {
  return scores.reduce((best, score, i) => (score > (scores[best] as number) ? i : best), 0);
}
