import {html, LitElement, nothing, type PropertyValues, unsafeCSS} from "lit";
import {customElement, property, query} from "lit/decorators.js";
import uplotCss from "uplot/dist/uPlot.min.css?inline";
import type {CurveAxis} from "../../tables/curves.ts";
import {loadPlot} from "../run/chart.ts";
import {formatMetric} from "../run/format.ts";
import {metricLabel} from "../run/metric-names.ts";
import {onThemeChange} from "../run/theme-changes.ts";
import {panelStyles} from "./curves-panel.styles.ts";
import type {Extent} from "./extent.ts";
import {axisLabel, formatPlace} from "./format-axis.ts";
import {CurvePlot} from "./plot.ts";
import {valueAt} from "./reading.ts";
import {axis, type Scene} from "./scene.ts";
import type {PictureChart} from "./svg.ts";

/** A trace with what is said of it. */
interface Shown {
  id: string;
  label: string;
}

/** The pointer or the keys are at x; `id` is the curve that is nearest. */
export interface HoverDetail {
  x: number;
  id: string | null;
}

/** How near to a curve the pointer has to be to mean it, in pixels. */
const reach = 24;

/** The curves of one metric. Tells where the pointer is, and what was dragged over. */
@customElement("petri-curves-panel")
export class PetriCurvesPanel extends LitElement {
  static override styles = [unsafeCSS(uplotCss), panelStyles];

  @property() metric = "";
  @property() unit: string | null = null;
  @property({attribute: false}) axis: CurveAxis = "step";
  @property({attribute: false}) scene: Scene | null = null;
  /** The curves by id, for their names. */
  @property({attribute: false}) labels: readonly Shown[] = [];
  /** Where all charts of this axis are read off. */
  @property({attribute: false}) hover: HoverDetail | null = null;
  @property({type: Number}) height = 220;
  /** What to say in the place of curves. */
  @property() message = "";
  @query(".chart") private readonly host!: HTMLElement;

  #plot: CurvePlot | null = null;
  #width = 0;
  #isPointed = false;
  #pointedAt = "";
  #resize: ResizeObserver | null = null;
  #stopTheme: (() => void) | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stopTheme = onThemeChange(() => this.#plot?.recolor());
    this.#resize = new ResizeObserver(([entry]) => {
      this.#width = Math.floor(entry?.contentRect.width ?? 0);
      this.requestUpdate("scene");
    });
    this.#resize.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stopTheme?.();
    this.#resize?.disconnect();
    this.#plot?.destroy();
    this.#plot = null;
  }

  /** The chart for a picture; null before it was drawn. */
  get picture(): PictureChart | null {
    if (!this.scene || !this.#plot) return null;
    return {title: this.#title, xLabel: axisLabel(this.axis), scene: this.scene, ticks: this.#plot.ticks};
  }

  /** Turns a CSS colour into one without custom properties. */
  resolve(color: string): string {
    return this.#plot?.resolve(color) ?? color;
  }

  get #title(): string {
    return this.unit ? `${metricLabel(this.metric)} (${this.unit})` : metricLabel(this.metric);
  }

  protected override render(): unknown {
    const count = this.scene?.traces.length ?? 0;
    return html`
      <div class="head"><span class="metric">${this.#title}</span><span class="axis">over ${axisLabel(this.axis)}</span></div>
      <div
        class="chart"
        style="height:${this.height}px"
        tabindex="0"
        role="application"
        aria-roledescription="chart"
        aria-label="${this.#title} over ${axisLabel(this.axis)}, ${count} curves. Left and right read values, plus and minus zoom, Escape shows all."
        @keydown=${this.#keyPressed}
      >
        ${this.message ? html`<p class="message">${this.message}</p>` : nothing}
        ${this.#cursor()}
      </div>
      <span class="announce" role="status">${this.matches(":focus-within") ? this.#spoken() : ""}</span>
    `;
  }

  /** The line at the place that is read, the dots of the curves there, and the name of the nearest. */
  #cursor(): unknown {
    const {scene, hover} = this;
    const frame = this.#plot?.frame;
    if (!scene || !hover || !frame || hover.x < scene.x[0] || hover.x > scene.x[1]) return nothing;
    const left = axis(scene.x, scene.logX, frame.left, frame.left + frame.width)(hover.x);
    const toY = axis(scene.y, scene.logY, frame.top + frame.height, frame.top);
    const dots = scene.traces.flatMap(({trace, style}) => {
      const value = valueAt(trace.reading, hover.x);
      const top = value ? toY(value.y) : Number.NaN;
      const isShown = trace.id === hover.id || scene.traces.length <= 12;
      return isShown && top >= frame.top - 1 && top <= frame.top + frame.height + 1
        ? [{top, color: style.color}]
        : [];
    });
    const isRight = left > frame.left + frame.width / 2;
    const side = isRight ? `right:${Math.round(this.#width - left + 8)}px` : `left:${Math.round(left + 8)}px`;
    return html`
      <i class="line" style="left:${left}px;top:${frame.top}px;height:${frame.height}px"></i>
      ${dots.map(({top, color}) => html`<i class="dot" style="left:${left}px;top:${top}px;background:${color}"></i>`)}
      ${this.#isPointed || this.matches(":focus-within") ? html`<div class="tip" style="${side};top:${frame.top + 4}px">${this.#tip(hover)}</div>` : nothing}
    `;
  }

  #tip({x, id}: HoverDetail): unknown {
    const place = formatPlace(this.axis, x, this.scene?.x ?? null);
    const found = this.#nearest(id, x);
    if (!found) return place;
    const {value, label} = found;
    return html`<b>${label}</b> ${formatMetric(value.y)}${value.around ? html` <span class="around">${formatMetric(value.around[0])} … ${formatMetric(value.around[1])}</span>` : nothing}<br />${place}`;
  }

  #nearest(id: string | null, x: number) {
    const trace = this.scene?.traces.find((each) => each.trace.id === id)?.trace;
    const value = trace && valueAt(trace.reading, x);
    const label = this.labels.find((each) => each.id === id)?.label;
    return value ? {value, label: label ?? ""} : null;
  }

  #spoken(): string {
    if (!this.hover || !this.scene) return "";
    const found = this.#nearest(this.hover.id, this.hover.x);
    const place = formatPlace(this.axis, this.hover.x, this.scene.x);
    return found ? `${place}: ${found.label} ${formatMetric(found.value.y)}` : place;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if ((changed.has("scene") || changed.has("height")) && this.scene && this.#width > 0) void this.#draw();
  }

  async #draw(): Promise<void> {
    if (!this.#plot) {
      const Plot = await loadPlot();
      if (!this.isConnected) return;
      this.#plot ??= new CurvePlot(Plot, this.host, {
        height: this.height,
        onHover: (place) => this.#pointed(place),
        onZoom: (extent) => this.#zoom(extent)
      });
    }
    if (this.scene) this.#plot.draw(this.scene, this.axis === "time", this.#width);
  }

  #pointed(place: {x: number; left: number; top: number} | null): void {
    // uPlot tells again after every drawing, and what is told may lead to one.
    const at = place ? `${place.x} ${place.left} ${place.top}` : "";
    if (at === this.#pointedAt) return;
    this.#pointedAt = at;
    this.#isPointed = place !== null;
    if (!place || !this.scene) {
      this.#tell(null);
      return;
    }
    const {frame} = this.#plot as CurvePlot;
    const toY = axis(this.scene.y, this.scene.logY, frame.height, 0);
    let id: string | null = null;
    let least = reach;
    for (const {trace} of this.scene.traces) {
      const value = valueAt(trace.reading, place.x);
      const distance = value ? Math.abs(toY(value.y) - place.top) : Number.POSITIVE_INFINITY;
      if (distance < least) [id, least] = [trace.id, distance];
    }
    this.#tell({x: place.x, id});
  }

  #tell(detail: HoverDetail | null): void {
    this.dispatchEvent(new CustomEvent("curves-hover", {detail}));
  }

  #zoom(extent: Extent | null): void {
    this.dispatchEvent(new CustomEvent("curves-zoom", {detail: extent}));
  }

  readonly #keyPressed = (event: KeyboardEvent): void => {
    const {scene, hover} = this;
    if (!scene || event.ctrlKey || event.metaKey || event.altKey) return;
    const [low, high] = scene.x;
    const at = hover?.x ?? (low + high) / 2;
    const ids = scene.traces.map(({trace}) => trace.id);
    const id = hover?.id ?? ids[0] ?? null;
    const move = (share: number) =>
      this.#tell({x: Math.min(high, Math.max(low, at + share * (high - low))), id});
    const scaleBy = (factor: number) => {
      const half = ((high - low) * factor) / 2;
      this.#zoom([at - half, at + half]);
    };
    const next = (by: number) =>
      this.#tell({x: at, id: ids[(ids.indexOf(id ?? "") + by + ids.length) % ids.length] ?? null});
    const step = event.shiftKey ? 0.1 : 0.01;
    const actions: Record<string, () => void> = {
      ArrowLeft: () => move(-step),
      ArrowRight: () => move(step),
      ArrowUp: () => next(-1),
      ArrowDown: () => next(1),
      Home: () => this.#tell({x: low, id}),
      End: () => this.#tell({x: high, id}),
      "+": () => scaleBy(0.5),
      "=": () => scaleBy(0.5),
      "-": () => scaleBy(2),
      Escape: () => this.#zoom(null)
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "petri-curves-panel": PetriCurvesPanel;
  }
}
