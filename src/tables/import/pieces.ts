import type {ImportedRows} from "../import-types.ts";

/** Rows that a page takes in at a time without being held up: some milliseconds. */
const mostRows = 2000;

function* slices<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < rows.length; from += mostRows) yield rows.slice(from, from + mostRows);
}

/** The same rows in the same order, few at a time: what is said of all runs of a file comes in one piece. */
export function* inPieces({
  runs = [],
  params = [],
  metrics = [],
  ...rest
}: ImportedRows): Generator<ImportedRows> {
  if (Object.keys(rest).length > 0) yield rest;
  for (const part of slices(runs)) yield {runs: part};
  for (const part of slices(params)) yield {params: part};
  for (const part of metrics) yield {metrics: [part]};
}
