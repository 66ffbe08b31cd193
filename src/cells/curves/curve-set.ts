import type {CurveExtent, CurveRun} from "../../tables/curve-runs.ts";
import type {CurveAxis, CurveEnvelope, CurveRows, Extent} from "../../tables/curves.ts";
import type {MetricBatch} from "../../tables/types.ts";
import {Envelope, type Place} from "./envelope.ts";

/** Most stretches of a curve: two for each pixel of a wide chart. */
const capacity = 2048;

interface Entry {
  curve: Envelope;
  /** The greatest `metrics.seq` that is known of, drawn or not. */
  seq: number;
  /** What seconds of the run are counted from. */
  startMs: number;
}

/** Curves by run and metric, over one axis. */
export class CurveSet {
  readonly #entries = new Map<string, Map<string, Entry>>();
  /** By run, the last value of the metric that is the axis. */
  readonly #places = new Map<string, number>();
  readonly #place: Place;
  readonly #isLog: boolean;

  constructor(log: boolean) {
    this.#isLog = log;
    this.#place = log ? Math.log10 : (x) => x;
  }

  get(runId: string, key: string): Envelope | null {
    return this.#entries.get(runId)?.get(key)?.curve ?? null;
  }

  /** Puts what was read of a run in the place of what was there. */
  set(run: CurveRun, part: CurveRows | CurveEnvelope): void {
    const curve = new Envelope(capacity, this.#place);
    if ("value" in part) curve.addRows(part);
    else curve.addStretches(part);
    const seq = Math.max(curve.seq, run.metrics.get(part.key)?.seq ?? -1);
    this.#of(run.runId).set(part.key, {curve, seq, startMs: run.startMs});
  }

  /** Forgets all runs but these. */
  keepOnly(runs: readonly CurveRun[]): void {
    const ids = new Set(runs.map(({runId}) => runId));
    for (const id of this.#entries.keys()) if (!ids.has(id)) this.#entries.delete(id);
  }

  /** Whether the tables have rows of a metric that are not here. */
  isBehind(run: CurveRun, key: string, extent: CurveExtent, x: CurveAxis): boolean {
    const entry = this.#entries.get(run.runId)?.get(key);
    if (!entry || extent.seq > entry.seq) return true;
    if (x === "relative" && entry.startMs !== run.startMs) return true;
    // Where every row has a place, they can be counted.
    return typeof x === "string" && !this.#isLog && extent.rows > entry.curve.size;
  }

  /** Takes in the rows of a batch that are not here yet; with a range only those in it, of curves that are here. */
  add(
    run: CurveRun,
    batch: MetricBatch,
    keys: readonly string[],
    axisOf: (key: string) => CurveAxis,
    range?: Extent
  ): void {
    for (const key of keys) {
      const column = batch.columns[key];
      if (!column || (range && !this.get(run.runId, key))) continue;
      const entry = this.#entry(run, key);
      const present = batch.present?.[key];
      const x = axisOf(key);
      for (let i = 0; i < column.length; ++i) {
        const at =
          typeof x === "string" ? placeOf(x, run, batch, i) : this.#metricAt(run.runId, x.key, batch, i);
        const seq = batch.seq + i;
        if (seq <= entry.seq || present?.[i] === 0) continue;
        if (range && !(at >= range[0] && at <= range[1])) continue;
        entry.seq = seq;
        entry.curve.add(at, column[i] as number, seq);
      }
    }
  }

  #of(runId: string): Map<string, Entry> {
    let entries = this.#entries.get(runId);
    if (!entries) {
      entries = new Map();
      this.#entries.set(runId, entries);
    }
    return entries;
  }

  #entry({runId, startMs}: CurveRun, key: string): Entry {
    const entries = this.#of(runId);
    let entry = entries.get(key);
    if (!entry) {
      entry = {curve: new Envelope(capacity, this.#place), seq: -1, startMs};
      entries.set(key, entry);
    }
    return entry;
  }

  /** The value of a metric at a row, or the last before it. */
  #metricAt(runId: string, key: string, batch: MetricBatch, i: number): number {
    if (batch.columns[key] && batch.present?.[key]?.[i] !== 0) {
      this.#places.set(`${runId} ${key}`, batch.columns[key][i] as number);
    }
    return this.#places.get(`${runId} ${key}`) ?? Number.NaN;
  }
}

function placeOf(
  x: "step" | "time" | "relative",
  {startMs}: CurveRun,
  batch: MetricBatch,
  i: number
): number {
  const timeMs = Math.round(batch.timeMs[i] as number);
  if (x === "time") return timeMs;
  if (x === "relative") return (timeMs - startMs) / 1000;
  const step = batch.step[i] as number;
  // As it is written into the table.
  return Number.isFinite(step) ? Math.round(step) : batch.seq + i;
}
