import "./column-menu.ts";
import "./columns-panel.ts";
import {html, LitElement, nothing, type PropertyValues, type TemplateResult} from "lit";
import type {ColumnSummary, TableView} from "../../tables/view-types.ts";
import {Attention} from "./attention.ts";
import {ColumnLayout} from "./column-layout.ts";
import type {ColumnMenu} from "./column-menu.ts";
import type {DrawnColumn} from "./columns.ts";
import type {ColumnsPanel} from "./columns-panel.ts";
import {type Part, partOf, tabbedNow} from "./exports.ts";
import {chips, type ExportFormat, foot, inWords} from "./foot.ts";
import {type GridState, newGridState, nextOrders} from "./grid-state.ts";
import {gridStyles} from "./grid-styles.ts";
import {copyRows, downloadRows} from "./hand-over.ts";
import {HeadPointer} from "./head-pointer.ts";
import {LocalRows} from "./local-rows.ts";
import type {GridRows} from "./rows.ts";
import {afterKey, headCommand, isMany, type Place, rangeOf, type Selection, start} from "./selection.ts";
import {type GridSource, gridSource, isView} from "./source.ts";
import {Summaries} from "./summaries.ts";
import {bodyRow, cellId, headRow, isInView, placeOf, summedUp, type View} from "./templates.ts";
import {ViewRows} from "./view-rows.ts";
import {contentHeight, hintAtMore, type RowLayout, scrollTopFor, visibleRows} from "./viewport.ts";

/** Pixels; the style sheet has the same. */
const [rowHeight, plainHeadHeight, distributionHeight] = [23, 40, 24];

/** Tables shorter than this are read, not summed up: their heads are plain until the reader asks. */
const summaryRows = 50;

const number = new Intl.NumberFormat("en-US");

/** What a grid can show: an Arrow table, rows of objects, or the rows of a query that stay in the database. */
export type GridValue = Iterable<unknown> | TableView;

/**
 * A table of any length: draws the cells in view, sorts by a click on a header, filters, formats, pins and hides by its
 * column's menu, selects and copies by mouse and keys, downloads. Follows the ARIA pattern of a data grid.
 *
 * @fires petri-rows - other rows are shown than before
 * @fires petri-selection - other cells are selected
 */
export class PetriGrid extends LitElement {
  static override styles = gridStyles;
  static override properties = {value: {attribute: false}, label: {}, remark: {}, note: {state: true}};

  declare value: GridValue;
  /** Its name for assistive technology. */
  declare label: string;
  /** What a caller says of the rows, below them. */
  declare remark: string;
  /** What outlives this element. */
  state: GridState = newGridState();
  /** What a caller knows of the columns that the table does not say. */
  adapt: (source: GridSource) => GridSource = (source) => source;
  /** What was last done or is selected, for people. */
  declare private note: string;
  private rows: GridRows = new LocalRows({rowCount: 0, columns: []}, () => {});
  private done: GridSource["done"];
  private readonly columnLayout = new ColumnLayout();
  /** Whether the press that a click is the end of closed the menu that the click would open. */
  private isMenuClosing = false;
  private readonly summaries = new Summaries(() => this.requestUpdate());
  private readonly heads = new HeadPointer(this);
  private readonly actions = {
    columns: (event: Event) => this.columnsClicked(event),
    copy: () => void this.copyClicked(),
    download: (format: ExportFormat) => void this.downloadAs(format)
  };
  private readonly resizing = new ResizeObserver(() => this.requestUpdate());

  constructor() {
    super();
    this.value = [];
    this.label = "Table";
    this.remark = "";
    this.note = "";
    new Attention(this);
    this.addEventListener("copy", (event) => this.copyEvent(event));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.resizing.observe(this);
    // What was under way when it was taken off the page begins again.
    if (this.rows.busy) this.rows.arrange(this.state);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resizing.disconnect();
    this.rows.stop();
    this.summaries.stop();
  }

  /** The table's rows that are selected, all that are shown when no more than one is, in their order. */
  chosenRows(): number[] {
    const {first, end} = this.chosen();
    const order = this.rows instanceof LocalRows ? this.rows.order : null;
    return Array.from({length: Math.max(0, end - first)}, (_, i) => order?.[first + i] ?? first + i);
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("value")) this.take(this.value);
    const {row, column} = this.state.selection.active;
    const shown = Math.max(this.rows.shown, this.rows.busy ? this.rows.rowCount : 0);
    if (row >= shown || column >= this.columns.length) this.state.selection = start;
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
    if (!this.scroller) return;
    hintAtMore(this.scroller);
    if (this.hasSummaries) this.summaries.want(this.rows, summedUp(this.view), this.state.filters);
  }

  /** Null before the first rendering, and for a table without columns. */
  private get scroller(): HTMLElement | null {
    return this.renderRoot?.querySelector<HTMLElement>(".scroller") ?? null;
  }

  private get menu(): ColumnMenu | null {
    return this.renderRoot.querySelector("petri-grid-menu");
  }

  private get panel(): ColumnsPanel | null {
    return this.renderRoot.querySelector("petri-grid-columns");
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

  private get columns(): readonly DrawnColumn[] {
    this.columnLayout.update(this.rows, this.state);
    return this.columnLayout.columns;
  }

  private get view(): View {
    this.columnLayout.update(this.rows, this.state);
    return this.columnLayout.view(this.rows, this.state, this.scroller?.clientWidth ?? 1024);
  }

  protected override render(): TemplateResult {
    if (this.done || this.rows.columns.length === 0) return inWords(this.rows, this.done);
    const {layout, rows, state} = this;
    const {first: top, end: bottom, top: topPx} = visibleRows(layout, state.scrollTop);
    rows.want(top, bottom);
    this.columnLayout.makeRoom(this.view, top, bottom);
    const {view, columns} = this;
    const {active} = state.selection;
    const isDrawn =
      isInView(view, active.column) && (active.row < 0 || (active.row >= top && active.row < bottom));
    const drawn = Array.from({length: Math.max(0, bottom - top)}, (_, i) => bodyRow(view, top + i));
    return html`
      <div class="frame"><div
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
        @pointerup=${this.heads.release}
        @pointercancel=${this.heads.release}
        @dblclick=${this.doubleClicked}
        @click=${this.clicked}
      >
        <div class="heads" role="rowgroup">${headRow(view, this.hasSummaries ? this.summaries : null)}</div>
        <div role="rowgroup" style="height: ${contentHeight(layout)}px; width: ${view.edges[columns.length]}px">
          <div role="presentation" style="transform: translateY(${topPx}px)">${drawn}</div>
        </div>
      </div></div>
      ${chips(rows, columns, state.filters, (filters) => this.arrange({filters}))}
      ${foot(rows, columns.length, [this.remark, this.note], this.actions)}
      <petri-grid-menu @petri-arrange=${this.arranged}></petri-grid-menu>
      <petri-grid-columns @petri-arrange=${this.arranged}></petri-grid-columns>
    `;
  }

  /** Whether rows are filtered on the page. */
  get isQuick(): boolean {
    return this.rows instanceof LocalRows;
  }

  summaryOf(column: string): ColumnSummary | null {
    return this.summaries.of(column);
  }

  /** Takes over what the reader, or who shows the table, chose. */
  arrange(chosen: Partial<GridState>): void {
    Object.assign(this.state, chosen);
    if (chosen.orders || chosen.filters) {
      const {orders, filters} = this.state;
      this.rows.arrange({orders, filters});
    }
    if (this.menu?.isOpen) this.menu.requestUpdate();
    this.requestUpdate();
  }

  private arranged(event: CustomEvent<Partial<GridState>>): void {
    this.arrange(event.detail);
    if (this.panel) this.panel.hasSummaries = this.hasSummaries;
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
    const command = headCommand(event);
    const {name, widthPx} = this.columns[column];
    if (command === "sort" || command === "add") this.sortBy(column, command === "add");
    else if (command === "menu") this.openMenu(column);
    else if (command) this.heads.resize(name, command === "narrower" ? widthPx - 16 : widthPx + 16);
    return command !== null;
  }

  private select(selection: Selection): void {
    this.state.selection = selection;
    const range = rangeOf(selection);
    this.note = isMany(range)
      ? `${number.format(range.bottom - range.top + 1)} × ${number.format(range.right - range.left + 1)} selected`
      : "";
    this.requestUpdate();
    this.dispatchEvent(new CustomEvent("petri-selection"));
  }

  private reveal({row, column}: Place): void {
    const [scroller, {edges, pinned}] = [this.scroller, this.view];
    if (!scroller) return;
    if (row >= 0) scroller.scrollTop = scrollTopFor(this.layout, row, scroller.scrollTop);
    if (column < pinned) return;
    const [left, right] = [edges[column] - edges[pinned], edges[column + 1]];
    if (left < scroller.scrollLeft) scroller.scrollLeft = left;
    else if (right > scroller.scrollLeft + scroller.clientWidth)
      scroller.scrollLeft = right - scroller.clientWidth;
  }

  private pointerDown(event: PointerEvent): void {
    const place = placeOf(event);
    if (!place || event.button !== 0) return;
    const target = event.composedPath()[0] as Element;
    if (place.row === -1 && this.headPressed(event, target, place.column)) return;
    const extend = event.shiftKey && place.row >= 0;
    this.select({active: place, anchor: extend ? this.state.selection.anchor : place});
  }

  /** A press on a head's tools: whether it was for one of them and not for the head. */
  private headPressed(event: PointerEvent, target: Element, index: number): boolean {
    const column = this.columns[index];
    if (target.closest(".more")) {
      const {menu} = this;
      this.isMenuClosing = !!menu?.isOpen && menu.column?.name === column.name;
      return true;
    }
    if (this.heads.press(event, target, column)) {
      event.preventDefault();
      this.scroller?.setPointerCapture(event.pointerId);
      return true;
    }
    if (this.heads.pressShare(target, column)) return true;
    if (!target.closest(".distribution")) this.sortBy(index, event.shiftKey);
    return false;
  }

  private pointerMoved(event: PointerEvent): void {
    if (this.heads.move(event)) return;
    const {anchor} = this.state.selection;
    if (event.buttons !== 1 || event.pointerType !== "mouse" || anchor.row < 0) return;
    const place = placeOf(event);
    if (place && place.row >= 0) this.select({active: place, anchor});
  }

  private clicked(event: Event): void {
    const place = placeOf(event);
    if (!place || this.isMenuClosing || !(event.composedPath()[0] as Element).closest(".more")) return;
    this.openMenu(place.column);
  }

  private doubleClicked(event: Event): void {
    const place = placeOf(event);
    if (place && (event.composedPath()[0] as Element).closest(".edge"))
      this.heads.fit(this.columns[place.column].name);
  }

  /** Opens the menu of a column by its name, with the focus on its `control`th control. */
  openMenuOf(name: string, control: number): void {
    const column = this.columns.findIndex((column) => column.name === name);
    if (column >= 0) this.openMenu(column, control);
  }

  private openMenu(index: number, control = 0): void {
    const place = {row: -1, column: index};
    const head = this.renderRoot.querySelector<HTMLElement>(`#${cellId(place)}`);
    if (!head) return;
    this.select({active: place, anchor: place});
    void this.menu?.show(head, this.columns[index], this.state, this.rows, this.summaries, control);
  }

  private columnsClicked(event: Event): void {
    const {columns} = this.rows;
    void this.panel?.show(event.currentTarget as HTMLElement, columns, this.state, this.hasSummaries);
  }

  private sortBy(column: number, add: boolean): void {
    this.arrange({orders: nextOrders(this.state.orders, this.columns[column].name, add)});
  }

  private chosen(isWhole = false): Part {
    const columns = this.columns.map(({index}) => index);
    return partOf(isWhole ? null : rangeOf(this.state.selection), this.rows.shown, columns);
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
    this.note = await copyRows(this.rows, this.chosen());
  }

  private async downloadAs(format: ExportFormat): Promise<void> {
    this.note = `writing ${format} …`;
    this.note = await downloadRows(format, this.rows, this.chosen(true), this.value as Iterable<unknown>);
  }
}

if (!customElements.get("petri-grid")) customElements.define("petri-grid", PetriGrid);

declare global {
  interface HTMLElementTagNameMap {
    "petri-grid": PetriGrid;
  }
}
