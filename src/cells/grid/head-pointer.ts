import type {ColumnSummary, Filter} from "../../tables/view-types.ts";
import {type DrawnColumn, narrowestPx} from "./columns.ts";
import {binRange, binsBetween} from "./distribution.ts";
import {ownFilters, withFilter} from "./filter.ts";
import {rangeFilter} from "./filter-form.ts";
import {type GridState, withEntry} from "./grid-state.ts";
import {stringify} from "./stringify.ts";

/** A press that moves less than this is a click. Pixels. */
const clickPx = 3;

type Drag =
  | {kind: "width"; name: string; startX: number; startPx: number}
  | {kind: "brush"; column: DrawnColumn; from: number; left: number; width: number};

/** What the heads need of their grid. */
export interface HeadHost {
  readonly state: GridState;
  /** Whether rows are filtered here, so fast that they follow while the pointer moves. */
  readonly isQuick: boolean;
  summaryOf(column: string): ColumnSummary | null;
  arrange(chosen: Partial<GridState>): void;
}

/** What the pointer does with the tools of a head: its right edge resizes, its distribution filters. */
export class HeadPointer {
  private readonly host: HeadHost;
  private drag: Drag | null = null;

  constructor(host: HeadHost) {
    this.host = host;
  }

  /** Whether a press went on a tool that follows the pointer from now on. */
  press(event: PointerEvent, target: Element, column: DrawnColumn): boolean {
    if (target.closest(".edge"))
      this.drag = {kind: "width", name: column.name, startX: event.clientX, startPx: column.widthPx};
    const histogram = target.closest("[data-brush]");
    if (histogram) {
      const {left, width} = histogram.getBoundingClientRect();
      this.drag = {kind: "brush", column, from: (event.clientX - left) / width, left, width};
    }
    return this.drag !== null;
  }

  /** Whether a press went on the share of a value, which it then filters by, or no longer. */
  pressShare(target: Element, {name, kind}: DrawnColumn): boolean {
    const share = target.closest<HTMLElement>("[data-share]")?.dataset.share;
    if (share === undefined) return false;
    const value = kind === "boolean" ? share === "true" : share;
    const [present] = ownFilters(this.host.state.filters, name);
    const isSame = present?.op === "in" && present.values.length === 1 && present.values[0] === value;
    this.filter(name, isSame ? [] : [{column: name, op: "in", values: [value]}]);
    return true;
  }

  /** Whether the pointer is held by a tool. */
  move(event: PointerEvent): boolean {
    const {drag} = this;
    if (drag?.kind === "width") this.resize(drag.name, drag.startPx + event.clientX - drag.startX);
    if (drag?.kind === "brush") this.brush(drag, event.clientX, false);
    return drag !== null;
  }

  /** The pointer lets go, or was taken away. */
  readonly release = (event: PointerEvent): void => {
    if (this.drag?.kind === "brush" && event.type === "pointerup") this.brush(this.drag, event.clientX, true);
    this.drag = null;
  };

  resize(name: string, px: number): void {
    const {widths} = this.host.state;
    this.host.arrange({widths: {...widths, [name]: Math.max(narrowestPx, Math.round(px))}});
  }

  /** Back to the width that the values suggest. */
  fit(name: string): void {
    this.host.arrange({widths: withEntry(this.host.state.widths, name, undefined)});
  }

  /** Filters by the bins that were drawn over; a click on bins that are chosen already takes the filter away. */
  private brush({column, from, left, width}: Drag & {kind: "brush"}, clientX: number, isEnd: boolean): void {
    const {host} = this;
    const histogram = host.summaryOf(column.name)?.histogram;
    if (!histogram) return;
    const to = (clientX - left) / width;
    const isClick = Math.abs(to - from) * width < clickPx;
    if (!isEnd && (isClick || !host.isQuick)) return;
    const asValue = (x: number) => (column.kind === "date" ? new Date(x) : x);
    const [low, high] = binRange(histogram, ...binsBetween(histogram, from, to));
    const own = rangeFilter(column.name, column.kind, asValue(low), asValue(high));
    const present = ownFilters(host.state.filters, column.name);
    this.filter(column.name, isClick && stringify(present) === stringify(own) ? [] : own);
  }

  private filter(column: string, own: readonly Filter[]): void {
    this.host.arrange({filters: withFilter(this.host.state.filters, column, own)});
  }
}
