import type {ColumnSummary, Filter, Order} from "../../tables/view-types.ts";
import type {GridColumn, GridSource} from "./source.ts";

/** Stands for a value that is on its way from the database. */
export const pending = Symbol("pending");

/** Which rows are shown, and in which order. */
export interface Arrangement {
  readonly orders: readonly Order[];
  readonly filters: readonly Filter[];
}

/**
 * The rows that a grid shows, read by their place on the screen. One kind holds them on the page, the other asks a
 * database for windows of them; both tell `changed` when there is something new to draw.
 */
export interface GridRows {
  /** The table's columns; their `value` is of no use here. */
  readonly columns: readonly GridColumn[];
  /** Rows of the table. */
  readonly rowCount: number;
  /** Rows that satisfy the filters. */
  readonly shown: number;
  /** Whether the query had more rows than are kept. */
  readonly truncated: boolean;
  /** Whether another order or other rows than those drawn are on their way. */
  readonly busy: boolean;
  /** What went wrong, for people; null when nothing did. */
  readonly problem: string | null;
  /** Some rows in the table's own order, from which formats and widths are found; null until there are any. */
  readonly sample: GridSource | null;
  /** The value in the `row`th row shown, of the table's `column`th column; `pending` while it is on its way. */
  cell(row: number, column: number): unknown;
  /** Says that these rows are in view, so that they are fetched before others. */
  want(first: number, end: number): void;
  /** Shows other rows or another order. */
  arrange(arrangement: Arrangement): void;
  /** What the head of a column draws, over the rows that satisfy these conditions. */
  summarize(
    column: string,
    where: readonly Filter[],
    signal: AbortSignal
  ): ColumnSummary | Promise<ColumnSummary>;
  /** The rows shown from `first` up to but without `end`, for copies and exports. */
  read(first: number, end: number, signal?: AbortSignal): GridSource | Promise<GridSource>;
  /** Stops what is under way. */
  stop(): void;
}
