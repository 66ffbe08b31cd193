import {breathe} from "../../tables/breathe.ts";
import type {GridColumn} from "./source.ts";

/** Longest time that sorting keeps the page busy. */
const sliceMs = 10;

/** Rows between two looks at the clock. */
const stride = 4096;

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

/** Sorts, yielding often. Equal rows keep their order, also in descending order; blanks come last. */
function* sorting(
  column: GridColumn,
  rowCount: number,
  descending: boolean
): Generator<void, Uint32Array, void> {
  const keys: unknown[] = new Array(rowCount);
  for (let row = 0; row < rowCount; row++) {
    keys[row] = comparable(column.value(row));
    if (row % stride === 0) yield;
  }
  const sign = descending ? -1 : 1;
  const compare = (i: number, j: number) => {
    const [a, b] = [keys[i], keys[j]];
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    return sign * compareValues(a, b);
  };
  let from = Uint32Array.from(keys, (_, row) => row);
  let to = new Uint32Array(rowCount);
  for (let start = 0; start < rowCount; start += stride) {
    from.subarray(start, start + stride).sort(compare);
    yield;
  }
  for (let width = stride; width < rowCount; width *= 2) {
    for (let start = 0; start < rowCount; start += 2 * width) yield* merge(from, to, start, width, compare);
    [from, to] = [to, from];
  }
  return from;
}

function* merge(
  from: Uint32Array,
  to: Uint32Array,
  start: number,
  width: number,
  compare: (i: number, j: number) => number
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

/** The rows of a table in the order of a column, found in short slices. @throws the signal's reason when aborted. */
export async function sortedRows(
  column: GridColumn,
  rowCount: number,
  descending: boolean,
  signal?: AbortSignal
): Promise<Uint32Array> {
  const steps = sorting(column, rowCount, descending);
  let started = performance.now();
  while (true) {
    const {done, value} = steps.next();
    if (done) return value;
    if (performance.now() - started < sliceMs) continue;
    await breathe();
    signal?.throwIfAborted();
    started = performance.now();
  }
}
