import {stride} from "./slices.ts";
import type {GridColumn} from "./source.ts";

/** A column to sort by. */
export interface SortBy {
  column: GridColumn;
  descending: boolean;
}

const words = new Intl.Collator("en", {numeric: true});

/** Nothing to compare by: always last. */
const isBlank = (value: unknown) => value === null || value === undefined || Number.isNaN(value);

function compareValues(a: unknown, b: unknown): number {
  if (typeof a === "string" && typeof b === "string") return words.compare(a, b);
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
}

function comparable(value: unknown): unknown {
  if (isBlank(value)) return null;
  return typeof value === "object" && !(value instanceof Date) ? String(value) : value;
}

type Compare = (i: number, j: number) => number;

function* comparing({column, descending}: SortBy, rows: Uint32Array): Generator<void, Compare, void> {
  const keys: unknown[] = [];
  for (let i = 0; i < rows.length; i++) {
    keys[rows[i]] = comparable(column.value(rows[i]));
    if (i % stride === 0) yield;
  }
  const sign = descending ? -1 : 1;
  return (i, j) => {
    const [a, b] = [keys[i], keys[j]];
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    return sign * compareValues(a, b);
  };
}

/**
 * Sorts rows by columns, the first one first; a generator that yields often. Equal rows keep their order, also in
 * descending order; blanks come last.
 */
export function* sorting(
  by: readonly SortBy[],
  rows: Uint32Array
): Generator<void, Uint32Array<ArrayBufferLike>, void> {
  const compares: Compare[] = [];
  for (const order of by) compares.push(yield* comparing(order, rows));
  const compare: Compare = (i, j) => {
    for (const one of compares) {
      const sign = one(i, j);
      if (sign) return sign;
    }
    return 0;
  };
  let from: Uint32Array<ArrayBufferLike> = rows.slice();
  let to: Uint32Array<ArrayBufferLike> = new Uint32Array(rows.length);
  for (let start = 0; start < rows.length; start += stride) {
    from.subarray(start, start + stride).sort(compare);
    yield;
  }
  for (let width = stride; width < rows.length; width *= 2) {
    for (let start = 0; start < rows.length; start += 2 * width)
      yield* merge(from, to, start, width, compare);
    [from, to] = [to, from];
  }
  return from;
}

function* merge(
  from: Uint32Array,
  to: Uint32Array,
  start: number,
  width: number,
  compare: Compare
): Generator<void, void, void> {
  const middle = Math.min(start + width, from.length);
  const end = Math.min(start + 2 * width, from.length);
  let left = start;
  let right = middle;
  for (let at = start; at < end; at++) {
    const takeLeft = left < middle && (right >= end || compare(from[left], from[right]) <= 0);
    to[at] = takeLeft ? from[left++] : from[right++];
    if (at % stride === 0) yield;
  }
}
