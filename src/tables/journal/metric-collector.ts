import {emptyColumns, type MetricColumns} from "../encode.ts";

/** Numbers words as they come. */
class Words {
  readonly list: string[] = [];
  readonly #numbers = new Map<string, number>();

  number(word: string): number {
    let n = this.#numbers.get(word);
    if (n === undefined) {
      n = this.list.push(word) - 1;
      this.#numbers.set(word, n);
    }
    return n;
  }
}

type Numbers = Omit<MetricColumns, "keys" | "runIds">;

type IsWanted = (word: string) => boolean;

const any = () => true;

/** Which rows of the columns are of wanted runs and metrics; null when all are. */
function wantedRows(
  {runIds, runId, keys, key}: MetricColumns,
  isRun: IsWanted,
  isKey: IsWanted
): number[] | null {
  const [runs, metrics] = [runIds.map(isRun), keys.map(isKey)];
  if (runs.every((is) => is) && metrics.every((is) => is)) return null;
  const rows: number[] = [];
  for (let i = 0; i < runId.length; i++) if (runs[runId[i]] && metrics[key[i]]) rows.push(i);
  return rows;
}

/** The same columns with only these rows, in this order. */
export function selectRows<T extends Numbers>(columns: T, rows: ArrayLike<number>): T {
  const {length} = rows;
  const {runId, key, step, timeMs, value, seq} = columns;
  const picked = emptyColumns(length);
  // 64 bits are copied as two words: a BigInt would be made for each otherwise.
  const words = (column: BigInt64Array) =>
    new Int32Array(column.buffer, column.byteOffset, 2 * column.length);
  const pairs = (
    [
      [step, picked.step],
      [timeMs, picked.timeMs],
      [seq, picked.seq]
    ] as const
  ).map(([from, to]) => [words(from), words(to)] as const);
  for (let i = 0; i < length; i++) {
    const row = rows[i];
    picked.runId[i] = runId[row];
    picked.key[i] = key[row];
    picked.value[i] = value[row];
    for (const [from, to] of pairs) {
      to[2 * i] = from[2 * row];
      to[2 * i + 1] = from[2 * row + 1];
    }
  }
  return {...columns, ...picked};
}

/** Gathers rows of metrics of many streams. */
export class MetricCollector {
  readonly #runIds = new Words();
  readonly #keys = new Words();
  readonly #parts: Numbers[] = [];
  rows = 0;

  /** Adds rows, those of wanted runs and metrics. The columns have to stay as they are until `take`. */
  add(given: MetricColumns, isRun: IsWanted = any, isKey: IsWanted = any): void {
    const rows = wantedRows(given, isRun, isKey);
    const columns = rows ? selectRows(given, rows) : given;
    const renumber = (column: Int32Array, words: readonly string[], all: Words) => {
      const numbers = new Int32Array(words.length).fill(-1);
      const renumbered = new Int32Array(column.length);
      for (let i = 0; i < column.length; i++) {
        const index = column[i];
        if (numbers[index] < 0) numbers[index] = all.number(words[index]);
        renumbered[i] = numbers[index];
      }
      return renumbered;
    };
    this.#parts.push({
      ...columns,
      runId: renumber(columns.runId, columns.runIds, this.#runIds),
      key: renumber(columns.key, columns.keys, this.#keys)
    });
    this.rows += columns.value.length;
  }

  /** Everything that was added, in the order it came. */
  take(): MetricColumns {
    const {rows} = this;
    const all = emptyColumns(rows);
    let at = 0;
    for (const part of this.#parts) {
      all.runId.set(part.runId, at);
      all.key.set(part.key, at);
      all.step.set(part.step, at);
      all.timeMs.set(part.timeMs, at);
      all.value.set(part.value, at);
      all.seq.set(part.seq, at);
      at += part.key.length;
    }
    return {...all, runIds: this.#runIds.list, keys: this.#keys.list};
  }
}
