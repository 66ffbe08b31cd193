// Arrays as metrics take them.
import {ArgumentError, checkCount, ShapeError} from "../core/errors.ts";

/** Numbers one after the other: an array or a typed array. */
export type Values = ArrayLike<number>;

/** A row for every example: rows, or all numbers one after the other (what a tensor's `data()` gives). */
export type Rows = Values | readonly Values[];

/** Rows of numbers as one array, and how many stand in each. Throws ShapeError where they do not come out even. */
export function asMatrix(name: string, rows: Rows, count: number): {values: Values; columns: number} {
  if (count === 0) throw new ArgumentError(`${name}: there are no examples.`);
  if (typeof rows[0] === "number") {
    const columns = rows.length / count;
    if (Number.isInteger(columns)) return {values: rows as Values, columns};
    throw new ShapeError(`${name}: ${rows.length} numbers do not make ${count} rows of one length.`);
  }
  const nested = rows as readonly Values[];
  const columns = nested[0]?.length ?? 0;
  if (nested.length !== count) {
    throw new ShapeError(`${name}: expected ${count} rows, one an example, got ${nested.length}.`);
  }
  const values = new Float64Array(count * columns);
  nested.forEach((row, r) => {
    if (row.length !== columns) {
      throw new ShapeError(`${name}: row 0 has ${columns} numbers, row ${r} has ${row.length}.`);
    }
    values.set(row, r * columns);
  });
  return {values, columns};
}

/** Throws unless every label is a class from 0 to classes - 1. */
export function checkClasses(name: string, labels: Values, classes: number): void {
  checkCount("classes", classes);
  for (let i = 0; i < labels.length; ++i) {
    const label = labels[i] as number;
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new ArgumentError(
        `${name}: expected classes from 0 to ${classes - 1}, got ${label} at position ${i}.`
      );
    }
  }
}

/** Throws unless both have the same number of entries, at least one. */
export function checkSameLength(
  name: string,
  [what, a]: [string, Values],
  [other, b]: [string, Values]
): void {
  if (a.length !== b.length) {
    throw new ShapeError(`${name}: expected as many ${other} as ${what}, ${a.length}, got ${b.length}.`);
  }
  if (a.length === 0) throw new ArgumentError(`${name}: there are no examples.`);
}

/** The arithmetic mean; NaN of nothing. */
export function mean(values: Values): number {
  let sum = 0;
  for (let i = 0; i < values.length; ++i) sum += values[i] as number;
  return sum / values.length;
}
