import type {Filter, Order} from "../../tables/view-types.ts";
import type {ColumnFormat} from "./formats.ts";
import {type Selection, start} from "./selection.ts";

/** What a grid remembers when its cell shows the next result. Columns go by their names. */
export interface GridState {
  scrollTop: number;
  scrollLeft: number;
  /** Sorted by the first, among equals by the second ... */
  orders: readonly Order[];
  filters: readonly Filter[];
  selection: Selection;
  /** What the reader chose; a column that is missing is as the table says. */
  hidden: Readonly<Record<string, boolean>>;
  pinned: Readonly<Record<string, boolean>>;
  /** Pixels. */
  widths: Readonly<Record<string, number>>;
  formats: Readonly<Record<string, ColumnFormat>>;
  /** Where in the grid the focus is: the rows (`menu` is null), or a control of a column's menu. */
  attention: {menu: string | null; control: number} | null;
  /** Widths (pixels) that the values suggested so far. */
  readonly seats: Map<string, number>;
  /** Whether heads show how values are distributed; null as the length of the table suggests. */
  summaries: boolean | null;
}

export function newGridState(): GridState {
  return {
    scrollTop: 0,
    scrollLeft: 0,
    orders: [],
    filters: [],
    selection: start,
    hidden: {},
    pinned: {},
    widths: {},
    formats: {},
    attention: null,
    seats: new Map(),
    summaries: null
  };
}

/**
 * The order after a click on a header: ascending, descending, none. `add` keeps the other columns, and sorts by this
 * one among rows that are equal in those.
 */
export function nextOrders(orders: readonly Order[], column: string, add = false): Order[] {
  const present = orders.find((order) => order.column === column);
  const others = add ? orders.filter((order) => order.column !== column) : [];
  if (!present) return [...others, {column, descending: false}];
  if (present.descending) return others;
  const turned = {column, descending: true};
  return add ? orders.map((order) => (order === present ? turned : order)) : [turned];
}

/** A record with one entry changed, or removed when undefined. */
export function withEntry<T>(record: Readonly<Record<string, T>>, name: string, value: T | undefined) {
  const {[name]: _, ...rest} = record;
  return value === undefined ? rest : {...rest, [name]: value};
}
