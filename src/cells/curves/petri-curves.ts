import "../run/series.css";
import "./curves-panel.ts";
import {html, LitElement, nothing} from "lit";
import {customElement, state} from "lit/decorators.js";
import type {CellContext} from "../../runtime/types.ts";
import {download} from "../grid/download.ts";
import {formatCount} from "../run/format.ts";
import {FrameThrottle} from "../run/frame.ts";
import {errorText} from "../runs/error-text.ts";
import {type CurveStyle, curveStyles} from "./curve-style.ts";
import type {HoverDetail, PetriCurvesPanel} from "./curves-panel.ts";
import {axisName, type Extent} from "./extent.ts";
import {foot} from "./foot.ts";
import {type CurveGroup, groupRuns} from "./groups.ts";
import {legend} from "./legend.ts";
import {CurvesModel, type CurvesServices} from "./model.ts";
import type {CurvesView, ParsedOptions} from "./options.ts";
import {curvesStyles} from "./petri-curves.styles.ts";
import {lastValue, valueAt} from "./reading.ts";
import {rowsCsv} from "./rows-csv.ts";
import type {Scene} from "./scene.ts";
import {Scenes} from "./scenes.ts";
import {askAgain, type CurvesState, newState} from "./state.ts";
import {curvesSvg, type PictureChart, svgToPng} from "./svg.ts";
import {toolbar} from "./toolbar.ts";

/** The evaluation that asks for curves. */
type CurvesCell = Pick<CellContext, "signal" | "waitUntil" | "fail">;

/** Most runs where nothing is said: each by itself, and several as one curve. */
const mostRuns = {apart: 100, together: 2000};

/** Learning curves of many runs, a chart a metric, kept up to date while runs train. */
@customElement("petri-curves")
export class PetriCurves extends LitElement {
  static override styles = curvesStyles;

  @state() private hover: (HoverDetail & {axis: string}) | null = null;
  /** What was last done, for people. */
  @state() private note = "";
  readonly #frames = new FrameThrottle(() => this.requestUpdate());
  readonly #scenes = new Scenes();
  #services: CurvesServices | null = null;
  #notebook = "";
  #request: ParsedOptions["request"] | null = null;
  /** Who asked last, until it knows of the reading. */
  #cell: CurvesCell | null = null;
  #model: CurvesModel | null = null;
  #state: CurvesState | null = null;
  #height = 220;
  /** The group whose entry in the legend is pointed at. */
  #pointed: string | null = null;
  #groups: CurveGroup[] = [];
  /** What the groups were made of. */
  #grouped: readonly unknown[] = [];
  #styles: ReadonlyMap<string, CurveStyle> = new Map();
  #drawn: {key: string; scene: Scene | null}[] = [];

  /**
   * Shows what `options` ask for. Asked again, it keeps what a person changed and the code did not. The cell runs until
   * the tables have answered, and fails when they cannot.
   */
  ask(
    services: CurvesServices,
    notebook: string,
    {request, view, height}: ParsedOptions,
    cell: CurvesCell
  ): void {
    this.#cell = cell;
    this.#height = height;
    this.#notebook = notebook;
    if (this.#state) askAgain(this.#state, view);
    else this.#state = newState(view);
    if (!this.#model || this.#model.error || services !== this.#services || !isSame(request, this.#request)) {
      this.#model?.stop();
      this.#services = services;
      this.#request = request;
      const {x, logX} = this.#state.view;
      const limited = {...request, limit: this.#limit};
      this.#model = new CurvesModel(services, limited, {x, log: logX}, () => this.#frames.request());
      if (this.isConnected) this.#model.start();
    } else {
      this.#setAxis();
      this.#model.setLimit(this.#limit);
    }
    this.#tellCell();
    this.requestUpdate();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#model?.start();
    this.#tellCell();
  }

  /** Lets the cell wait for the first answer and know of an error. Where nobody sees the curves nothing is read. */
  #tellCell(): void {
    const [model, cell] = [this.#model, this.#cell];
    if (!model || !cell || !this.isConnected) return;
    this.#cell = null;
    const ended = new Promise((resolve) => cell.signal.addEventListener("abort", resolve));
    const read = model.first.then((error) => {
      if (error !== null) cell.fail(error);
    });
    cell.waitUntil(Promise.race([read, ended]));
  }

  get #limit(): number {
    const isApart = this.#state?.view.group.by === "run";
    return this.#request?.limit ?? (isApart ? mostRuns.apart : mostRuns.together);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#model?.stop();
    this.#frames.cancel();
  }

  protected override render(): unknown {
    const model = this.#model;
    const settings = this.#state;
    if (!model || !settings) return nothing;
    const {view, hidden, range} = settings;
    this.#group(model, view.group);
    const ids = this.#groups.map(({id}) => id);
    this.#styles = curveStyles(this.#notebook, ids);
    const groups = this.#groups.filter(({id}) => !hidden.has(id));
    this.#drawn = model.keys.map((key) => {
      const axis = axisName(model.axisOf(key));
      const scene = this.#scenes.scene({
        metric: key,
        groups,
        styles: this.#styles,
        curveOf: (runId, metric) => model.curve(runId, metric),
        view,
        range: range?.axis === axis ? range.extent : null,
        whole: model.extent(key),
        focus: this.#pointed
      });
      return {key, scene};
    });
    return html`
      <div class="curves" role="group" aria-label="Learning curves">
        ${toolbar({
          view,
          runs: model.runs,
          change: (change) => this.#change(change)
        })}
        ${
          this.#drawn.length === 0
            ? html`<p class="message" role="status">${this.#message(model)}</p>`
            : html`<div class=${this.#drawn.length > 1 ? "charts many" : "charts"}>${this.#drawn.map(({key, scene}) => this.#panel(model, key, scene, this.#message(model, key)))}</div>`
        }
        ${legend({
          groups: this.#groups,
          styles: this.#styles,
          hidden,
          metrics: this.#drawn.map(({key, scene}) => ({key, values: this.#values(key, scene)})),
          isGrouped: view.group.by !== "run",
          toggle: (id) => this.#toggle(id),
          solo: (id) => this.#solo(id),
          point: (id) => this.#point(id)
        })}
        ${foot({
          note: this.#noteOf(model),
          isZoomed: range !== null,
          showAll: () => this.#zoom(null, null),
          save: (format) => void this.#save(format)
        })}
      </div>
    `;
  }

  /** Groups the runs that have something to draw, when either changed. */
  #group({runs, keys, curve}: CurvesModel, by: CurvesView["group"]): void {
    const drawn = runs.filter(({runId}) => keys.some((key) => curve(runId, key)));
    const of = [by, ...drawn];
    if (of.length === this.#grouped.length && of.every((each, i) => each === this.#grouped[i])) return;
    this.#grouped = of;
    this.#groups = groupRuns(drawn, by);
  }

  #panel(model: CurvesModel, key: string, scene: Scene | null, message: string): unknown {
    const x = model.axisOf(key);
    const axis = axisName(x);
    return html`<petri-curves-panel
      .metric=${key}
      .unit=${model.unitOf(key)}
      .axis=${x}
      .scene=${scene}
      .labels=${this.#groups}
      .hover=${this.hover?.axis === axis ? this.hover : null}
      .height=${this.#height}
      .message=${scene ? "" : message}
      @curves-hover=${({detail}: CustomEvent<HoverDetail | null>) => {
        this.hover = detail && {...detail, axis};
      }}
      @curves-zoom=${({detail}: CustomEvent<Extent | null>) => this.#zoom(detail, axis)}
    ></petri-curves-panel>`;
  }

  /** What is said in the place of curves, of a metric or of all. */
  #message(model: CurvesModel, key?: string): string {
    if (model.error) return errorText(model.error);
    if (!model.ready) return "reading runs …";
    if (model.runs.length === 0) return model.missing || "no runs yet";
    return (key !== undefined && model.lacking(key)) || "no rows yet";
  }

  #noteOf({runs, total, missing, error}: CurvesModel): string {
    const limited =
      total > runs.length ? `the newest ${formatCount(runs.length)} of ${formatCount(total)} runs` : "";
    const failed = error && runs.length > 0 ? errorText(error) : "";
    const absent = runs.length > 0 ? missing : "";
    return [limited, absent, failed, this.note].filter(Boolean).join(" · ");
  }

  /** The numbers of a metric by group: at the place that is read, else the last. */
  #values(key: string, scene: Scene | null): ReadonlyMap<string, number> {
    const axis = this.#model && axisName(this.#model.axisOf(key));
    const at = this.hover?.axis === axis ? this.hover?.x : undefined;
    return new Map(
      (scene?.traces ?? []).flatMap(({trace}) => {
        const value = at === undefined ? lastValue(trace.reading) : valueAt(trace.reading, at);
        return value ? [[trace.id, value.y] as const] : [];
      })
    );
  }

  #change(change: Partial<CurvesView>): void {
    if (!this.#state) return;
    Object.assign(this.#state.view, change);
    if ("x" in change || "logX" in change) this.#setAxis();
    if ("group" in change) this.#model?.setLimit(this.#limit);
    this.requestUpdate();
  }

  #setAxis(): void {
    const {view} = this.#state as CurvesState;
    const axis = {x: view.x, log: view.logX};
    if (!this.#model?.isDrawnOver(axis)) {
      if (this.#state) this.#state.range = null;
      this.#model?.setAxis(axis);
    }
  }

  #zoom(extent: Extent | null, axis: string | null): void {
    if (!this.#state) return;
    const whole = this.#drawn
      .map(({key}) => key)
      .find((key) => axis === axisName(this.#model?.axisOf(key) ?? "step"));
    const all = whole === undefined ? null : this.#model?.extent(whole);
    const clipped =
      extent && all ? ([Math.max(extent[0], all[0]), Math.min(extent[1], all[1])] as const) : null;
    const isPart = clipped && all && clipped[1] > clipped[0] && (clipped[0] > all[0] || clipped[1] < all[1]);
    this.#state.range = isPart && axis !== null ? {axis, extent: clipped} : null;
    void this.#model?.zoom(isPart ? clipped : null, axis ?? "");
    this.requestUpdate();
  }

  #toggle(id: string): void {
    const hidden = this.#state?.hidden;
    if (!hidden?.delete(id)) hidden?.add(id);
    this.requestUpdate();
  }

  /** Shows only this group; all again when it is the only one. */
  #solo(id: string): void {
    if (!this.#state) return;
    const others = this.#groups.map((group) => group.id).filter((other) => other !== id);
    const {hidden} = this.#state;
    const isAlone = !hidden.has(id) && others.every((other) => hidden.has(other));
    this.#state.hidden = new Set(isAlone ? [] : others);
    this.requestUpdate();
  }

  #point(id: string | null): void {
    if (this.#pointed === id) return;
    this.#pointed = id;
    this.#frames.request();
  }

  async #save(format: "svg" | "png" | "csv"): Promise<void> {
    try {
      const blob = format === "csv" ? await this.#csv() : await this.#picture(format);
      download(`curves.${format}`, blob);
      this.note = `saved curves.${format}`;
    } catch (error) {
      this.note = error instanceof Error ? error.message : String(error);
    }
  }

  async #picture(format: "svg" | "png"): Promise<Blob> {
    const panels = [...this.renderRoot.querySelectorAll<PetriCurvesPanel>("petri-curves-panel")];
    const charts = panels
      .map(({picture}) => picture)
      .filter((chart): chart is PictureChart => chart !== null);
    const [first] = panels;
    if (!first || charts.length === 0) throw new Error("There is no chart to save yet.");
    const shown = this.#groups.filter(({id}) => !this.#state?.hidden.has(id));
    const svg = curvesSvg({
      charts,
      legend: shown.map(({id, label}) => ({label, color: "", dash: [], ...this.#styles.get(id)})),
      width: Math.max(480, Math.round(this.clientWidth)),
      height: this.#height,
      resolve: (color) => first.resolve(color)
    });
    return format === "svg" ? new Blob([svg], {type: "image/svg+xml"}) : svgToPng(svg);
  }

  #csv(): Promise<Blob> {
    const {range, hidden} = this.#state as CurvesState;
    const model = this.#model as CurvesModel;
    const shown = this.#groups.filter(({id}) => !hidden.has(id));
    const runs = shown.flatMap((group) => group.runs);
    const ranged = range && model.keys.map(model.axisOf).find((x) => axisName(x) === range.axis);
    return rowsCsv((this.#services as CurvesServices).db, {
      runs,
      labels: new Map(shown.flatMap(({label, runs}) => runs.map(({runId}) => [runId, label]))),
      metrics: model.keys.map((key) => ({key, x: model.axisOf(key)})),
      range: range && ranged ? {axis: ranged, extent: range.extent} : null
    });
  }
}

function isSame(a: ParsedOptions["request"], b: ParsedOptions["request"] | null): boolean {
  const text = ({where, ...rest}: ParsedOptions["request"]) =>
    JSON.stringify([rest, where?.strings, where?.values.map(String)]);
  return b !== null && text(a) === text(b);
}

declare global {
  interface HTMLElementTagNameMap {
    "petri-curves": PetriCurves;
  }
}
