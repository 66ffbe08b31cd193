import type {ColumnSummary, Filter} from "../../tables/view-types.ts";
import type {GridRows} from "./rows.ts";
import {stringify} from "./stringify.ts";

interface Kept {
  rows: GridRows;
  key: string;
  /** Null where it could not be had. */
  summary: ColumnSummary | null;
}

/**
 * What the heads draw, found one column after another and after the rows. A column's own filter does not count in
 * its distribution, so that the reader sees what it leaves out.
 */
export class Summaries {
  private readonly kept = new Map<string, Kept>();
  private readonly changed: () => void;
  private wanted: {rows: GridRows; columns: readonly string[]; filters: readonly Filter[]} | null = null;
  private isRunning = false;
  private aborter = new AbortController();

  constructor(changed: () => void) {
    this.changed = changed;
  }

  /** The latest known of a column, also of a result that came before; null when nothing is known. */
  of(column: string): ColumnSummary | null {
    return this.kept.get(column)?.summary ?? null;
  }

  /** Says which columns are in view. */
  want(rows: GridRows, columns: readonly string[], filters: readonly Filter[]): void {
    this.wanted = {rows, columns, filters};
    if (!this.isRunning) void this.run();
  }

  stop(): void {
    this.wanted = null;
    this.aborter.abort();
  }

  /** Of one column at once, whether or not it is in view; null where it cannot be had. */
  ask(rows: GridRows, column: string, filters: readonly Filter[]): Promise<ColumnSummary | null> {
    const where = filters.filter((filter) => filter.column !== column);
    return this.summarize({rows, column, where}, new AbortController().signal);
  }

  private next(): (Kept & {column: string; where: Filter[]}) | null {
    if (!this.wanted || this.wanted.rows.busy) return null;
    const {rows, columns, filters} = this.wanted;
    for (const column of columns) {
      const where = filters.filter((filter) => filter.column !== column);
      const key = stringify(where);
      const kept = this.kept.get(column);
      if (kept?.rows !== rows || kept.key !== key) return {rows, column, where, key, summary: null};
    }
    return null;
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    // After the drawing that asked for it.
    await null;
    for (let next = this.next(); next; next = this.next()) {
      const {rows, column, key} = next;
      this.aborter = new AbortController();
      const {signal} = this.aborter;
      const summary = await this.summarize(next, signal);
      if (signal.aborted) continue;
      this.kept.set(column, {rows, key, summary});
      this.changed();
    }
    this.isRunning = false;
  }

  private async summarize(
    {rows, column, where}: {rows: GridRows; column: string; where: Filter[]},
    signal: AbortSignal
  ): Promise<ColumnSummary | null> {
    try {
      return await rows.summarize(column, where, signal);
    } catch {
      // The head stays without its picture; the rows say what is wrong with the table.
      return null;
    }
  }
}
