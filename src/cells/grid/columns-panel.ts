import {html, type TemplateResult} from "lit";
import {isHidden} from "./columns.ts";
import {type GridState, newGridState} from "./grid-state.ts";
import {GridPanel, panelStyles} from "./panel.ts";
import type {GridColumn} from "./source.ts";

/**
 * Which columns are shown, and whether their heads draw distributions.
 *
 * @fires petri-arrange - `CustomEvent<Partial<GridState>>`, what the reader chose
 */
export class ColumnsPanel extends GridPanel {
  static override styles = panelStyles;

  /** Whether heads draw distributions now. */
  hasSummaries = false;
  private columns: readonly GridColumn[] = [];
  private state: GridState = newGridState();
  private search = "";

  /** Opens at what was clicked, for these columns. */
  async show(
    anchor: HTMLElement,
    columns: readonly GridColumn[],
    state: GridState,
    hasSummaries: boolean
  ): Promise<void> {
    Object.assign(this, {columns, state, hasSummaries, search: ""});
    await this.open(anchor, anchor);
  }

  protected override render(): TemplateResult {
    this.setAttribute("aria-label", "Columns");
    const {state, columns} = this;
    const found = columns.filter(({name}) => name.toLowerCase().includes(this.search.toLowerCase()));
    return html`<label
        ><span class="label">Columns</span
        ><input
          type="search"
          placeholder="Find"
          autocomplete="off"
          spellcheck="false"
          .value=${this.search}
          @input=${(event: Event) => {
            this.search = (event.currentTarget as HTMLInputElement).value;
            this.requestUpdate();
          }}
      /></label>
      <ul>
        ${found.map((column) => {
          const hidden = isHidden(column, state);
          return html`<li><label
            ><input type="checkbox" .checked=${!hidden} @change=${() => this.hide([column], !hidden)} /><span
              class="word"
              title=${column.name}
              >${column.name}</span
            ><span class="number">${column.type}</span></label
          ></li>`;
        })}
      </ul>
      <div class="line actions">
        <button type="button" @click=${() => this.hide(found, false)}>Show all</button>
        <button type="button" @click=${() => this.hide(found, true)}>Hide all</button>
        <button
          type="button"
          aria-pressed=${this.hasSummaries}
          @click=${() => this.tell({summaries: !this.hasSummaries})}
        >
          Distributions
        </button>
      </div>`;
  }

  private hide(columns: readonly GridColumn[], hidden: boolean): void {
    const changes = Object.fromEntries(columns.map(({name}) => [name, hidden]));
    this.tell({hidden: {...this.state.hidden, ...changes}});
  }

  private tell(detail: Partial<GridState>): void {
    this.dispatchEvent(new CustomEvent<Partial<GridState>>("petri-arrange", {detail}));
    this.requestUpdate();
  }
}

if (!customElements.get("petri-grid-columns")) customElements.define("petri-grid-columns", ColumnsPanel);
