import type {Table} from "apache-arrow";

/** One condition on a column; conditions are joined by AND. */
export type Filter =
  | {column: string; op: "=" | "!=" | "<" | "<=" | ">" | ">="; value: unknown}
  | {column: string; op: "between"; low: unknown; high: unknown}
  | {column: string; op: "in"; values: readonly unknown[]}
  /** Case-insensitive, anywhere in the value's text. */
  | {column: string; op: "contains"; text: string}
  | {column: string; op: "null" | "not null"};

export interface Order {
  column: string;
  descending: boolean;
}

/** Which part of a table is wanted. */
export interface Window {
  offset: number;
  limit: number;
  orderBy?: readonly Order[];
  where?: readonly Filter[];
  /** Only these columns, in this order. */
  columns?: readonly string[];
}

export interface ViewColumn {
  name: string;
  /** DuckDB's name of the type, e.g. DOUBLE, VARCHAR, LIST(DOUBLE). */
  type: string;
}

/** What the head of a column draws. */
export interface ColumnSummary {
  rows: number;
  nulls: number;
  /** Distinct values, approximate. */
  distinct: number;
  /** For numbers and times: equal bins from the least to the greatest finite value. */
  histogram?: {low: number; high: number; counts: number[]; nans: number};
  /** For everything else: the most frequent values. */
  top?: {value: string; count: number}[];
}

/** The rows of a query, kept in the database and read window by window. */
export interface TableView {
  readonly columns: readonly ViewColumn[];
  readonly rowCount: number;
  /** True when the query had more rows than are kept (`rowCount` of them). */
  readonly truncated: boolean;
  /** Rows that satisfy the conditions. */
  count(where: readonly Filter[], signal?: AbortSignal): Promise<number>;
  window(window: Window, signal?: AbortSignal): Promise<Table>;
  summarize(column: string, where?: readonly Filter[], signal?: AbortSignal): Promise<ColumnSummary>;
  /** All rows that satisfy the conditions, for copies and exports. */
  toArrow(window?: Omit<Window, "offset" | "limit">, signal?: AbortSignal): Promise<Table>;
  dispose(): void;
}
