import {html, LitElement, nothing, svg} from "lit";
import {customElement, state} from "lit/decorators.js";
import {errorText} from "../runs/error-text.ts";
import {curves, type EdgeCurves, largeCurve} from "./curves.ts";
import {diagramStyles} from "./kan-diagram.styles.ts";
import {type Layout, layOut, type PlacedEdge} from "./layout.ts";
import {
  type DiagramChange,
  type DiagramEdge,
  type DiagramFit,
  type DiagramNetwork,
  type DiagramSuggestion,
  edgeKey,
  fitAs,
  fitOf,
  isSameCurve,
  type KanDiagramOptions,
  type KanDiagramValue,
  splineOf
} from "./model.ts";

/** Edges that hardly matter are still there to be seen and clicked. */
const FAINTEST = 0.12;

/**
 * A Kolmogorov-Arnold network, drawn with the curve of each edge at its strength. An edge that is chosen is shown large, with
 * the functions that it may be; it becomes one, or a spline again, by a button. A function lies thin over the spline that it
 * stands for, with its formula; so does a suggestion while the pointer or the keyboard is at it.
 *
 * @fires input - another edge is looked at, or one was changed
 */
@customElement("petri-kan-diagram")
export class PetriKanDiagram extends LitElement {
  static override styles = diagramStyles;

  @state() private room = 640;
  @state() private chosen: string | null = null;
  @state() private suggestions: readonly DiagramSuggestion[] | null = null;
  @state() private problem = "";
  /** The suggestion that the pointer or the keyboard is at. */
  @state() private lookedAt: string | null = null;
  /** The edge that the Tab key comes to. */
  @state() private reached: string | null = null;
  #network: DiagramNetwork = {levels: [], edges: []};
  #options: KanDiagramOptions = {};
  readonly #changes = new Map<string, DiagramChange>();
  /** The functions that edges were changed to, as they were suggested. */
  readonly #fits = new Map<string, DiagramFit>();
  readonly #resized = new ResizeObserver(([entry]) => {
    this.room = Math.floor(entry?.contentRect.width ?? this.room);
  });

  /** Draws another network. Which edge is looked at and what was changed stays, where those edges are still there. */
  show(network: DiagramNetwork, options: KanDiagramOptions): void {
    const before = new Map(this.#network.edges.map((edge) => [edgeKey(edge), edge]));
    this.#network = network;
    this.#options = options;
    const keys = new Set(network.edges.map(edgeKey));
    for (const edge of network.edges) {
      const old = before.get(edgeKey(edge));
      if (!old || !isSameCurve(old, edge)) this.#fits.delete(edgeKey(edge));
    }
    for (const key of this.#changes.keys()) if (!keys.has(key)) this.#changes.delete(key);
    if (this.chosen !== null && !keys.has(this.chosen)) this.chosen = null;
    if (this.chosen !== null) void this.#ask();
    this.requestUpdate();
  }

  get value(): KanDiagramValue {
    const edge = this.#chosenEdge;
    const id = edge && {layer: edge.layer, from: edge.from, to: edge.to};
    return {edge: id ?? null, changes: [...this.#changes.values()]};
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resized.observe(this);
  }

  override disconnectedCallback(): void {
    this.#resized.disconnect();
    super.disconnectedCallback();
  }

  override render() {
    const layout = layOut(this.#network, this.room);
    return html`<div class="picture" role="group" aria-label="Network">${this.#picture(layout)}</div>
      ${this.#chosenEdge ? this.#lookedAt(this.#chosenEdge) : html`<p>Choose an edge to look at it.</p>`}`;
  }

  #picture(layout: Layout) {
    const {width, height, edges} = layout;
    const reachable = this.reached ?? this.chosen ?? (edges[0] ? edgeKey(edges[0].edge) : null);
    return html`<svg
      width=${width}
      height=${height}
      viewBox="0 0 ${width} ${height}"
      @keydown=${(event: KeyboardEvent) => this.#move(event, edges)}
    >
      ${edges.map((edge) => this.#link(edge))} ${this.#nodes(layout)}
      ${edges.map((edge) => this.#edge(edge, layout.side, edgeKey(edge.edge) === reachable))}
    </svg>`;
  }

  #link({edge, at, start, end}: PlacedEdge) {
    const path = `M${start.x},${start.y}L${at.x},${at.y}L${end.x},${end.y}`;
    return svg`<path class="link" d=${path} opacity=${this.#opacity(edge)}></path>`;
  }

  #edge({edge, at}: PlacedEdge, side: number, isReachable: boolean) {
    const key = edgeKey(edge);
    const name = this.#functionOf(edge);
    const drawn = this.#curvesOf(edge);
    return svg`<g
      class=${name !== null && !drawn.fit ? "edge function" : "edge"}
      role="button"
      tabindex=${isReachable ? 0 : -1}
      data-edge=${key}
      aria-label="Edge ${this.#path(edge)}: ${name ?? "spline"}, strength ${edge.score.toPrecision(2)}"
      aria-pressed=${key === this.chosen}
      transform="translate(${at.x - side / 2} ${at.y - side / 2})"
      @click=${() => this.#choose(key)}
      @focus=${() => (this.reached = key)}
    >
      <rect class="frame" width=${side} height=${side} rx="3"></rect>
      ${curves(drawn, {width: side, height: side, margin: 3}, this.#opacity(edge))}
    </g>`;
  }

  #nodes({nodes}: Layout) {
    const {levels} = this.#network;
    const last = nodes.length - 1;
    return nodes.map((row, level) =>
      row.map(({x, y}, i) => {
        const {nodes: count = 0, multiply = 0} = levels[level] ?? {};
        const label = level === 0 || level === last ? this.#nodeName(level, i) : null;
        return svg`<circle class="node" cx=${x} cy=${y} r="3.5"></circle>
          ${i >= count - multiply ? svg`<text x=${x + 12} y=${y + 4}>×</text>` : nothing}
          ${label === null ? nothing : svg`<text x=${x} y=${level === 0 ? y + 18 : y - 9}>${label}</text>`}`;
      })
    );
  }

  #lookedAt(edge: DiagramEdge) {
    const name = this.#functionOf(edge);
    const path = this.#path(edge);
    const own = this.#curvesOf(edge);
    const suggested = fitAs(this.suggestions?.find((suggestion) => suggestion.name === this.lookedAt));
    const drawn = {...own, fit: suggested ?? own.fit, path};
    return html`<section class="looked-at" aria-label="Edge ${path}">
      <h4>${path}${name === null ? nothing : html` <span class="fixed">${name}</span>`}</h4>
      ${largeCurve({...drawn, input: edge.layer === 0 ? this.#nodeName(0, edge.from) : "z", width: Math.min(320, this.room)})}
      <div class="choices">${this.#choices(edge, name)}</div>
    </section>`;
  }

  #choices(edge: DiagramEdge, name: string | null) {
    const shown = this.suggestions?.slice(0, this.#options.suggestions ?? 5);
    return html`<p>strength ${edge.score.toPrecision(3)}</p>
      ${
        shown && shown.length > 0
          ? html`<p id="choices">fix as</p>
          <ul aria-labelledby="choices">
            ${shown.map(
              (suggestion) => html`<li>
                <button
                  aria-pressed=${suggestion.name === name}
                  @click=${() => this.#change(edge, suggestion.name)}
                  @pointerenter=${() => (this.lookedAt = suggestion.name)}
                  @pointerleave=${() => (this.lookedAt = null)}
                  @focus=${() => (this.lookedAt = suggestion.name)}
                  @blur=${() => (this.lookedAt = null)}
                >
                  <span>${suggestion.name}</span><span>r² ${suggestion.r2.toFixed(5)}</span>
                </button>
              </li>`
            )}
          </ul>`
          : nothing
      }
      ${
        this.#options.suggest && !this.suggestions && !this.problem
          ? html`<p role="status">looking for functions …</p>`
          : nothing
      }
      ${this.problem ? html`<p role="alert">${this.problem}</p>` : nothing}
      ${name === null ? nothing : html`<button @click=${() => this.#change(edge, null)}>Unfix</button>`}`;
  }

  get #chosenEdge(): DiagramEdge | undefined {
    return this.#network.edges.find((edge) => edgeKey(edge) === this.chosen);
  }

  /** The function of an edge, by the last change where there was one. */
  #functionOf(edge: DiagramEdge): string | null {
    const change = this.#changes.get(edgeKey(edge));
    return change ? change.name : edge.name;
  }

  #curvesOf(edge: DiagramEdge): EdgeCurves {
    const key = edgeKey(edge);
    const fit = this.#changes.has(key) ? (this.#fits.get(key) ?? null) : fitOf(edge);
    return {spline: splineOf(edge) ?? (fit ? null : edge), fit};
  }

  #opacity({score}: DiagramEdge): number {
    return Math.max(FAINTEST, Math.tanh((this.#options.beta ?? 3) * score));
  }

  #nodeName(level: number, index: number): string {
    const {levels} = this.#network;
    if (level === 0) return this.#options.names?.[index] ?? `x_${index + 1}`;
    if (level === levels.length - 1) return this.#options.outputs?.[index] ?? `y_${index + 1}`;
    return `node ${index + 1} of level ${level}`;
  }

  #path({layer, from, node, to}: DiagramEdge): string {
    const {levels} = this.#network;
    const {nodes = 0, multiply = 0} = levels[layer + 1] ?? {};
    const factor = node >= nodes - multiply ? `, factor ${to + 1}` : "";
    return `${this.#nodeName(layer, from)} → ${this.#nodeName(layer + 1, node)}${factor}`;
  }

  #choose(key: string): void {
    this.reached = key;
    if (this.chosen === key) return;
    this.chosen = key;
    void this.#ask();
    this.#tell();
  }

  /** After the edge is on the screen: the search may take a second. */
  async #ask(): Promise<void> {
    const {chosen} = this;
    const edge = this.#chosenEdge;
    const {suggest} = this.#options;
    this.suggestions = null;
    this.lookedAt = null;
    this.problem = "";
    if (!suggest || !edge) return;
    await this.updateComplete;
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (chosen !== this.chosen) return;
    try {
      const found = await suggest({layer: edge.layer, from: edge.from, to: edge.to});
      if (chosen !== this.chosen) return;
      this.suggestions = found;
      this.#keepFit(edge);
    } catch (error) {
      if (chosen === this.chosen) this.problem = errorText(error);
    }
  }

  #change(edge: DiagramEdge, name: string | null): void {
    const {layer, from, to} = edge;
    const key = edgeKey(edge);
    // A change comes last, because fits are made one after the other; one that changes nothing is none.
    this.#changes.delete(key);
    if (name !== edge.name) this.#changes.set(key, {layer, from, to, name});
    this.lookedAt = null;
    this.#keepFit(edge);
    this.requestUpdate();
    this.#tell();
  }

  /** What an edge was changed to is drawn as it is suggested by now. */
  #keepFit(edge: DiagramEdge): void {
    const key = edgeKey(edge);
    const name = this.#changes.get(key)?.name;
    const fit = fitAs(this.suggestions?.find((suggestion) => suggestion.name === name));
    if (fit) this.#fits.set(key, fit);
    else if (!name) this.#fits.delete(key);
  }

  #tell(): void {
    this.dispatchEvent(new Event("input", {bubbles: true}));
  }

  #move(event: KeyboardEvent, edges: readonly PlacedEdge[]): void {
    const at = edges.findIndex(({edge}) => edgeKey(edge) === this.reached);
    const current = edges[at];
    if (!current) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.#choose(edgeKey(current.edge));
      return;
    }
    const next = nextEdge(event.key, current, at, edges);
    if (!next) return;
    event.preventDefault();
    const key = edgeKey(next.edge);
    this.reached = key;
    this.renderRoot.querySelector<SVGElement>(`[data-edge="${key}"]`)?.focus();
  }
}

/** Left and right go through all edges, up and down to the nearest of the next layer. */
function nextEdge(
  key: string,
  current: PlacedEdge,
  at: number,
  edges: readonly PlacedEdge[]
): PlacedEdge | undefined {
  if (key === "ArrowLeft") return edges[at - 1];
  if (key === "ArrowRight") return edges[at + 1];
  const layer = current.edge.layer + ({ArrowUp: 1, ArrowDown: -1}[key] ?? Number.NaN);
  const far = (other: PlacedEdge) => Math.abs(other.at.x - current.at.x);
  return edges.filter(({edge}) => edge.layer === layer).sort((a, b) => far(a) - far(b))[0];
}
