import "./column-menu.ts";
import "./columns-panel.ts";
import {html, LitElement, nothing, type PropertyValues, type TemplateResult} from "lit";
import type {TableView} from "../../tables/view-types.ts";
import type {ColumnMenu} from "./column-menu.ts";
import {columnEdges, type DrawnColumn, drawnColumns, narrowestPx, pinnedIn} from "./columns.ts";
import type {ColumnsPanel} from "./columns-panel.ts";
import {binRange, binsBetween} from "./distribution.ts";
import {download} from "./download.ts";
import {arrowFile, csvFile, type Part, parquetBlob, tabbedNow, tabbedText} from "./exports.ts";
import {describeFilter, ownFilters, withFilter} from "./filter.ts";
import {rangeFilter} from "./filter-form.ts";
import {type GridState, newGridState, nextOrders, withEntry} from "./grid-state.ts";
import {gridStyles} from "./grid-styles.ts";
import {LocalRows} from "./local-rows.ts";
import type {GridRows} from "./rows.ts";
import {afterKey, isMany, type Place, rangeOf, type Selection, start} from "./selection.ts";
import {type GridSource, gridSource, isView} from "./source.ts";
import {Summaries} from "./summaries.ts";
import {bodyRow, cellId, headRow, isInView, type View} from "./templates.ts";
import {ViewRows} from "./view-rows.ts";
import {contentHeight, type RowLayout, scrollTopFor, visibleColumns, visibleRows} from "./viewport.ts";

/** Pixels; the style sheet has the same. */
const [rowHeight, plainHeadHeight, distributionHeight] = [23, 40, 24];

/** Tables shorter than this are read, not summed up: their heads are plain until the reader asks. */
const summaryRows = 50;

/** Pixels that a key makes a column wider or narrower. */
const widthStep = 16;

const number = new Intl.NumberFormat("en-US");

const plural = (n: number, noun: string) => `${number.format(n)} ${noun}${n === 1 ? "" : "s"}`;

/** What a grid can show: an Arrow table, rows of objects, or the rows of a query that stay in the database. */
export type GridValue = Iterable<unknown> | TableView;

/** What the pointer is doing with a head. */
type Drag =
  | {kind: "width"; name: string; startX: number; startPx: number}
  | {kind: "brush"; column: DrawnColumn; from: number; left: number; width: number};

/**
 * A table of any length: draws the cells in view, sorts by a click on a header, filters, formats, pins and hides by its
 * column's menu, selects and copies by mouse and keys, downloads. Follows the ARIA pattern of a data grid.
 *
 * @fires petri-rows - other rows are shown than before
 */
export class PetriGrid extends LitElement {
  static override styles = gridStyles;
  static override properties = {value: {attribute: false}, label: {}, note: {state: true}};

  declare value: GridValue;
  /** Its name for assistive technology. */
  declare label: string;
  /** What outlives this element. */
  state: GridState = newGridState();
  /** What a caller knows of the columns that the table does not say. */
  adapt: (source: GridSource) => GridSource = (source) => source;
  /** What was last done or is selected, for people. */
  declare private note: string;
  private rows: GridRows = new LocalRows({rowCount: 0, columns: []}, () => {});
  private done: GridSource["done"];
  private columns: DrawnColumn[] = [];
  private edges: number[] = [0];
  private pinned = 0;
  private laidOut: unknown = null;
  private drag: Drag | null = null;
  private menuClosedBy: Event | null = null;
  private readonly summaries = new Summaries(() => this.requestUpdate());
  private readonly resizing = new ResizeObserver(() => this.requestUpdate());

  constructor() {
    super();
    this.value = [];
    this.label = "Table";
    this.note = "";
    this.addEventListener("copy", (event) => this.copyEvent(event));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.resizing.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resizing.disconnect();
    this.rows.stop();
    this.summaries.stop();
  }

  /** The table's rows that are shown, in order; null for all as they are. Of a query in the database: null. */
  get shownRows(): Uint32Array | null {
    return this.rows instanceof LocalRows ? this.rows.order : null;
  }

  /** Draws again what does not come from `value`. */
  refresh(): void {
    this.laidOut = null;
    this.requestUpdate();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("value")) this.take(this.value);
    const sample = this.rows.sample;
    const {hidden, pinned, widths, formats} = this.state;
    const key = [this.rows, sample, hidden, pinned, widths, formats];
    if (Array.isArray(this.laidOut) && key.every((x, i) => x === (this.laidOut as unknown[])[i])) return;
    this.laidOut = key;
    const {drawn, pinned: count} = drawnColumns(this.rows.columns, sample, this.state);
    this.columns = drawn;
    this.pinned = count;
    this.edges = columnEdges(drawn);
    const {row, column} = this.state.selection.active;
    const shown = Math.max(this.rows.shown, this.rows.busy ? this.rows.rowCount : 0);
    if (row >= shown || column >= drawn.length) this.state.selection = start;
  }

  private take(value: GridValue): void {
    this.rows.stop();
    const changed = () => {
      this.requestUpdate();
      this.dispatchEvent(new CustomEvent("petri-rows"));
    };
    if (isView(value)) {
      this.done = undefined;
      this.rows = new ViewRows(value, changed);
    } else {
      const source = this.adapt(gridSource(value));
      this.done = source.done;
      this.rows = new LocalRows(source, changed);
    }
    const {orders, filters} = this.state;
    if (orders.length || filters.length) this.rows.arrange({orders, filters});
  }

  protected override firstUpdated(): void {
    const {scrollTop, scrollLeft} = this.state;
    if (this.scroller) Object.assign(this.scroller, {scrollTop, scrollLeft});
  }

  protected override updated(): void {
    const {view, rows} = this;
    if (!this.scroller || !this.hasSummaries) return;
    const inView = this.columns.filter(
      ({kind}, i) => isInView(view, i) && kind !== "list" && kind !== "other"
    );
    this.summaries.want(
      rows,
      inView.map(({name}) => name),
      this.state.filters
    );
  }

  /** Null before the first rendering, and for a table without columns. */
  private get scroller(): HTMLElement | null {
    return this.renderRoot?.querySelector<HTMLElement>(".scroller") ?? null;
  }

  private get hasSummaries(): boolean {
    return this.state.summaries ?? this.rows.rowCount >= summaryRows;
  }

  private get headHeight(): number {
    return plainHeadHeight + (this.hasSummaries ? distributionHeight : 0);
  }

  private get layout(): RowLayout {
    const height = this.scroller ? this.scroller.clientHeight - this.headHeight : 13 * rowHeight;
    return {rowCount: this.rows.shown, rowHeight, viewHeight: Math.max(height, rowHeight)};
  }

  private get view(): View {
    const {columns, edges, rows, state} = this;
    const viewWidth = this.scroller?.clientWidth ?? 1024;
    const pinned = pinnedIn(edges, this.pinned, viewWidth);
    const inView = visibleColumns(edges, state.scrollLeft + edges[pinned], viewWidth - edges[pinned]);
    const first = Math.max(pinned, inView.first);
    const isRoomy = edges[edges.length - 1] < viewWidth;
    return {columns, edges, pinned, first, end: Math.max(first, inView.end), isRoomy, state, rows};
  }

  protected override render(): TemplateResult {
    if (this.done) {
      const {changedRows} = this.done;
      const rows = changedRows === null ? "" : ` ${plural(changedRows, "row")}.`;
      return html`<div class="foot" role="status">Done.${rows}</div>`;
    }
    if (this.rows.columns.length === 0)
      return html`<div class="foot">No columns, ${plural(this.rows.rowCount, "row")}</div>`;
    const {columns, edges, layout, rows, state, view} = this;
    const {first: top, end: bottom, top: topPx} = visibleRows(layout, state.scrollTop);
    rows.want(top, bottom);
    const {active} = state.selection;
    const isDrawn =
      isInView(view, active.column) && (active.row < 0 || (active.row >= top && active.row < bottom));
    const drawn = Array.from({length: Math.max(0, bottom - top)}, (_, i) => bodyRow(view, top + i));
    return html`
      <div
        class="scroller"
        style="--head-height: ${this.headHeight}px"
        role="grid"
        tabindex="0"
        aria-label=${this.label}
        aria-rowcount=${rows.shown + 1}
        aria-colcount=${columns.length}
        aria-multiselectable="true"
        aria-busy=${rows.busy}
        aria-activedescendant=${isDrawn ? cellId(active) : nothing}
        @scroll=${this.scrolled}
        @keydown=${this.keyPressed}
        @pointerdown=${this.pointerDown}
        @pointermove=${this.pointerMoved}
        @pointerup=${this.pointerUp}
        @pointercancel=${this.pointerUp}
        @dblclick=${this.doubleClicked}
        @click=${this.clicked}
      >
        <div class="heads" role="rowgroup">${headRow(view, this.hasSummaries ? this.summaries : null)}</div>
        <div role="rowgroup" style="height: ${contentHeight(layout)}px; width: ${edges[edges.length - 1]}px">
          <div role="presentation" style="transform: translateY(${topPx}px)">${drawn}</div>
        </div>
      </div>
      ${this.chips()} ${this.foot()}
      <petri-grid-menu @petri-arrange=${this.arranged}></petri-grid-menu>
      <petri-grid-columns @petri-arrange=${this.arranged}></petri-grid-columns>
    `;
  }

  private chips(): TemplateResult | typeof nothing {
    const {filters} = this.state;
    const known = filters.flatMap((filter) => {
      const index = this.rows.columns.findIndex(({name}) => name === filter.column);
      if (index < 0) return [];
      const drawn = this.columns.find((column) => column.index === index);
      return [{filter, text: describeFilter(filter, filter.column, drawn?.text ?? String)}];
    });
    if (!known.length) return nothing;
    const without = (filter: (typeof filters)[number]) => () =>
      this.arrange({filters: filters.filter((one) => one !== filter)});
    return html`<div class="chips" role="group" aria-label="Filters">
      ${known.map(
        ({filter, text}) =>
          html`<button type="button" class="chip" title="Remove this filter" @click=${without(filter)}>${text}<span
              aria-hidden="true"
            >×</span></button>`
      )}
    </div>`;
  }

  private foot(): TemplateResult {
    const {rows, columns} = this;
    const all = plural(rows.rowCount, "row");
    const count = rows.shown === rows.rowCount ? all : `${number.format(rows.shown)} of ${all}`;
    const hidden = rows.columns.length - columns.length;
    const names = hidden
      ? `${columns.length} of ${plural(rows.columns.length, "column")}`
      : plural(columns.length, "column");
    const notes = [rows.truncated ? "the query has more" : "", rows.problem ?? "", this.note].filter(Boolean);
    return html`<div class="foot">
      <span class="count" role="status">
        ${count} × ${names}${notes.map((note) => ` · ${note}`).join("")}
      </span>
      <button type="button" title="Show, hide and find columns" @click=${this.columnsClicked}>Columns</button>
      <button type="button" title="Copy the selected cells, or all" @click=${this.copyClicked}>Copy</button>
      ${(["CSV", "Arrow", "Parquet"] as const).map(
        (format) =>
          html`<button
            type="button"
            title="Download the rows and columns shown as ${format}"
            @click=${() => this.downloadAs(format)}
          >${format}</button>`
      )}
    </div>`;
  }

  /** Takes over what the reader chose. */
  private arrange(chosen: Partial<GridState>): void {
    Object.assign(this.state, chosen);
    if (chosen.orders || chosen.filters) {
      const {orders, filters} = this.state;
      this.rows.arrange({orders, filters});
    }
    const menu = this.renderRoot.querySelector<ColumnMenu>("petri-grid-menu");
    if (menu?.isOpen) menu.requestUpdate();
    this.requestUpdate();
  }

  private arranged(event: CustomEvent<Partial<GridState>>): void {
    this.arrange(event.detail);
    const panel = event.currentTarget as ColumnsPanel;
    if ("hasSummaries" in panel) panel.hasSummaries = this.hasSummaries;
  }

  private scrolled(event: Event): void {
    const {scrollTop, scrollLeft} = event.currentTarget as HTMLElement;
    Object.assign(this.state, {scrollTop, scrollLeft});
    this.requestUpdate();
  }

  private keyPressed(event: KeyboardEvent): void {
    const {active} = this.state.selection;
    if (active.row === -1 && this.headKey(event, active.column)) {
      event.preventDefault();
      return;
    }
    const pageRows = Math.max(1, Math.floor(this.layout.viewHeight / rowHeight) - 1);
    const size = {rowCount: this.rows.shown, columnCount: this.columns.length, pageRows};
    const next = afterKey(this.state.selection, event, size);
    if (!next) return;
    event.preventDefault();
    this.select(next);
    if (event.key.toLowerCase() !== "a") this.reveal(next.active);
  }

  /** A key while a head is active: whether it meant something there. */
  private headKey(event: KeyboardEvent, column: number): boolean {
    const {key, altKey, shiftKey} = event;
    const isMenu = key === "ContextMenu" || (key === "F10" && shiftKey) || (key === "ArrowDown" && altKey);
    if (key === "Enter" || key === " ") this.sortBy(column, shiftKey);
    else if (isMenu) void this.openMenu(column);
    else if (altKey && (key === "ArrowLeft" || key === "ArrowRight")) {
      const {name, widthPx} = this.columns[column];
      this.resize(name, widthPx + (key === "ArrowLeft" ? -widthStep : widthStep));
    } else return false;
    return true;
  }

  private select(selection: Selection): void {
    this.state.selection = selection;
    const range = rangeOf(selection);
    this.note = isMany(range)
      ? `${number.format(range.bottom - range.top + 1)} × ${number.format(range.right - range.left + 1)} selected`
      : "";
    this.requestUpdate();
  }

  private reveal({row, column}: Place): void {
    const {scroller, edges, view} = this;
    if (!scroller) return;
    if (row >= 0) scroller.scrollTop = scrollTopFor(this.layout, row, scroller.scrollTop);
    if (column < view.pinned) return;
    const [left, right] = [edges[column] - edges[view.pinned], edges[column + 1]];
    if (left < scroller.scrollLeft) scroller.scrollLeft = left;
    else if (right > scroller.scrollLeft + scroller.clientWidth)
      scroller.scrollLeft = right - scroller.clientWidth;
  }

  private placeOf(event: Event): Place | null {
    const cell = (event.composedPath()[0] as Element).closest?.(".cell") as HTMLElement | null;
    return cell && {row: Number(cell.dataset.row), column: Number(cell.dataset.column)};
  }

  private pointerDown(event: PointerEvent): void {
    const place = this.placeOf(event);
    if (!place || event.button !== 0) return;
    const target = event.composedPath()[0] as Element;
    if (place.row === -1 && this.headPressed(event, target, place.column)) return;
    const extend = event.shiftKey && place.row >= 0;
    this.select({active: place, anchor: extend ? this.state.selection.anchor : place});
  }

  /** A press on a head's tools: whether it was for one of them and not for the head. */
  private headPressed(event: PointerEvent, target: Element, index: number): boolean {
    const column = this.columns[index];
    const {name, widthPx} = column;
    if (target.closest(".more")) {
      // A press outside closes the menu before the click comes that would open it again.
      const menu = this.renderRoot.querySelector<ColumnMenu>("petri-grid-menu");
      this.menuClosedBy = menu?.isOpen && menu.column?.name === name ? event : null;
      return true;
    }
    if (target.closest(".edge")) this.drag = {kind: "width", name, startX: event.clientX, startPx: widthPx};
    const histogram = target.closest("[data-brush]");
    if (histogram) {
      const {left, width} = histogram.getBoundingClientRect();
      this.drag = {kind: "brush", column, from: (event.clientX - left) / width, left, width};
    }
    if (this.drag) {
      event.preventDefault();
      this.scroller?.setPointerCapture(event.pointerId);
      return true;
    }
    const share = target.closest<HTMLElement>("[data-share]")?.dataset.share;
    if (share !== undefined) {
      this.toggleShare(column, share);
      return true;
    }
    if (!target.closest(".distribution")) this.sortBy(index, event.shiftKey);
    return false;
  }

  private pointerMoved(event: PointerEvent): void {
    const {drag} = this;
    if (drag?.kind === "width") this.resize(drag.name, drag.startPx + event.clientX - drag.startX);
    if (drag?.kind === "brush") this.brush(drag, event.clientX);
    if (drag) return;
    const {anchor} = this.state.selection;
    if (event.buttons !== 1 || event.pointerType !== "mouse" || anchor.row < 0) return;
    const place = this.placeOf(event);
    if (place && place.row >= 0) this.select({active: place, anchor});
  }

  private pointerUp(event: PointerEvent): void {
    if (this.drag?.kind === "brush") this.brush(this.drag, event.clientX, true);
    this.drag = null;
  }

  private clicked(event: Event): void {
    const target = event.composedPath()[0] as Element;
    const place = this.placeOf(event);
    if (!target.closest(".more") || !place || this.menuClosedBy) return;
    void this.openMenu(place.column);
  }

  private doubleClicked(event: Event): void {
    const place = this.placeOf(event);
    if (!place || !(event.composedPath()[0] as Element).closest(".edge")) return;
    const {name} = this.columns[place.column];
    this.arrange({widths: withEntry(this.state.widths, name, undefined)});
  }

  private resize(name: string, px: number): void {
    this.arrange({widths: {...this.state.widths, [name]: Math.max(narrowestPx, Math.round(px))}});
  }

  /** Filters by the bins that were drawn over; the same bins again take the filter away. */
  private brush({column, from, left, width}: Drag & {kind: "brush"}, clientX: number, isEnd = false): void {
    const histogram = this.summaries.of(column.name)?.histogram;
    if (!histogram) return;
    const to = (clientX - left) / width;
    const isClick = Math.abs(to - from) * width < 3;
    if (isClick && !isEnd) return;
    const [low, high] = binRange(histogram, ...binsBetween(histogram, from, to));
    const asValue = (x: number) => (column.kind === "date" ? new Date(x) : x);
    const own = rangeFilter(column.name, column.kind, asValue(low), asValue(high));
    const present = ownFilters(this.state.filters, column.name);
    const isSame = isClick && JSON.stringify(present) === JSON.stringify(own);
    // While it is drawn over, rows on the page follow; a database is asked at the end.
    if (!isEnd && !(this.rows instanceof LocalRows)) return;
    this.arrange({filters: withFilter(this.state.filters, column.name, isSame ? [] : own)});
  }

  private toggleShare({name, kind}: DrawnColumn, share: string): void {
    const value = kind === "boolean" ? share === "true" : share;
    const [present] = ownFilters(this.state.filters, name);
    const isSame = present?.op === "in" && present.values.length === 1 && present.values[0] === value;
    this.arrange({
      filters: withFilter(this.state.filters, name, isSame ? [] : [{column: name, op: "in", values: [value]}])
    });
  }

  private async openMenu(index: number): Promise<void> {
    const menu = this.renderRoot.querySelector<ColumnMenu>("petri-grid-menu");
    const head = this.renderRoot.querySelector(`#${cellId({row: -1, column: index})}`);
    const column = this.columns[index];
    if (!menu || !head || !column) return;
    this.select({active: {row: -1, column: index}, anchor: {row: -1, column: index}});
    this.scroller?.focus({preventScroll: true});
    menu.column = column;
    menu.state = this.state;
    menu.summary = this.summaries.of(column.name);
    await menu.open(head);
    if (menu.summary || column.kind === "list" || column.kind === "other") return;
    const where = this.state.filters.filter((filter) => filter.column !== column.name);
    menu.summary = await Promise.resolve(
      this.rows.summarize(column.name, where, new AbortController().signal)
    ).catch(() => null);
    menu.requestUpdate();
  }

  private columnsClicked(event: Event): void {
    const panel = this.renderRoot.querySelector<ColumnsPanel>("petri-grid-columns");
    if (!panel) return;
    panel.columns = this.rows.columns;
    panel.state = this.state;
    panel.hasSummaries = this.hasSummaries;
    void panel.open(event.currentTarget as Element);
  }

  private sortBy(column: number, add: boolean): void {
    this.arrange({orders: nextOrders(this.state.orders, this.columns[column].name, add)});
  }

  /** The selected cells; all that is shown when no more than one is, or when asked for. */
  private chosen(whole = false): Part {
    const range = rangeOf(this.state.selection);
    const indices = this.columns.map(({index}) => index);
    if (whole || !isMany(range)) return {first: 0, end: this.rows.shown, columns: indices};
    const {top, bottom, left, right} = range;
    return {
      first: top,
      end: Math.min(bottom + 1, this.rows.shown),
      columns: indices.slice(left, right + 1)
    };
  }

  private copyEvent(event: ClipboardEvent): void {
    if (!this.renderRoot.querySelector(".scroller:focus")) return;
    event.preventDefault();
    const text = tabbedNow(this.rows, this.chosen());
    if (text === null) {
      void this.copyClicked();
      return;
    }
    event.clipboardData?.setData("text/plain", text);
    this.note = "copied";
  }

  private async copyClicked(): Promise<void> {
    const part = this.chosen();
    try {
      // The clipboard is asked for while the click still counts; the text may come later.
      const text = tabbedText(this.rows, part).then((text) => new Blob([text], {type: "text/plain"}));
      await navigator.clipboard.write([new ClipboardItem({"text/plain": text})]);
      this.note = `copied ${plural(part.end - part.first, "row")}`;
    } catch (error) {
      const isRefused = error instanceof DOMException && error.name === "NotAllowedError";
      this.note = isRefused ? "the browser did not allow it" : `could not be copied: ${messageOf(error)}`;
    }
  }

  private async downloadAs(format: "CSV" | "Arrow" | "Parquet"): Promise<void> {
    const {rows} = this;
    const part = this.chosen(true);
    this.note = `writing ${format} …`;
    try {
      if (format === "CSV") download("table.csv", await csvFile(rows, part));
      else if (format === "Parquet") download("table.parquet", await parquetBlob(rows, part));
      else download("table.arrow", await arrowFile(rows, part, this.value as Iterable<unknown>));
      this.note = "";
    } catch (error) {
      this.note = `${format} could not be written: ${messageOf(error)}`;
    }
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

if (!customElements.get("petri-grid")) customElements.define("petri-grid", PetriGrid);

declare global {
  interface HTMLElementTagNameMap {
    "petri-grid": PetriGrid;
  }
}
