import type {DuckDBClient} from "../../tables/client.ts";
import {
  type CurveRun,
  type CurveRuns,
  isFoundEarly,
  missingRuns,
  readCurveRuns
} from "../../tables/curve-runs.ts";
import type {CurveAxis, Extent} from "../../tables/curves.ts";
import type {EarlyTables} from "../../tables/early.ts";
import type {SqlFragment} from "../../tables/sql-text.ts";
import type {MetricBatch} from "../../tables/types.ts";
import {chooseKeys, chooseMetrics} from "./choose-metrics.ts";
import {CurveSet} from "./curve-set.ts";
import type {Envelope} from "./envelope.ts";
import {axisName, join} from "./extent.ts";
import type {CurvesRequest} from "./options.ts";
import {readInto, type WantedCurve} from "./read-into.ts";

/** What charts need of the page. */
export interface CurvesServices {
  db: DuckDBClient;
  /** What answers while the tables are being filled; without it charts wait until they are. */
  early?: EarlyTables;
  /** The revision of a table: now, and after changes. */
  tableChanges(table: string): AsyncIterable<number>;
  /** Calls back with rows as they come. Returns the way to stop. */
  onBatch(listener: (batch: MetricBatch) => void): () => void;
}

export interface CurvesAxis {
  /** Null: as declared of each metric. */
  x: CurveAxis | null;
  log: boolean;
}

/** Shortest time between two looks at a table, in milliseconds: rows are drawn as they come, without one. */
const pauseMs = {runs: 1000, metrics: 3000};

/**
 * The runs of some charts and the course of their metrics: read from the tables, then kept up to date by the rows that
 * come, without SQL. What the tables have all the same and we do not (imports, rows of other tabs) is read again.
 */
export class CurvesModel {
  runs: readonly CurveRun[] = [];
  /** How many runs were asked for, with those over the limit. */
  total = 0;
  /** The metrics that are drawn. */
  keys: readonly string[] = [];
  /** Why nothing is drawn. */
  error: unknown = null;
  /** Ids that were asked for and are no runs, in words. */
  missing = "";
  /** Whether the tables have answered. */
  ready = false;
  /** Settles when they have for the first time: with the error, or null. */
  readonly first: Promise<unknown>;
  #settle: (error: unknown) => void = () => {};
  readonly #services: CurvesServices;
  readonly #request: CurvesRequest;
  readonly #changed: () => void;
  #axis: CurvesAxis;
  #limit: number;
  #defined: CurveRuns["metrics"] = new Map();
  #whole: CurveSet;
  #part: {axis: string; range: Extent; curves: CurveSet} | null = null;
  /** Rows that came while something was read, to be taken in after it. */
  #waiting: MetricBatch[] = [];
  #reading = 0;
  /** Rows of runs that the tables were not asked about yet. */
  #unknown: MetricBatch[] = [];
  /** Runs that were not asked for. */
  #others = new Set<string>();
  #stop: AbortController | null = null;
  #zooming = new AbortController();
  #refreshing = false;
  #again = false;

  /** `changed` is called after every change, however often. */
  constructor(services: CurvesServices, request: CurvesRequest, axis: CurvesAxis, changed: () => void) {
    this.#services = services;
    this.#request = request;
    this.#axis = axis;
    this.#limit = request.limit;
    this.#whole = new CurveSet(axis.log);
    this.#changed = changed;
    this.first = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Reads the tables and follows them until `stop`. */
  start(): void {
    if (this.#stop) return;
    this.#stop = new AbortController();
    const {signal} = this.#stop;
    signal.addEventListener(
      "abort",
      this.#services.onBatch((batch) => this.#take(batch))
    );
    void this.#follow("runs", signal);
    void this.#follow("metrics", signal);
    void this.#refresh();
  }

  stop(): void {
    this.#stop?.abort();
    this.#stop = null;
    this.#zooming.abort();
  }

  /** Draws over another axis: everything is read again. */
  setAxis(axis: CurvesAxis): void {
    this.#axis = axis;
    this.#zooming.abort();
    this.#part = null;
    this.#whole = new CurveSet(axis.log);
    void this.#refresh();
    this.#changed();
  }

  /** Takes so many runs, the newest. */
  setLimit(limit: number): void {
    if (limit === this.#limit) return;
    this.#limit = limit;
    void this.#refresh();
  }

  /** Whether this axis is the one drawn over. */
  isDrawnOver({x, log}: CurvesAxis): boolean {
    return this.#axis.log === log && JSON.stringify(this.#axis.x) === JSON.stringify(x);
  }

  /** What a metric is drawn over. */
  readonly axisOf = (key: string): CurveAxis => {
    if (this.#axis.x !== null) return this.#axis.x;
    const stepKey = this.#defined.get(key)?.stepKey;
    return stepKey ? {key: stepKey} : "step";
  };

  unitOf(key: string): string | null {
    return this.#defined.get(key)?.unit ?? null;
  }

  /** Why there is nothing to draw of a metric: no run has it, or what it is drawn over. Empty where one has both. */
  lacking(key: string): string {
    const there = new Set(this.runs.flatMap(({metrics}) => [...metrics.keys()]));
    if (there.size === 0) return "";
    const x = this.axisOf(key);
    const absent = [key, ...(typeof x === "string" ? [] : [x.key])].find((name) => !there.has(name));
    if (absent === undefined) return "";
    return `No run has the metric ${absent}; they have ${[...there].sort().join(", ")}.`;
  }

  /** The course of a metric of a run: of the range that is looked at where that was read, else the whole. */
  readonly curve = (runId: string, key: string): Envelope | null => {
    const part = this.#part?.axis === axisName(this.axisOf(key)) ? this.#part.curves.get(runId, key) : null;
    return part ?? this.#whole.get(runId, key);
  };

  /** From where to where a metric goes, over all runs; null without rows. */
  extent(key: string): Extent | null {
    let all: Extent | null = null;
    for (const {runId} of this.runs) all = join(all, this.#whole.get(runId, key)?.extent ?? null);
    return all;
  }

  /** Looks at a range of an axis closely, or at the whole again. While it is read, the whole is drawn. */
  async zoom(range: Extent | null, axis: string): Promise<void> {
    this.#zooming.abort();
    this.#zooming = new AbortController();
    this.#part = null;
    this.#changed();
    if (!range) return;
    const {signal} = this.#zooming;
    const keys = this.keys.filter((key) => axisName(this.axisOf(key)) === axis);
    const wanted = this.#curves(keys).flatMap(({run, key}) => {
      const curve = this.#whole.get(run.runId, key);
      return !curve || curve.isExact(range) ? [] : {run, key, rows: curve.rowsIn(range)};
    });
    const part = {axis, range, curves: new CurveSet(this.#axis.log)};
    try {
      await this.#read(part.curves, wanted, signal, range);
      if (signal.aborted) return;
      this.#part = part;
      this.#changed();
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  async #follow(table: "runs" | "metrics", signal: AbortSignal): Promise<void> {
    const changes = this.#services.tableChanges(table)[Symbol.asyncIterator]();
    signal.addEventListener("abort", () => void changes.return?.());
    // The first tells how it is now, which was asked for already.
    await changes.next();
    while (!(await changes.next()).done && !signal.aborted) {
      if (table === "runs") this.#others = new Set();
      void this.#refresh();
      await new Promise((resolve) => setTimeout(resolve, pauseMs[table]));
    }
  }

  /** Reads runs, and the curves that are missing or behind. Of calls during one, one more follows. */
  async #refresh(): Promise<void> {
    this.#again = true;
    if (this.#refreshing) return;
    this.#refreshing = true;
    const signal = this.#stop?.signal;
    try {
      while (this.#again && signal && !signal.aborted) {
        this.#again = false;
        await this.#readAll(signal);
      }
    } catch (error) {
      if (!signal?.aborted) this.#fail(error);
    } finally {
      this.#refreshing = false;
      this.#changed();
      // Stopped and started again meanwhile.
      if (this.#again && this.#stop && this.#stop.signal !== signal) void this.#refresh();
    }
  }

  async #readAll(signal: AbortSignal): Promise<void> {
    const {ids, where, notebook} = this.#request;
    const limit = this.#limit;
    const unknown = this.#unknown;
    this.#unknown = [];
    const choice = {limit, ...(ids && {ids}), ...(where && {where}), ...(notebook !== null && {notebook})};
    const {db, early} = this.#services;
    const asked = early && isFoundEarly(choice) ? early.db : db;
    const found = await readCurveRuns(asked.withSignal(signal), choice);
    this.runs = found.runs;
    this.total = found.total;
    const isCut = found.total > found.runs.length;
    this.missing = isCut
      ? ""
      : missingRuns(
          choice,
          found.runs.map(({runId}) => runId)
        );
    this.#defined = found.metrics;
    this.keys = this.#request.metrics ?? chooseMetrics(found.runs);
    const ours = new Set(found.runs.map(({runId}) => runId));
    for (const batch of unknown) {
      if (ours.has(batch.runId)) this.#waiting.push(batch);
      else this.#others.add(batch.runId);
    }
    const whole = this.#whole;
    whole.keepOnly(found.runs);
    const behind = this.#curves(this.keys).filter(({run, key, extent}) =>
      whole.isBehind(run, key, extent, this.axisOf(key))
    );
    await this.#read(
      whole,
      behind.map(({run, key, extent}) => ({run, key, rows: extent.rows})),
      signal
    );
    this.error = null;
    this.ready = true;
    this.#settle(null);
    this.#changed();
  }

  #curves(keys: readonly string[]) {
    return this.runs.flatMap((run) =>
      keys.flatMap((key) => {
        const extent = run.metrics.get(key);
        return extent ? {run, key, extent} : [];
      })
    );
  }

  /** Reads curves, and takes in again what came meanwhile. */
  async #read(
    set: CurveSet,
    wanted: readonly WantedCurve[],
    signal: AbortSignal,
    range?: Extent
  ): Promise<void> {
    const {db, early} = this.#services;
    const {log} = this.#axis;
    const axes = new Map(wanted.map(({key}) => [axisName(this.axisOf(key)), this.axisOf(key)]));
    const read = async (client: DuckDBClient, metrics?: SqlFragment) => {
      for (const [name, x] of axes) {
        const some = wanted.filter(({key}) => axisName(this.axisOf(key)) === name);
        await readInto(set, client, some, {x, log, ...(range && {range}), ...(metrics && {metrics})});
      }
    };
    ++this.#reading;
    try {
      if (!early || wanted.length === 0) await read(db.withSignal(signal));
      else {
        const keys = wanted.map(({key}) => key);
        for (const x of axes.values()) if (typeof x !== "string") keys.push(x.key);
        const runIds = wanted.map(({run}) => run.runId);
        await early.withMetrics({runIds, keys, signal}, read);
      }
    } finally {
      --this.#reading;
    }
    const waiting = this.#waiting;
    if (this.#reading === 0) this.#waiting = [];
    for (const batch of waiting) this.#add(set, batch, range);
  }

  #take(batch: MetricBatch): void {
    if (this.#others.has(batch.runId)) return;
    if (!this.runs.some(({runId}) => runId === batch.runId)) {
      this.#unknown.push(batch);
      void this.#refresh();
      return;
    }
    if (this.#reading > 0) this.#waiting.push(batch);
    this.#add(this.#whole, batch);
    if (this.#part) this.#add(this.#part.curves, batch, this.#part.range);
    this.#changed();
  }

  #add(set: CurveSet, batch: MetricBatch, range?: Extent): void {
    const run = this.runs.find(({runId}) => runId === batch.runId);
    if (!run) return;
    if (this.keys.length === 0) this.keys = this.#request.metrics ?? chooseKeys(Object.keys(batch.columns));
    set.add(run, batch, this.keys, this.axisOf, range);
  }

  #fail(error: unknown): void {
    this.error = error;
    this.ready = true;
    this.#settle(error);
    this.#changed();
  }
}
