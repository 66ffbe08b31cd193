import type {ReactiveController, ReactiveControllerHost} from "lit";
import type {GridState} from "./grid-state.ts";
import {sortedRows} from "./sort.ts";
import type {GridSource} from "./source.ts";

/** The order in which a grid shows its rows: the table's own, or that of a column. */
export class RowOrder implements ReactiveController {
  /** True while a new order is being worked out; the old one is shown until then. */
  busy = false;
  private readonly host: ReactiveControllerHost;
  private rows: Uint32Array | null = null;
  private aborter = new AbortController();

  constructor(host: ReactiveControllerHost) {
    this.host = host;
    host.addController(this);
  }

  hostDisconnected(): void {
    this.aborter.abort();
  }

  /** The table's row that is shown as the `row`th. */
  at(row: number): number {
    return this.rows ? this.rows[row] : row;
  }

  /** Goes back to the table's own order, for another table. */
  reset(): void {
    this.rows = null;
  }

  /** Sorts by a column, or not at all. */
  async apply(source: GridSource, sort: GridState["sort"]): Promise<void> {
    this.aborter.abort();
    this.aborter = new AbortController();
    const {signal} = this.aborter;
    const column = source.columns.find(({name}) => name === sort?.name);
    this.busy = !!column;
    try {
      this.rows = column ? await sortedRows(column, source.rowCount, !!sort?.descending, signal) : null;
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    this.busy = false;
    this.host.requestUpdate();
  }
}
