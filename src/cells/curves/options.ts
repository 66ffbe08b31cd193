import type {CurveAxis} from "../../tables/curves.ts";
import {SqlFragment} from "../../tables/sql-text.ts";

/** How far a band reaches around the mean of a group: over all of its runs, or one standard deviation. */
export type Band = "minmax" | "std" | "none";

/** What `curves()` takes. */
export interface CurvesOptions {
  /** Runs or their ids, or a condition in SQL on the columns of `runs` and on `params` (a MAP of texts). All when absent. */
  runs?: string | SqlFragment | Iterable<string | RunLike>;
  /** Names of metrics, a chart each. When absent those that all runs have most of, at most four. */
  metrics?: string | readonly string[];
  /** `step`, `time`, `relative` (seconds since the run began), or the name of a metric. When absent as declared of the metric, else `step`. */
  x?: string;
  /** Share that the past keeps at each row in the moving average, from 0 (none) to less than 1. */
  smoothing?: number;
  /** Logarithmic axes: true means y. */
  log?: boolean | "x" | "y" | "xy";
  /** One curve for all runs that agree in this parameter. */
  group?: string;
  /** Without `group`, runs that differ in nothing but the seed are one curve. */
  band?: Band;
  /** Runs of this notebook; of all when null. The open one when absent, unless `runs` is given. */
  notebook?: string | null;
  /** Most runs, the newest: 100 when absent, 2,000 where several are one curve, so that their mean is that of all. */
  limit?: number;
  /** Height of a chart in pixels. */
  height?: number;
}

interface RunLike {
  readonly record: {readonly runId: string};
}

/** What is asked of the tables. */
export interface CurvesRequest {
  ids: readonly string[] | null;
  where: SqlFragment | null;
  notebook: string | null;
  metrics: readonly string[] | null;
  limit: number;
}

/** What a person may change at the chart. */
export interface CurvesView {
  /** Null: as declared of each metric. */
  x: CurveAxis | null;
  smoothing: number;
  logX: boolean;
  logY: boolean;
  /** Each run by itself, runs that differ only in the seed together, or those that agree in a parameter. */
  group: {by: "run"} | {by: "seeds"} | {by: "param"; name: string};
  band: Band;
}

export interface ParsedOptions {
  /** `limit` is null where it was left open. */
  request: Omit<CurvesRequest, "limit"> & {limit: number | null};
  view: CurvesView;
  height: number;
}

const known = ["runs", "metrics", "x", "smoothing", "log", "group", "band", "notebook", "limit", "height"];

/** @throws TypeError that says which option was wrong, what came, and what may stand there. */
export function parseOptions(options: CurvesOptions, notebook: string): ParsedOptions {
  for (const name of Object.keys(options)) {
    if (!known.includes(name))
      throw new TypeError(`curves() has no option "${name}"; it has ${known.join(", ")}.`);
  }
  const {metrics, x, smoothing = 0, log = false, group, band, limit = null, height = 220} = options;
  const check = (name: string, ok: boolean, expected: string, came: unknown) => {
    if (!ok) throw new TypeError(`curves(): expected ${name} to be ${expected}, got ${shown(came)}.`);
  };
  const names = typeof metrics === "string" ? [metrics] : (metrics ?? null);
  const areNames =
    names === null ||
    (Array.isArray(names) && names.length > 0 && names.every((name) => typeof name === "string"));
  check("metrics", areNames, "the name of a metric or a list of names", metrics);
  check(
    "x",
    x === undefined || (typeof x === "string" && x !== ""),
    '"step", "time", "relative" or the name of a metric',
    x
  );
  check(
    "smoothing",
    typeof smoothing === "number" && smoothing >= 0 && smoothing < 1,
    "a number from 0 to less than 1",
    smoothing
  );
  check("log", [true, false, "x", "y", "xy"].includes(log), 'true, false, "x", "y" or "xy"', log);
  check("band", [undefined, "minmax", "std", "none"].includes(band), '"minmax", "std" or "none"', band);
  check("group", group === undefined || typeof group === "string", "the name of a parameter", group);
  check("limit", limit === null || (Number.isInteger(limit) && limit > 0), "a whole number above 0", limit);
  check("height", typeof height === "number" && height >= 80, "at least 80 pixels", height);
  return {
    request: {
      ...choice(options.runs),
      notebook:
        options.notebook === undefined ? (options.runs === undefined ? notebook : null) : options.notebook,
      metrics: names,
      limit
    },
    view: {
      x: x === undefined ? null : axisOf(x),
      smoothing,
      logX: log === "x" || log === "xy",
      logY: log === true || log === "y" || log === "xy",
      group: groupOf(group, band),
      band: band ?? "minmax"
    },
    height
  };
}

/** The axis of that name. */
export function axisOf(x: string): CurveAxis {
  return x === "step" || x === "time" || x === "relative" ? x : {key: x};
}

function groupOf(group: string | undefined, band: Band | undefined): CurvesView["group"] {
  if (group !== undefined) return {by: "param", name: group};
  return band === undefined || band === "none" ? {by: "run"} : {by: "seeds"};
}

const id = /^[\da-f]{8}-?[\da-f]{4}-?[\da-f]{4}-?[\da-f]{4}-?[\da-f]{12}$/i;

function choice(runs: CurvesOptions["runs"]): Pick<CurvesRequest, "ids" | "where"> {
  if (runs === undefined) return {ids: null, where: null};
  if (runs instanceof SqlFragment) return {ids: null, where: runs};
  if (typeof runs === "string") {
    return id.test(runs) ? {ids: [runs], where: null} : {ids: null, where: new SqlFragment([runs], [])};
  }
  if (isRun(runs)) return {ids: [runs.record.runId], where: null};
  if (typeof runs?.[Symbol.iterator] !== "function") {
    throw new TypeError(
      `curves(): expected runs to be a condition in SQL, or a list of runs or ids, got ${shown(runs)}.`
    );
  }
  const ids = Array.from(runs, (run) => {
    const runId = typeof run === "string" ? run : isRun(run) ? run.record.runId : null;
    if (runId === null)
      throw new TypeError(`curves(): expected runs or their ids, got ${shown(run)} among them.`);
    return runId;
  });
  return {ids: [...new Set(ids)], where: null};
}

function isRun(value: unknown): value is RunLike {
  return typeof (value as RunLike | null)?.record?.runId === "string";
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  return Array.isArray(value) ? `[${value.map(shown).join(", ")}]` : String(value);
}
