import {html, nothing, type TemplateResult} from "lit";
import type {ColumnSummary, Filter} from "../../tables/view-types.ts";
import {type DrawnColumn, isPinned} from "./columns.ts";
import {ownFilters, withFilter} from "./filter.ts";
import {filterForm} from "./filter-form.ts";
import {type ColumnFormat, defaultDigits, type FormatStyle, formatStyles, stylesFor} from "./formats.ts";
import {type GridState, newGridState, withEntry} from "./grid-state.ts";
import {GridPanel, panelStyles} from "./panel.ts";
import type {GridRows} from "./rows.ts";
import type {Summaries} from "./summaries.ts";

/**
 * What can be done with one column: sort, filter, format, pin, hide.
 *
 * @fires petri-arrange - `CustomEvent<Partial<GridState>>`, what the reader chose
 */
export class ColumnMenu extends GridPanel {
  static override styles = panelStyles;

  /** The column it was opened for last. */
  column: DrawnColumn | null = null;
  private summary: ColumnSummary | null = null;
  private state: GridState = newGridState();

  /** Opens at the column's head. What the column holds is asked for where the heads do not draw it. */
  async show(
    head: HTMLElement,
    column: DrawnColumn,
    state: GridState,
    rows: GridRows,
    summaries: Summaries,
    control = 0
  ): Promise<void> {
    this.column = column;
    this.state = state;
    this.summary = summaries.of(column.name);
    await this.open(head, head.closest<HTMLElement>("[role=grid]") ?? head, control);
    if (this.summary || column.kind === "list" || column.kind === "other") return;
    const summary = await summaries.ask(rows, column.name, state.filters);
    if (this.column !== column) return;
    this.summary = summary;
    this.requestUpdate();
  }

  protected override firstUpdated(): void {
    this.renderRoot.addEventListener("focusin", ({target}) => {
      const control = this.controls.indexOf(target as HTMLElement);
      if (this.column && control >= 0) this.state.attention = {menu: this.column.name, control};
    });
  }

  protected override render(): TemplateResult | typeof nothing {
    const {column, state, summary} = this;
    if (!column) return nothing;
    this.setAttribute("aria-label", `Column ${column.name}`);
    return html`<h2>${column.name}</h2>
      <p class="about">${this.about()}</p>
      ${this.sorts()}
      ${filterForm({
        column,
        summary,
        own: ownFilters(state.filters, column.name),
        change: (own) => this.filter(own)
      })}
      ${this.formats()} ${this.actions()}`;
  }

  private about(): string {
    const {column, summary} = this;
    const count = (n: number) => n.toLocaleString("en-US");
    const facts = [column?.type];
    if (summary) facts.push(`${count(summary.distinct)} different`);
    if (summary?.nulls) facts.push(`${count(summary.nulls)} null`);
    if (summary?.histogram?.nans) facts.push(`${count(summary.histogram.nans)} NaN`);
    return facts.filter(Boolean).join(" · ");
  }

  private sorts(): TemplateResult {
    const {name} = this.column as DrawnColumn;
    const present = this.state.orders.find(({column}) => column === name);
    const button = (descending: boolean, label: string) => {
      const isOn = present?.descending === descending;
      const orders = isOn ? [] : [{column: name, descending}];
      return html`<button type="button" aria-pressed=${isOn} @click=${() => this.tell({orders})}>${label}</button>`;
    };
    return html`<div class="line" role="group" aria-label="Sort">
      ${button(false, "↑ Ascending")} ${button(true, "↓ Descending")}
    </div>`;
  }

  private formats(): TemplateResult | typeof nothing {
    const column = this.column as DrawnColumn;
    const styles = stylesFor(column.kind);
    if (!styles.length) return nothing;
    const present: ColumnFormat = this.state.formats[column.name] ?? column.format ?? {style: "auto"};
    const set = (format: ColumnFormat) =>
      this.tell({formats: {...this.state.formats, [column.name]: format}});
    const digits = present.digits ?? defaultDigits[present.style];
    return html`<fieldset>
      <legend>Written as</legend>
      <div class="line">
        <select
          aria-label="Written as"
          @change=${(event: Event) => set({style: (event.currentTarget as HTMLSelectElement).value as FormatStyle})}
        >
          ${styles.map(
            (style) =>
              html`<option value=${style} ?selected=${style === present.style}>${formatStyles[style]}</option>`
          )}
        </select>
        ${
          digits === undefined
            ? nothing
            : html`<input
                type="number"
                min="0"
                max="15"
                aria-label="Decimals"
                title="Decimals"
                .value=${String(digits)}
                @change=${(event: Event) => {
                  const x = Number((event.currentTarget as HTMLInputElement).value);
                  set({...present, digits: Math.max(0, Math.min(15, Math.round(x) || 0))});
                }}
              />`
        }
      </div>
    </fieldset>`;
  }

  private actions(): TemplateResult {
    const column = this.column as DrawnColumn;
    const {name} = column;
    const {state} = this;
    const pinned = isPinned(column, state);
    const isFitted = state.widths[name] === undefined;
    return html`<div class="line actions">
      <button
        type="button"
        aria-pressed=${pinned}
        @click=${() => this.tell({pinned: {...state.pinned, [name]: !pinned}})}
      >
        Pin left
      </button>
      <button
        type="button"
        @click=${() => {
          this.hidePopover();
          this.tell({hidden: {...state.hidden, [name]: true}});
        }}
      >
        Hide
      </button>
      ${
        isFitted
          ? nothing
          : html`<button type="button" @click=${() => this.tell({widths: withEntry(state.widths, name, undefined)})}>
              Fit width
            </button>`
      }
    </div>`;
  }

  private filter(own: Filter[]): void {
    const {name} = this.column as DrawnColumn;
    this.tell({filters: withFilter(this.state.filters, name, own)});
  }

  private tell(detail: Partial<GridState>): void {
    this.dispatchEvent(new CustomEvent<Partial<GridState>>("petri-arrange", {detail}));
    this.requestUpdate();
  }
}

if (!customElements.get("petri-grid-menu")) customElements.define("petri-grid-menu", ColumnMenu);
