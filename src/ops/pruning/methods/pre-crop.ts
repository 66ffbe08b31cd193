import {ArgumentError} from "../../core/errors.ts";
import type {Key} from "../../core/key.ts";
import type {Layer, Shape} from "../../core/layer.ts";
import {dispose, entries} from "../../core/tree.ts";
import type {Tensor} from "../../tf.ts";
import {type Features, featureGraph, within} from "../shrink/feature-graph.ts";
import {shapeOf, shrink} from "../shrink/shrink.ts";

export interface PreCropOptions {
  /** The share of weights that stays of each kernel by path, above 0 to 1: 1 - sparsityByLayer(masks). Kernels that are not named stay whole. */
  densities: Readonly<Record<string, number>>;
  /** Draws the weights that tell the network's shape. */
  key: Key;
  /** The shape of one example; an mlp tells it itself. */
  inputShape?: Shape;
}

/** A narrower network, and how many units or channels each layer has. */
export interface Cropped {
  model: Layer;
  widths: Record<string, number>;
}

/** A kernel between two sets of channels, by their number among those of the network. */
interface Link {
  from: number;
  to: number;
  /** Weights at full width. */
  size: number;
  density: number;
}

/**
 * PreCrop (Cai et al. 2022): pruning at initialisation by width instead of by masks. A kernel of density d, which a score (SNIP,
 * SynFlow) would leave it with, has the product of its in and out width ratios brought to d, and the narrower dense network is drawn anew and trained as usual. Where layers
 * share channels not every density can be met: the logarithms of the ratios are fitted by least squares, weighted by the
 * weights that stay, and all widths are then scaled alike so that together the kernels have about as many weights as the densities say. The paper solves a
 * convex program for residual networks instead. What `shrink` can make narrower can be cropped.
 *
 * @example
 * import {key, mlp, tree} from "petri/core";
 * import {preCrop, pruneInRounds, scores, sparsityByLayer} from "petri/pruning";
 *
 * const model = mlp([8, 64, 64, 2]);
 * const params = model.init(key(0));
 * const masks = await pruneInRounds(params, {sparsity: 0.8, rounds: 20, score: scores.synflow, model, inputShape: [8]});
 * const sparsity = await sparsityByLayer(masks);
 * const densities = Object.fromEntries(Object.entries(sparsity).map(([path, share]) => [path, 1 - share]));
 * const {model: narrow, widths} = await preCrop(model, {densities, key: key(1)});
 * display(widths);
 * display(tree.size(narrow.init(key(2), [8])) / tree.size(params));
 */
export async function preCrop(model: Layer, options: PreCropOptions): Promise<Cropped> {
  const {densities, key} = options;
  const inputShape = shapeOf(model, options);
  const params = model.init(key, inputShape);
  try {
    const leaves = new Map(entries<Tensor>(params).map(({path, leaf}) => [path, leaf]));
    const graph = featureGraph(model, inputShape, leaves);
    const links = linksOf(graph, leaves, densities);
    const counts = countsOf(graph, links);
    const remove: Record<string, number[]> = {};
    const widths: Record<string, number> = {};
    graph.forEach(({makers, size, isFixed}, f) => {
      const count = counts[f] as number;
      for (const maker of makers) widths[maker] = count;
      const [maker] = makers;
      if (maker !== undefined && !isFixed && count < size)
        remove[maker] = Array.from({length: size - count}, (_, i) => count + i);
    });
    const cropped = await shrink(model, params, null, {inputShape, remove});
    dispose([cropped.params, cropped.modelState]);
    return {model: cropped.model, widths};
  } finally {
    dispose(params);
  }
}

/** Every kernel that leads from some channels to others. */
function linksOf(
  graph: readonly Features[],
  leaves: ReadonlyMap<string, Tensor>,
  densities: Readonly<Record<string, number>>
): Link[] {
  const known = new Set<string>();
  const links = graph.flatMap(({makers}, to) =>
    makers.map((maker): Link => {
      const path = within(maker, "kernel");
      known.add(path);
      const from = graph.findIndex(({readers}) => readers.includes(maker));
      return {from, to, size: leaves.get(path)?.size as number, density: densityOf(densities, path)};
    })
  );
  const unknown = Object.keys(densities).find((path) => !known.has(path));
  if (unknown !== undefined)
    throw new ArgumentError(`There is no kernel "${unknown}" to crop; there are ${[...known].join(", ")}.`);
  return links;
}

function densityOf(densities: Readonly<Record<string, number>>, path: string): number {
  const density = densities[path] ?? 1;
  if (density > 0 && density <= 1) return density;
  throw new ArgumentError(
    `The density of ${path} is the share of its weights that stays, above 0 to 1; got ${density}. A layer that loses all its weights cannot be cropped.`
  );
}

/** How many channels each set keeps. */
function countsOf(graph: readonly Features[], links: readonly Link[]): number[] {
  const logs = fittedLogs(graph, links);
  const countsAt = (shift: number) =>
    graph.map(({size, isFixed}, f) =>
      isFixed ? size : Math.max(1, Math.min(size, Math.round(size * Math.exp((logs[f] as number) + shift))))
    );
  const weightsAt = (counts: readonly number[]) =>
    links.reduce((sum, link) => sum + link.size * ratioOf(link, counts, graph), 0);
  const wanted = links.reduce((sum, {size, density}) => sum + size * density, 0);
  let [low, high] = [-10, 10];
  for (let i = 0; i < 60; ++i) {
    const middle = (low + high) / 2;
    if (weightsAt(countsAt(middle)) <= wanted) low = middle;
    else high = middle;
  }
  const [under, over] = [countsAt(low), countsAt(high)];
  const miss = (counts: readonly number[]) => Math.abs(weightsAt(counts) - wanted);
  return miss(over) < miss(under) ? over : under;
}

function ratioOf({from, to}: Link, counts: readonly number[], graph: readonly Features[]): number {
  const share = (f: number) => (f < 0 ? 1 : (counts[f] as number) / (graph[f] as Features).size);
  return share(from) * share(to);
}

/** Logarithms of width ratios, at most 0, 0 where nothing can go: least squares by one set of channels after the other. */
function fittedLogs(graph: readonly Features[], links: readonly Link[]): number[] {
  const logs = graph.map(() => 0);
  const at = (f: number) => (f < 0 ? 0 : (logs[f] as number));
  for (let sweep = 0; sweep < 500; ++sweep) {
    graph.forEach(({isFixed}, f) => {
      if (isFixed) return;
      let [sum, weight] = [0, 0];
      for (const {from, to, size, density} of links) {
        if (from !== f && to !== f) continue;
        const own = size * density;
        const rest = Math.log(density) - at(from === f ? to : from);
        sum += own * (from === to ? rest / 2 : rest);
        weight += own;
      }
      if (weight > 0) logs[f] = Math.min(0, sum / weight);
    });
  }
  return logs;
}
