import type {ColumnSummary, Filter} from "../../tables/view-types.ts";
import {rowTests} from "./filter.ts";
import type {Arrangement, GridRows} from "./rows.ts";
import {inSlices, stride} from "./slices.ts";
import {sorting} from "./sort.ts";
import type {GridColumn, GridSource} from "./source.ts";
import {summarizing} from "./summary.ts";

/** Rows of a table that is on the page: filtered and sorted here, in short slices. */
export class LocalRows implements GridRows {
  readonly columns: readonly GridColumn[];
  readonly rowCount: number;
  readonly sample: GridSource;
  readonly truncated = false;
  readonly problem = null;
  busy = false;
  private readonly changed: () => void;
  /** The table's row at each place; null for all in the table's own order. */
  private rows: Uint32Array | null = null;
  private aborter = new AbortController();

  constructor(source: GridSource, changed: () => void) {
    this.sample = source;
    this.columns = source.columns;
    this.rowCount = source.rowCount;
    this.changed = changed;
  }

  get shown(): number {
    return this.rows?.length ?? this.rowCount;
  }

  cell(row: number, column: number): unknown {
    return this.columns[column].value(this.at(row));
  }

  want(): void {
    // All of them are here.
  }

  arrange(arrangement: Arrangement): void {
    this.stop();
    this.aborter = new AbortController();
    const {signal} = this.aborter;
    const done = (rows: Uint32Array | null) => {
      this.rows = rows;
      this.busy = false;
      this.changed();
    };
    const arranged = inSlices(this.arranging(arrangement), signal);
    if (!(arranged instanceof Promise)) {
      done(arranged);
      return;
    }
    this.busy = true;
    arranged.then(done, (error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  summarize(
    name: string,
    where: readonly Filter[],
    signal: AbortSignal
  ): ColumnSummary | Promise<ColumnSummary> {
    const column = this.columns.find((column) => column.name === name) as GridColumn;
    return inSlices(this.summarizing(column, where), signal);
  }

  read(first: number, end: number): GridSource {
    const columns = this.columns.map((column) => ({
      ...column,
      value: (row: number) => column.value(this.at(first + row))
    }));
    return {rowCount: end - first, columns};
  }

  stop(): void {
    this.aborter.abort();
  }

  /** The table's row at each place, null for all in the table's own order. */
  get order(): Uint32Array | null {
    return this.rows;
  }

  private at(row: number): number {
    return this.rows ? this.rows[row] : row;
  }

  private *arranging({orders, filters}: Arrangement): Generator<void, Uint32Array | null, void> {
    const by = orders.flatMap(({column: name, descending}) => {
      const column = this.columns.find((column) => column.name === name);
      return column ? [{column, descending}] : [];
    });
    const kept = yield* this.filtering(filters);
    if (!by.length) return kept;
    return yield* sorting(by, kept ?? Uint32Array.from({length: this.rowCount}, (_, row) => row));
  }

  private *filtering(filters: readonly Filter[]): Generator<void, Uint32Array | null, void> {
    const tests = rowTests(filters, this.columns);
    if (!tests.length) return null;
    const rows = new Uint32Array(this.rowCount);
    let count = 0;
    for (let row = 0; row < this.rowCount; row++) {
      if (row % stride === 0) yield;
      if (tests.every((test) => test(row))) rows[count++] = row;
    }
    return rows.subarray(0, count);
  }

  private *summarizing(column: GridColumn, where: readonly Filter[]): Generator<void, ColumnSummary, void> {
    const rows = yield* this.filtering(where);
    return yield* summarizing(column, rows, rows?.length ?? this.rowCount);
  }
}
