import {tableFromIPC} from "apache-arrow";
import type {MetricBatch} from "./types.ts";

/** One number of a run. */
interface Cell {
  key: string;
  seq: number;
  step: number;
  timeMs: number;
  value: number;
}

function* cells(streams: readonly Uint8Array[]): Generator<Cell> {
  for (const stream of streams) {
    const table = tableFromIPC(stream);
    const [key, step, time, value, seq] = ["key", "step", "ts_ms", "value", "seq"].map((name) =>
      table.getChild(name)
    );
    for (let i = 0; i < table.numRows; i++) {
      yield {
        key: key?.get(i),
        step: Number(step?.get(i)),
        timeMs: Number(time?.get(i)),
        value: value?.get(i),
        seq: Number(seq?.get(i))
      };
    }
  }
}

/**
 * The rows that one run yielded, of Arrow IPC streams with the columns of `metrics`, in whatever order. Rows without
 * a number are not in the streams: every batch goes on up to the next one that is missing.
 */
export function decodeMetrics(runId: string, streams: readonly Uint8Array[]): MetricBatch[] {
  const rows = new Map<number, Cell[]>();
  const keys = new Set<string>();
  for (const cell of cells(streams)) {
    keys.add(cell.key);
    const row = rows.get(cell.seq);
    if (row) row.push(cell);
    else rows.set(cell.seq, [cell]);
  }
  const order = [...rows.keys()].sort((a, b) => a - b);
  const batches: MetricBatch[] = [];
  for (let first = 0; first < order.length; ) {
    let end = first + 1;
    while (end < order.length && order[end] === order[end - 1] + 1) end++;
    batches.push(batchOf(runId, keys, order.slice(first, end), rows));
    first = end;
  }
  return batches;
}

function batchOf(
  runId: string,
  keys: ReadonlySet<string>,
  seqs: readonly number[],
  rows: ReadonlyMap<number, Cell[]>
): MetricBatch {
  const count = seqs.length;
  const columns = Object.fromEntries([...keys].map((key) => [key, new Float64Array(count).fill(Number.NaN)]));
  const present = Object.fromEntries([...keys].map((key) => [key, new Uint8Array(count)]));
  const step = new Float64Array(count);
  const timeMs = new Float64Array(count);
  seqs.forEach((seq, i) => {
    for (const cell of rows.get(seq) ?? []) {
      columns[cell.key][i] = cell.value;
      present[cell.key][i] = 1;
      step[i] = cell.step;
      timeMs[i] = cell.timeMs;
    }
  });
  return {runId, seq: seqs[0], step, timeMs, columns, present};
}
