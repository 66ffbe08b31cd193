import {tableFromIPC} from "apache-arrow";
import {breathe} from "./breathe.ts";
import {emptyColumns, type MetricColumns, writeMetrics} from "./encode.ts";

/** Most rows of one merged stream: 10 MB, written in some 20 ms. */
const rowsPerStream = 250_000;

/** Longest time that the page is kept busy. */
const sliceMs = 12;

/** Numbers words as they come. */
class Words {
  readonly list: string[] = [];
  private readonly numbers = new Map<string, number>();

  number(word: string): number {
    let n = this.numbers.get(word);
    if (n === undefined) {
      n = this.list.push(word) - 1;
      this.numbers.set(word, n);
    }
    return n;
  }
}

/** Gathers the rows of many streams that `encode` wrote. */
class Merger {
  private readonly runIds = new Words();
  private readonly keys = new Words();
  private readonly parts: Omit<MetricColumns, "keys" | "runIds">[] = [];
  rows = 0;

  add(stream: Uint8Array): void {
    for (const {data, numRows} of tableFromIPC(stream).batches) {
      if (numRows === 0) continue;
      const [runId, key, step, timeMs, value, seq] = data.children;
      // Buffers are padded: they hold more values than the batch has rows.
      const valuesOf = (column: typeof runId) =>
        column.values.subarray(column.offset, column.offset + numRows);
      const renumber = (column: typeof runId, words: Words) => {
        const numbers = Array.from(column.dictionary as Iterable<string>, (word) => words.number(word));
        return (valuesOf(column) as Int32Array).map((index) => numbers[index]);
      };
      this.parts.push({
        runId: renumber(runId, this.runIds),
        key: renumber(key, this.keys),
        step: valuesOf(step),
        timeMs: valuesOf(timeMs),
        value: valuesOf(value),
        seq: valuesOf(seq)
      });
      this.rows += numRows;
    }
  }

  write(seen?: (columns: MetricColumns) => void): Uint8Array {
    const {rows} = this;
    const merged = emptyColumns(rows);
    let at = 0;
    for (const part of this.parts) {
      merged.runId.set(part.runId, at);
      merged.key.set(part.key, at);
      merged.step.set(part.step, at);
      merged.timeMs.set(part.timeMs, at);
      merged.value.set(part.value, at);
      merged.seq.set(part.seq, at);
      at += part.key.length;
    }
    const columns = {...merged, keys: this.keys.list, runIds: this.runIds.list};
    seen?.(columns);
    return writeMetrics(columns);
  }
}

/**
 * The same rows in as few Arrow IPC streams as pays: DuckDB takes a stream in a millisecond, whatever its size.
 * Works in short slices, so that a long backlog does not hold up the page. The given bytes stay usable.
 * `seen` is shown the columns of every stream.
 */
export async function* mergeMetrics(
  streams: readonly Uint8Array[],
  seen?: (columns: MetricColumns) => void
): AsyncGenerator<Uint8Array> {
  let merger = new Merger();
  let started = performance.now();
  for (const stream of streams) {
    merger.add(stream);
    if (merger.rows >= rowsPerStream) {
      yield merger.write(seen);
      merger = new Merger();
    }
    if (performance.now() - started > sliceMs) {
      await breathe();
      started = performance.now();
    }
  }
  if (merger.rows > 0) yield merger.write(seen);
}
