import type {MetricColumns} from "./encode.ts";
import type {Row} from "./schema.ts";

type LatestRow = Row<"latest_metrics">;

/** A whole number of 64 bits as a double: exact up to 2^53, and much faster than a BigInt. */
function numbersOf(column: BigInt64Array): (row: number) => number {
  const words = new Int32Array(column.buffer, column.byteOffset, 2 * column.length);
  return (row) => words[2 * row + 1] * 4294967296 + (words[2 * row] >>> 0);
}

/** Last, least and greatest value of every metric of every run, kept up to date as rows come. */
export class LatestMetrics {
  readonly #runs = new Map<string, Map<string, LatestRow>>();

  /** Takes in rows, in any order. */
  add({runIds, keys, runId, key, step, timeMs, value, seq}: MetricColumns): void {
    const [stepAt, timeAt, seqAt] = [step, timeMs, seq].map(numbersOf);
    // Looked up once a pair of run and metric, not once a row.
    const slots: (LatestRow | undefined)[] = new Array(runIds.length * keys.length);
    for (let i = 0; i < value.length; i++) {
      const slot = runId[i] * keys.length + key[i];
      const x = value[i];
      const at = stepAt(i);
      const row = slots[slot];
      if (!row) {
        slots[slot] = this.#row(runIds[runId[i]], keys[key[i]], {
          value: x,
          step: at,
          ts_ms: timeAt(i),
          seq: seqAt(i)
        });
        this.#take(slots[slot] as LatestRow, x, at, timeAt(i), seqAt(i));
        continue;
      }
      this.#take(row, x, at, timeAt(i), seqAt(i));
    }
  }

  /** The rows of `latest_metrics`. */
  rows(): LatestRow[] {
    return [...this.#runs.values()].flatMap((byKey) => [...byKey.values()]);
  }

  #row(runId: string, key: string, first: Pick<LatestRow, "value" | "step" | "ts_ms" | "seq">): LatestRow {
    let byKey = this.#runs.get(runId);
    if (!byKey) {
      byKey = new Map();
      this.#runs.set(runId, byKey);
    }
    let row = byKey.get(key);
    if (!row) {
      const none = {min_value: null, min_step: null, max_value: null, max_step: null, n: 0};
      row = {run_id: runId, key, ...first, ...none};
      byKey.set(key, row);
    }
    return row;
  }

  #take(row: LatestRow, value: number, step: number, timeMs: number, seq: number): void {
    row.n++;
    if (
      step > row.step ||
      (step === row.step && (timeMs > row.ts_ms || (timeMs === row.ts_ms && seq >= row.seq)))
    ) {
      row.value = value;
      row.step = step;
      row.ts_ms = timeMs;
      row.seq = seq;
    }
    if (Number.isNaN(value)) return;
    if (
      row.min_value === null ||
      value < row.min_value ||
      (value === row.min_value && step < Number(row.min_step))
    ) {
      row.min_value = value;
      row.min_step = step;
    }
    if (
      row.max_value === null ||
      value > row.max_value ||
      (value === row.max_value && step < Number(row.max_step))
    ) {
      row.max_value = value;
      row.max_step = step;
    }
  }
}

const isLater = (a: LatestRow, b: LatestRow) =>
  a.step !== b.step ? a.step > b.step : a.ts_ms !== b.ts_ms ? a.ts_ms > b.ts_ms : a.seq > b.seq;

/** The row for all values of a metric of a run, of two rows for parts of them. */
export function mergeLatest(a: LatestRow, b: LatestRow): LatestRow {
  const last = isLater(b, a) ? b : a;
  const least = extreme(a, b, "min", -1);
  const greatest = extreme(a, b, "max", 1);
  return {
    ...last,
    min_value: least.min_value,
    min_step: least.min_step,
    max_value: greatest.max_value,
    max_step: greatest.max_step,
    n: a.n + b.n
  };
}

/** Which of the rows has the extreme; of equals, the one that had it at the earlier step. */
function extreme(a: LatestRow, b: LatestRow, which: "min" | "max", sign: 1 | -1): LatestRow {
  const [x, y] = [a[`${which}_value`], b[`${which}_value`]];
  if (x === null || y === null) return x === null ? b : a;
  if (x !== y) return sign * x > sign * y ? a : b;
  return Number(a[`${which}_step`]) <= Number(b[`${which}_step`]) ? a : b;
}
