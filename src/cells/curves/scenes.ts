import type {Extent} from "../../tables/curves.ts";
import type {CurveStyle} from "./curve-style.ts";
import type {Envelope} from "./envelope.ts";
import {groupTrace} from "./group-trace.ts";
import type {CurveGroup} from "./groups.ts";
import type {CurvesView} from "./options.ts";
import {extentOfY} from "./scale.ts";
import type {Scene} from "./scene.ts";
import {runTrace, type Trace} from "./traces.ts";

interface SceneRequest {
  metric: string;
  groups: readonly CurveGroup[];
  styles: ReadonlyMap<string, CurveStyle>;
  curveOf(runId: string, metric: string): Envelope | null;
  view: CurvesView;
  /** What is looked at; all when null. */
  range: Extent | null;
  /** Where the rows of all runs lie; null without any. */
  whole: Extent | null;
  focus: string | null;
}

/** Makes what charts show, and makes again only the traces whose rows or settings have changed. */
export class Scenes {
  readonly #kept = new Map<string, {of: readonly unknown[]; trace: Trace}>();
  readonly #last = new Map<string, {of: readonly unknown[]; scene: Scene}>();

  /** The scene of one metric, the same object as long as it shows the same; null without rows. */
  scene(request: SceneRequest): Scene | null {
    const {metric, groups, styles, view, range, whole, focus} = request;
    const {logX, logY} = view;
    const x = withWidth(range ?? whole, logX);
    if (!x) return null;
    const traces = groups.flatMap((group) => {
      const trace = this.#trace(group, x, request);
      const style = styles.get(group.id);
      return trace && style ? [{trace, style}] : [];
    });
    const inFocus = traces.some(({trace}) => trace.id === focus) ? focus : null;
    const of = [
      logX,
      logY,
      inFocus,
      ...x,
      ...traces.flatMap(({trace, style}) => [trace, style.color, style.dash])
    ];
    const last = this.#last.get(metric);
    if (last && isSame(last.of, of)) return last.scene;
    const all = traces.map(({trace}) => trace);
    const scene = {x, y: extentOfY(all, x, logY), logX, logY, traces, focus: inFocus};
    this.#last.set(metric, {of, scene});
    return scene;
  }

  #trace({id, runs}: CurveGroup, extent: Extent, {metric, curveOf, view}: SceneRequest): Trace | null {
    const curves = runs.flatMap(({runId}) => curveOf(runId, metric) ?? []).filter(({length}) => length > 0);
    if (curves.length === 0) return null;
    const {smoothing, band, logX} = view;
    const isGroup = view.group.by !== "run";
    const of = [
      smoothing,
      ...curves,
      ...curves.map(({size}) => size),
      ...(isGroup ? [band, logX, ...extent] : [])
    ];
    const key = `${id}\n${metric}`;
    const kept = this.#kept.get(key);
    if (kept && isSame(kept.of, of)) return kept.trace;
    const scale = logX
      ? {place: Math.log10, unplace: (x: number) => 10 ** x}
      : {place: (x: number) => x, unplace: (x: number) => x};
    const trace = isGroup
      ? groupTrace(id, curves, {smoothing, band, extent, ...scale})
      : runTrace(id, curves[0] as Envelope, smoothing);
    this.#kept.set(key, {of, trace});
    return trace;
  }
}

const isSame = (a: readonly unknown[], b: readonly unknown[]) =>
  a.length === b.length && a.every((x, i) => x === b[i]);

/** An axis cannot be drawn over a point, nor a logarithmic one over what is not above 0. */
function withWidth(extent: Extent | null, log: boolean): Extent | null {
  if (!extent) return null;
  const [low, high] = extent;
  if (high > low) return extent;
  return log ? [low / 2, low * 2] : [low - 0.5, low + 0.5];
}
