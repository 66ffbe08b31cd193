import {html, LitElement, nothing, type PropertyValues, unsafeCSS} from "lit";
import {customElement, property, query, state} from "lit/decorators.js";
import uplotCss from "uplot/dist/uPlot.min.css?inline";
import {loadPlot, type Reading, RunChart} from "./chart.ts";
import {chartTable, lastNumber} from "./chart-data.ts";
import {formatCount, formatMetric} from "./format.ts";
import {metricLabel} from "./metric-names.ts";
import {panelStyles} from "./run-panel.styles.ts";
import {seriesColor} from "./series-color.ts";
import {onThemeChange} from "./theme-changes.ts";
import type {Metric, RunColumns} from "./types.ts";

/** The curves of one quantity of a run: its legend with the latest numbers (or those under the cursor), and the chart. */
@customElement("petri-run-panel")
export class PetriRunPanel extends LitElement {
  static override styles = [unsafeCSS(uplotCss), panelStyles];

  @property() notebook = "";
  @property() quantity = "";
  @property({attribute: false}) metrics: readonly Metric[] = [];
  /** Replaced, or the same object with more rows and a greater `version`. */
  @property({attribute: false}) rows: RunColumns | null = null;
  @property({type: Number}) version = 0;
  @property({attribute: false}) ghost: RunColumns | null = null;
  /** Panels with one key move their cursors together. */
  @property() syncKey = "";
  @state() private log = false;
  @state() private hovered: Reading | null = null;
  @query(".chart") private readonly host!: HTMLElement;

  #chart: RunChart | null = null;
  #shape = "";
  #width = 0;
  #resize: ResizeObserver | null = null;
  #stopTheme: (() => void) | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stopTheme = onThemeChange(() => this.#chart?.recolor());
    this.#resize = new ResizeObserver(([entry]) => {
      this.#width = Math.floor(entry?.contentRect.width ?? 0);
      this.#chart?.resize(this.#width);
      this.requestUpdate();
    });
    this.#resize.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stopTheme?.();
    this.#resize?.disconnect();
    this.#dropChart();
  }

  protected override render(): unknown {
    return html`
      <div class="legend">
        <span class="quantity">${metricLabel(this.quantity)}</span>
        ${this.metrics.map((metric, i) => this.#entry(metric, i))}
        ${this.#step()}
        <button class="log" aria-pressed=${this.log} title="Logarithmic scale" @click=${this.#toggleLog}>log</button>
      </div>
      <div class="chart" aria-hidden="true"></div>
    `;
  }

  #entry(metric: Metric, index: number): unknown {
    const {rows, hovered} = this;
    const value = hovered ? (hovered.values[index] ?? null) : lastNumber(rows?.columns[metric.name]);
    return html`<span class="entry"
      ><i style="background:${this.#color(metric)}"></i
      >${this.metrics.length > 1 ? html`<span class="split">${metric.split}</span>` : nothing}<output
        >${value === null ? "–" : formatMetric(value)}</output
      ></span
    >`;
  }

  #step(): unknown {
    return this.hovered ? html`<span class="at">step ${formatCount(this.hovered.x)}</span>` : nothing;
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.size === 1 && changed.has("hovered")) return;
    if (this.#width) void this.#draw();
  }

  async #draw(): Promise<void> {
    const shape = `${this.log} ${this.metrics.map((m) => this.#color(m)).join()}`;
    if (!this.#chart || shape !== this.#shape) {
      const Plot = await loadPlot();
      if (!this.isConnected || (this.#chart && this.#shape === shape)) return;
      this.#dropChart();
      this.#shape = shape;
      this.#chart = new RunChart(Plot, this.host, {
        series: this.metrics.map((metric) => ({name: metric.name, color: this.#color(metric)})),
        syncKey: this.syncKey,
        log: this.log,
        width: this.#width,
        height: 148,
        onHover: (reading) => {
          this.hovered = reading;
        }
      });
    }
    const names = this.metrics.map((metric) => metric.name);
    this.#chart.setData(
      this.rows ? chartTable(this.rows, names, this.#width) : [[]],
      this.ghost && chartTable(this.ghost, names, this.#width)
    );
  }

  #color(metric: Metric): string {
    const paired =
      metric.split === "test" || this.metrics.length > 1 || ["loss", "accuracy"].includes(metric.quantity);
    return seriesColor(this.notebook, metric.name, paired);
  }

  #toggleLog(): void {
    this.log = !this.log;
  }

  #dropChart(): void {
    this.#chart?.destroy();
    this.#chart = null;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "petri-run-panel": PetriRunPanel;
  }
}
