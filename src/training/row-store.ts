import type {MetricBatch} from "./types.ts";

/** A run's rows in columns, for charts. The arrays are views: take what you need before the next row comes. */
export interface RowColumns {
  /** Rows that are here. */
  length: number;
  /** Rows that the run yielded. */
  total: number;
  /** 1 when every row is here; 2 when every second one is, and so on. */
  stride: number;
  step: Float64Array;
  /** Milliseconds since the epoch. */
  timeMs: Float64Array;
  /** By metric; NaN where a row has no such number. */
  columns: Record<string, Float64Array>;
}

/** Above this many rows, every second one is let go: a chart needs no more, and the table `metrics` has them all. */
export const maxRows = 2 ** 18;

/** Rows as they arrive, in memory that is bounded whatever the run's length. */
export class RowStore {
  #step = new Float64Array(256);
  #timeMs = new Float64Array(256);
  readonly #columns = new Map<string, Float64Array>();
  /** Metrics that some row lacked. */
  readonly #sparse = new Set<string>();
  #length = 0;
  #total = 0;
  #stride = 1;

  append(batch: MetricBatch): void {
    for (const name of Object.keys(batch.columns)) {
      if (!this.#columns.has(name)) {
        this.#columns.set(name, new Float64Array(this.#step.length).fill(Number.NaN));
        if (this.#total > 0) this.#sparse.add(name);
      }
      if (batch.present?.[name]) this.#sparse.add(name);
    }
    for (const name of this.#columns.keys()) if (!(name in batch.columns)) this.#sparse.add(name);
    for (let i = 0; i < batch.step.length; ++i, ++this.#total) {
      if (this.#length === maxRows) this.#thin();
      if (this.#total % this.#stride !== 0) continue;
      if (this.#length === this.#step.length) this.#grow();
      this.#step[this.#length] = batch.step[i];
      this.#timeMs[this.#length] = batch.timeMs[i];
      for (const [name, column] of this.#columns)
        column[this.#length] = batch.columns[name]?.[i] ?? Number.NaN;
      this.#length += 1;
    }
  }

  /** Rows that have come, kept or not. */
  get total(): number {
    return this.#total;
  }

  view(): RowColumns {
    const cut = (column: Float64Array) => column.subarray(0, this.#length);
    return {
      length: this.#length,
      total: this.#total,
      stride: this.#stride,
      step: cut(this.#step),
      timeMs: cut(this.#timeMs),
      columns: Object.fromEntries([...this.#columns].map(([name, column]) => [name, cut(column)]))
    };
  }

  /** The number of the first row at or after `index` that is here; `total` when there is none. */
  seek(index: number): number {
    const next = Math.ceil(index / this.#stride) * this.#stride;
    return next / this.#stride < this.#length ? next : this.#total;
  }

  /** Row number `index`, which `seek` gave. A metric that the row has not is not in it. */
  row(index: number): {step: number; [name: string]: number} {
    const at = index / this.#stride;
    const row: {step: number; [name: string]: number} = {step: this.#step[at]};
    for (const [name, column] of this.#columns) {
      if (!Number.isNaN(column[at]) || !this.#sparse.has(name)) row[name] = column[at];
    }
    return row;
  }

  #grow(): void {
    const room = Math.min(maxRows, 2 * this.#step.length);
    const larger = (column: Float64Array) => {
      const copy = new Float64Array(room);
      copy.set(column);
      return copy;
    };
    this.#step = larger(this.#step);
    this.#timeMs = larger(this.#timeMs);
    for (const [name, column] of this.#columns) this.#columns.set(name, larger(column));
  }

  #thin(): void {
    const half = Math.ceil(this.#length / 2);
    for (const column of [this.#step, this.#timeMs, ...this.#columns.values()]) {
      for (let i = 0; i < half; ++i) column[i] = column[2 * i];
    }
    this.#length = half;
    this.#stride *= 2;
  }
}
