import {type Table, tableFromArrays} from "apache-arrow";
import {satisfies} from "../../../../src/cells/grid/filter.ts";
import type {ColumnSummary, Filter, Order, TableView, Window} from "../../../../src/tables/view-types.ts";

/** A view whose row `i` has `i` and a name made from it; it answers when the test lets it. */
export class FakeView implements TableView {
  readonly columns = [
    {name: "i", type: "DOUBLE"},
    {name: "name", type: "VARCHAR"}
  ];
  readonly truncated = false;
  readonly rowCount: number;
  /** What was asked for, as [offset, rows], in order. */
  readonly asked: [number, number][] = [];
  readonly ended: number[] = [];
  /** Rows handed out for an export. */
  exported = 0;
  error: Error | null = null;
  private held: (() => void)[] | null = null;

  constructor(rowCount: number) {
    this.rowCount = rowCount;
  }

  /** Answers nothing until `release`. */
  hold(): void {
    this.held = [];
  }

  release(): void {
    for (const answer of this.held ?? []) answer();
    this.held = null;
  }

  async count(where: readonly Filter[]): Promise<number> {
    await this.turn();
    return this.rows(where, []).length;
  }

  async window({offset, limit, orderBy, where}: Window, signal?: AbortSignal): Promise<Table> {
    this.asked.push([offset, limit]);
    signal?.addEventListener("abort", () => this.ended.push(offset));
    await this.turn();
    signal?.throwIfAborted();
    if (this.error) throw this.error;
    if (!where?.length && !orderBy?.length)
      return table(Array.from({length: Math.min(limit, this.rowCount - offset)}, (_, i) => offset + i));
    return table(this.rows(where ?? [], orderBy ?? []).slice(offset, offset + limit));
  }

  async summarize(column: string, where: readonly Filter[] = []): Promise<ColumnSummary> {
    await this.turn();
    const rows = where.length ? this.rows(where, []).length : this.rowCount;
    const summary = {rows, nulls: 0, distinct: rows};
    if (column === "name") return {...summary, top: [{value: "row 0", count: 1}]};
    return {...summary, histogram: {low: 0, high: this.rowCount - 1, counts: [rows / 2, rows / 2], nans: 0}};
  }

  async toArrow({orderBy, where, columns}: Omit<Window, "offset" | "limit"> = {}): Promise<Table> {
    await this.turn();
    const all = table(this.rows(where ?? [], orderBy ?? []));
    this.exported = all.numRows;
    return columns ? all.select([...columns]) : all;
  }

  dispose(): void {}

  private async turn(): Promise<void> {
    await new Promise<void>((resolve) => (this.held ? this.held.push(resolve) : resolve()));
  }

  private rows(where: readonly Filter[], orders: readonly Order[]): number[] {
    const value = (i: number, column: string) => (column === "i" ? i : nameOf(i));
    const kept: number[] = [];
    for (let i = 0; i < this.rowCount; i++)
      if (where.every((filter) => satisfies(filter, value(i, filter.column)))) kept.push(i);
    if (orders[0]?.descending) kept.reverse();
    return kept;
  }
}

const nameOf = (i: number) => `row ${i}`;

function table(rows: number[]): Table {
  return tableFromArrays({i: Float64Array.from(rows), name: rows.map(nameOf)});
}
