import {html, LitElement, nothing, type PropertyValues, type TemplateResult} from "lit";
import {columnEdges, type DrawnColumn, drawnColumns} from "./columns.ts";
import {download} from "./download.ts";
import {type GridState, newGridState, nextSort} from "./grid-state.ts";
import {gridStyles} from "./grid-styles.ts";
import {RowOrder} from "./row-order.ts";
import {afterKey, isMany, type Place, rangeOf, type Selection, start} from "./selection.ts";
import {separatedText} from "./separated.ts";
import {type GridSource, gridSource} from "./source.ts";
import {bodyRow, cellId, headRow} from "./templates.ts";
import {contentHeight, type RowLayout, scrollTopFor, visibleColumns, visibleRows} from "./viewport.ts";

/** Pixels; the style sheet has the same. */
const [rowHeight, headHeight] = [23, 40];

const number = new Intl.NumberFormat("en-US");

const plural = (n: number, noun: string) => `${number.format(n)} ${noun}${n === 1 ? "" : "s"}`;

/**
 * A table of any length: draws the cells in view, sorts by a click on a header, selects and copies by mouse and keys,
 * downloads as CSV or Arrow. `value` is the table it was given. Follows the ARIA pattern of a data grid.
 */
export class PetriGrid extends LitElement {
  static override styles = gridStyles;
  static override properties = {value: {attribute: false}, note: {state: true}};

  /** The table: Arrow, or rows of objects. */
  declare value: Iterable<unknown>;
  /** What outlives this element. */
  state: GridState = newGridState();
  /** What was last done or is selected, for people. */
  declare private note: string;
  private source: GridSource = {rowCount: 0, columns: []};
  private columns: DrawnColumn[] = [];
  private edges: number[] = [0];
  private readonly order = new RowOrder(this);
  private readonly resizing = new ResizeObserver(() => this.requestUpdate());

  constructor() {
    super();
    this.value = [];
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
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has("value")) return;
    this.source = gridSource(this.value);
    this.columns = drawnColumns(this.source);
    this.edges = columnEdges(this.columns);
    this.order.reset();
    const {row, column} = this.state.selection.active;
    if (row >= this.source.rowCount || column >= this.columns.length) this.state.selection = start;
    if (this.state.sort) void this.order.apply(this.source, this.state.sort);
  }

  protected override firstUpdated(): void {
    const {scrollTop, scrollLeft} = this.state;
    if (this.scroller) Object.assign(this.scroller, {scrollTop, scrollLeft});
  }

  /** Null before the first rendering, and for a table without columns. */
  private get scroller(): HTMLElement | null {
    return this.renderRoot?.querySelector<HTMLElement>(".scroller") ?? null;
  }

  private get layout(): RowLayout {
    const height = this.scroller ? this.scroller.clientHeight - headHeight : 13 * rowHeight;
    return {rowCount: this.source.rowCount, rowHeight, viewHeight: Math.max(height, rowHeight)};
  }

  protected override render(): TemplateResult {
    const {done} = this.source;
    if (done) {
      const rows = done.changedRows === null ? "" : ` ${plural(done.changedRows, "row")}.`;
      return html`<div class="foot" role="status">Done.${rows}</div>`;
    }
    if (this.columns.length === 0)
      return html`<div class="foot">No columns, ${plural(this.source.rowCount, "row")}</div>`;
    const {columns, edges, layout, order, source, state} = this;
    const {first: top, end: bottom, top: topPx} = visibleRows(layout, state.scrollTop);
    const viewWidth = this.scroller?.clientWidth ?? 1024;
    const isRoomy = edges[edges.length - 1] < viewWidth;
    const view = {columns, edges, state, isRoomy, ...visibleColumns(edges, state.scrollLeft, viewWidth)};
    const {active} = state.selection;
    const isDrawn =
      active.column >= view.first &&
      active.column < view.end &&
      (active.row < 0 || (active.row >= top && active.row < bottom));
    const rows = Array.from({length: Math.max(0, bottom - top)}, (_, i) =>
      bodyRow(view, top + i, order.at(top + i))
    );
    return html`
      <div
        class="scroller"
        role="grid"
        tabindex="0"
        aria-label="Table"
        aria-rowcount=${source.rowCount + 1}
        aria-colcount=${columns.length}
        aria-multiselectable="true"
        aria-busy=${order.busy}
        aria-activedescendant=${isDrawn ? cellId(active) : nothing}
        @scroll=${this.scrolled}
        @keydown=${this.keyPressed}
        @pointerdown=${this.pointerDown}
        @pointermove=${this.pointerMoved}
      >
        <div class="heads" role="rowgroup">${headRow(view)}</div>
        <div role="rowgroup" style="height: ${contentHeight(layout)}px; width: ${edges[edges.length - 1]}px">
          <div role="presentation" style="transform: translateY(${topPx}px)">${rows}</div>
        </div>
      </div>
      <div class="foot">
        <span class="count" role="status">
          ${plural(source.rowCount, "row")} × ${plural(columns.length, "column")}${this.note && ` · ${this.note}`}
        </span>
        <button type="button" title="Copy the selected cells, or all" @click=${this.copyClicked}>Copy</button>
        <button type="button" title="Download as CSV" @click=${this.downloadCsv}>CSV</button>
        <button type="button" title="Download as Arrow" @click=${this.downloadArrow}>Arrow</button>
      </div>
    `;
  }

  private scrolled(event: Event): void {
    const {scrollTop, scrollLeft} = event.currentTarget as HTMLElement;
    Object.assign(this.state, {scrollTop, scrollLeft});
    this.requestUpdate();
  }

  private keyPressed(event: KeyboardEvent): void {
    const {active} = this.state.selection;
    if (active.row === -1 && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      this.sortBy(active.column);
      return;
    }
    const pageRows = Math.max(1, Math.floor(this.layout.viewHeight / rowHeight) - 1);
    const size = {rowCount: this.source.rowCount, columnCount: this.columns.length, pageRows};
    const next = afterKey(this.state.selection, event, size);
    if (!next) return;
    event.preventDefault();
    this.select(next);
    if (event.key.toLowerCase() !== "a") this.reveal(next.active);
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
    const {scroller, edges} = this;
    if (!scroller) return;
    if (row >= 0) scroller.scrollTop = scrollTopFor(this.layout, row, scroller.scrollTop);
    const [left, right] = [edges[column], edges[column + 1]];
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
    if (place.row === -1) this.sortBy(place.column);
    const extend = event.shiftKey && place.row >= 0;
    this.select({active: place, anchor: extend ? this.state.selection.anchor : place});
  }

  private pointerMoved(event: PointerEvent): void {
    const {anchor} = this.state.selection;
    if (event.buttons !== 1 || event.pointerType !== "mouse" || anchor.row < 0) return;
    const place = this.placeOf(event);
    if (place && place.row >= 0) this.select({active: place, anchor});
  }

  private sortBy(column: number): void {
    this.state.sort = nextSort(this.state.sort, this.columns[column].name);
    void this.order.apply(this.source, this.state.sort);
    this.requestUpdate();
  }

  /** The selected cells; the whole table when no more than one is, or when asked for. */
  private text(separator: "\t" | ",", whole = false): string {
    const range = rangeOf(this.state.selection);
    const all = {top: 0, bottom: this.source.rowCount - 1, left: 0, right: this.columns.length - 1};
    const chosen = isMany(range) && !whole ? range : all;
    return separatedText(this.columns, chosen, (row) => this.order.at(row), separator);
  }

  private copyEvent(event: ClipboardEvent): void {
    if (!this.renderRoot.querySelector(".scroller:focus")) return;
    event.preventDefault();
    event.clipboardData?.setData("text/plain", this.text("\t"));
    this.note = "copied";
  }

  private async copyClicked(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.text("\t"));
      this.note = "copied";
    } catch {
      this.note = "the browser did not allow it";
    }
  }

  private downloadCsv(): void {
    download("table.csv", this.text(",", true), "text/csv");
  }

  private async downloadArrow(): Promise<void> {
    const {toArrowIPC} = await import("../../tables/arrow.ts");
    download("table.arrow", await toArrowIPC(this.value), "application/vnd.apache.arrow.file");
  }
}

if (!customElements.get("petri-grid")) customElements.define("petri-grid", PetriGrid);

declare global {
  interface HTMLElementTagNameMap {
    "petri-grid": PetriGrid;
  }
}
