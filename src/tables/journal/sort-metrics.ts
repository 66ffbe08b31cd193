import type {MetricColumns} from "../encode.ts";
import {selectRows} from "./metric-collector.ts";

/** 64-bit numbers as doubles: exact up to 2^53, and comparable without making BigInts. */
function doubles(column: BigInt64Array): Float64Array {
  const words = new Int32Array(column.buffer, column.byteOffset, 2 * column.length);
  const numbers = new Float64Array(column.length);
  for (let i = 0; i < numbers.length; i++) {
    numbers[i] = words[2 * i + 1] * 4294967296 + (words[2 * i] >>> 0);
  }
  return numbers;
}

/** The words in order, and for each word's number its place there. */
function rank(words: readonly string[]): {sorted: string[]; places: Int32Array} {
  const order = words.map((_, i) => i).sort((a, b) => (words[a] < words[b] ? -1 : 1));
  const places = new Int32Array(words.length);
  order.forEach((number, place) => {
    places[number] = place;
  });
  return {sorted: order.map((number) => words[number]), places};
}

/** Sorts a stretch of row numbers by two columns; most are in order already. */
function sortStretch(rows: Uint32Array, first: Float64Array, second: Float64Array): void {
  const isOrdered = (a: number, b: number) =>
    first[a] < first[b] || (first[a] === first[b] && second[a] <= second[b]);
  let i = 1;
  while (i < rows.length && isOrdered(rows[i - 1], rows[i])) i++;
  if (i >= rows.length) return;
  rows.sort((a, b) => first[a] - first[b] || second[a] - second[b] || a - b);
}

/** Rows by their bucket, in the order they came within it. */
function buckets(bucketOf: Int32Array, count: number): {rows: Uint32Array; ends: Uint32Array} {
  const ends = new Uint32Array(count);
  for (const bucket of bucketOf) ends[bucket]++;
  for (let i = 1, sum = ends[0] ?? 0; i < count; i++) {
    sum += ends[i];
    ends[i] = sum;
  }
  const next = new Uint32Array(count);
  next.set(ends.subarray(0, count - 1), 1);
  const rows = new Uint32Array(bucketOf.length);
  for (let i = 0; i < bucketOf.length; i++) rows[next[bucketOf[i]]++] = i;
  return {rows, ends};
}

/** The same rows sorted by run, key and step (of equal steps as they were yielded); runs and keys alphabetically. */
export function sortMetrics(columns: MetricColumns): MetricColumns {
  const runs = rank(columns.runIds);
  const keys = rank(columns.keys);
  const runId = columns.runId.map((number) => runs.places[number]);
  const key = columns.key.map((number) => keys.places[number]);
  const width = Math.max(1, columns.keys.length);
  const {rows, ends} = buckets(
    runId.map((run, i) => run * width + key[i]),
    Math.max(1, columns.runIds.length * width)
  );
  const [step, seq] = [doubles(columns.step), doubles(columns.seq)];
  ends.forEach((end, i) => {
    const start = i === 0 ? 0 : ends[i - 1];
    if (end - start > 1) sortStretch(rows.subarray(start, end), step, seq);
  });
  return selectRows({...columns, runIds: runs.sorted, keys: keys.sorted, runId, key}, rows);
}

/** The same rows in the order they were yielded. */
export function sortBySeq(columns: MetricColumns): MetricColumns {
  const seq = doubles(columns.seq);
  const rows = Uint32Array.from(seq, (_, i) => i);
  sortStretch(rows, seq, Float64Array.from(columns.key));
  return selectRows(columns, rows);
}
