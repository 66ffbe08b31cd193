// What masks look like, layer by layer, as rows and as figures for the metrics of a run.
import type {OptimizerState} from "../../core/optimizers/optimizer.ts";
import {entries} from "../../core/tree.ts";
import type {Tensor} from "../../tf.ts";
import type {Masks} from "../masks.ts";
import {findSparse} from "./sparse-state.ts";

/** The masks of one parameter in figures. */
export interface LayerStatistics {
  path: string;
  /** Weights, and how many of them are active. */
  size: number;
  active: number;
  /** Share of zeros. */
  sparsity: number;
  /** Units or channels that come out (the last axis) with no weight left. */
  deadUnits: number;
  /** Share of weights that were ever active (ITOP, Liu et al. 2021); where the state of an updater is given. */
  itop?: number;
  /** Weights active now and in the masks `before`, of those in either. */
  overlap?: number;
}

/**
 * Sparsity, dead units, the share of weights ever explored and the overlap with earlier masks of every masked parameter; of masks,
 * or of an optimizer's state that holds some.
 *
 * @example
 * import {adam, fit, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {layerStatistics, set, statisticsRow} from "petri/pruning";
 *
 * const optimizer = set(adam(), {sparsity: 0.9, end: 60, every: 10});
 * const training = fit(mlp([2, 64, 2]), twoMoons({n: 200}), {steps: 80, optimizer});
 * for await (const row of training);
 * const found = await layerStatistics(training.state.optimizerState);
 * display(Inputs.table(found));
 * // In a training function: yield {...row, ...statisticsRow(found)}.
 * display(statisticsRow(found));
 * training.dispose();
 */
export async function layerStatistics(
  of: Masks | OptimizerState,
  options: {before?: Masks} = {}
): Promise<LayerStatistics[]> {
  const state = findSparse(of as OptimizerState);
  const masks = byPath(state?.masks ?? (of as Masks));
  const before = byPath(options.before ?? {});
  return Promise.all(
    [...masks].map(async ([path, mask]): Promise<LayerStatistics> => {
      const values = await mask.data();
      const active = count(values, (value) => value !== 0);
      const old = await before.get(path)?.data();
      const explored = await state?.explored[path]?.data();
      return {
        path,
        size: mask.size,
        active,
        sparsity: 1 - active / mask.size,
        deadUnits: deadColumns(values, mask.shape.at(-1) ?? 1),
        ...(explored && {itop: count(explored, (value) => value !== 0) / mask.size}),
        ...(old && {overlap: overlapOf(values, old)})
      };
    })
  );
}

/**
 * Statistics as one flat row for the metrics of a run: `sparsity`, `deadUnits` and `itop` of all layers together, and the figures of
 * each layer by name, "sparsity/dense1/kernel".
 */
export function statisticsRow(statistics: readonly LayerStatistics[]): Record<string, number> {
  const sum = (f: (each: LayerStatistics) => number) =>
    statistics.reduce((total, each) => total + f(each), 0);
  const size = sum((each) => each.size);
  const row: Record<string, number> = {
    sparsity: 1 - sum((each) => each.active) / size,
    deadUnits: sum((each) => each.deadUnits)
  };
  if (statistics.every((each) => each.itop !== undefined))
    row.itop = sum((each) => (each.itop as number) * each.size) / size;
  for (const each of statistics) {
    for (const name of ["sparsity", "deadUnits", "itop", "overlap"] as const) {
      if (each[name] !== undefined) row[`${name}/${each.path}`] = each[name];
    }
  }
  return row;
}

function byPath(masks: Masks): Map<string, Tensor> {
  return new Map(entries<Tensor | null>(masks).flatMap(({path, leaf}) => (leaf ? [[path, leaf]] : [])));
}

function count(values: ArrayLike<number>, holds: (value: number, i: number) => boolean): number {
  let found = 0;
  for (let i = 0; i < values.length; ++i) if (holds(values[i] as number, i)) ++found;
  return found;
}

function deadColumns(values: ArrayLike<number>, columns: number): number {
  const alive = new Uint8Array(columns);
  for (let i = 0; i < values.length; ++i) if (values[i] !== 0) alive[i % columns] = 1;
  return count(alive, (bit) => bit === 0);
}

function overlapOf(now: ArrayLike<number>, before: ArrayLike<number>): number {
  const both = count(now, (value, i) => value !== 0 && before[i] !== 0);
  const either = count(now, (value, i) => value !== 0 || before[i] !== 0);
  return either === 0 ? 1 : both / either;
}
