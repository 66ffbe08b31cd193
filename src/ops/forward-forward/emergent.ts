// What representations look like, as plain data: how sparse they are, which units stand for a class, and how classes share them.
import {ArgumentError, checkCount, checkNumber, checkOptions} from "../core/errors.ts";
import {checkFinite, checkGiven} from "./checks.ts";

/** Outputs of a layer, row after row, and what the rows are. */
export interface Representation {
  /** [rows, units], row after row. */
  values: Float32Array;
  units: number;
  /** A class number for each row. */
  labels: ArrayLike<number>;
  classes: number;
}

export interface EnsembleOptions {
  /** A unit belongs to a class's ensemble when its mean over the class is at least this share of the largest mean, 0.5 by default. */
  threshold?: number;
}

export interface EnsembleReport {
  /** The mean over rows of (1 - (sum |a|)^2 / (units sum a^2)) / (1 - 1 / units): 0 when all units are equally active, 1 when one alone is (Treves & Rolls). Rows without activity do not count: NaN where there are no others, and for a single unit. */
  sparsity: number;
  /** Share of zeros. */
  silent: number;
  /** Units of each class's ensemble, the strongest first. */
  ensembles: number[][];
  /** Share of units that two ensembles have in common, |A and B| / |A or B|: [class][class]; NaN where both are empty. */
  overlaps: number[][];
  /** Units in more than one ensemble, as a share of those in any. */
  shared: number;
}

/**
 * The ensembles of a layer, as in "Emergent representations in networks trained with the Forward-Forward algorithm" (Tosato et
 * al. 2023): the units that a class drives strongly, how many units two classes share, and how sparse the activity is (Treves
 * and Rolls's measure). `ensembleView` draws the reports of several layers. Throws an ArgumentError where values, units and labels
 * do not fit each other.
 *
 * @example
 * import {ensembleReport} from "petri/forward-forward";
 *
 * const values = Float32Array.of(1, 0, 0, 0.9, 0.1, 0, 0, 0, 1);
 * display(ensembleReport({values, units: 3, labels: [0, 0, 1], classes: 2}));
 */
export function ensembleReport(
  representation: Representation,
  options: EnsembleOptions = {}
): EnsembleReport {
  checkGiven("ensembleReport", representation, "{values, units, labels, classes}");
  checkGiven("ensembleReport", representation.labels, "labels, a class number for each row");
  checkGiven("ensembleReport", representation.values, "values, units of them for each label");
  const {values, units, labels, classes} = representation;
  checkOptions("ensembleReport", options, {threshold: true});
  const {threshold = 0.5} = options;
  checkNumber("threshold", threshold, 0, 1);
  checkCount("units", units);
  checkCount("classes", classes);
  const rows = labels.length;
  if (rows === 0 || values.length !== rows * units)
    throw new ArgumentError(
      `ensembleReport needs ${units} values for each of ${rows} labels, at least one: got ${values.length} values.`
    );
  checkFinite("values", values);
  const means = classMeans({values, units, labels, classes});
  const ensembles = means.map((mean) => ensembleOf(mean, threshold));
  const counts = new Map<number, number>();
  for (const unit of ensembles.flat()) counts.set(unit, (counts.get(unit) ?? 0) + 1);
  const several = [...counts.values()].filter((count) => count > 1).length;
  return {
    sparsity: meanSparsity(values, units),
    silent: values.filter((value) => value === 0).length / values.length,
    ensembles,
    overlaps: ensembles.map((a) => ensembles.map((b) => overlap(a, b))),
    shared: counts.size === 0 ? 0 : several / counts.size
  };
}

/** Mean size of activity by class: [class][unit]. */
function classMeans({values, units, labels, classes}: Representation): Float64Array[] {
  const sums = Array.from({length: classes}, () => new Float64Array(units));
  const counts = new Array<number>(classes).fill(0);
  for (let row = 0; row < labels.length; ++row) {
    const label = labels[row] as number;
    const sum = sums[label];
    if (!sum) throw new ArgumentError(`Row ${row} has the label ${label}, and there are ${classes} classes.`);
    counts[label] = (counts[label] as number) + 1;
    for (let unit = 0; unit < units; ++unit)
      sum[unit] = (sum[unit] as number) + Math.abs(values[row * units + unit] as number);
  }
  return sums.map((sum, label) => sum.map((value) => value / Math.max(1, counts[label] as number)));
}

function ensembleOf(mean: Float64Array, threshold: number): number[] {
  const most = mean.reduce((largest, value) => Math.max(largest, value), 0);
  if (most === 0) return [];
  const units = [...mean.keys()].filter((unit) => (mean[unit] as number) >= threshold * most);
  return units.sort((a, b) => (mean[b] as number) - (mean[a] as number));
}

function overlap(a: readonly number[], b: readonly number[]): number {
  const other = new Set(b);
  const both = a.filter((unit) => other.has(unit)).length;
  return both / (a.length + b.length - both);
}

/** Rows without activity do not count. */
function meanSparsity(values: Float32Array, units: number): number {
  let sum = 0;
  let count = 0;
  for (let from = 0; from < values.length; from += units) {
    const row = values.subarray(from, from + units);
    const squares = row.reduce((all, value) => all + value * value, 0);
    if (squares === 0 || units === 1) continue;
    const size = row.reduce((all, value) => all + Math.abs(value), 0);
    sum += (1 - (size * size) / (units * squares)) / (1 - 1 / units);
    ++count;
  }
  return count === 0 ? NaN : sum / count;
}
