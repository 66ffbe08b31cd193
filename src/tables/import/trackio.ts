import type {ImportedRows} from "../import-types.ts";
import {paramRows} from "../parameters.ts";
import {MetricColumns} from "./metric-columns.ts";
import {experimentRow, type ImportedRun, runRow} from "./run-row.ts";
import {stableId} from "./stable-id.ts";
import {parseTime} from "./times.ts";

/** One call of `trackio.log`. System metrics have no step. */
export interface TrackioLog {
  /** Null where Trackio had no ids yet: then the name tells runs apart. */
  runId: string | null;
  runName: string;
  timestamp: string;
  step: number | null;
  values: Readonly<Record<string, unknown>>;
}

export interface TrackioConfig {
  runId: string | null;
  runName: string;
  createdAt: string;
  config: Readonly<Record<string, unknown>>;
}

/** A project of Trackio, from its SQLite file or its Parquet files. */
export interface TrackioProject {
  name: string;
  configs: readonly TrackioConfig[];
  logs: readonly TrackioLog[];
  systemLogs: readonly TrackioLog[];
  notes: readonly string[];
}

const specials: Record<string, number> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY
};

/** A value as a number: JSON has no words for three of them, so Trackio writes them as text. Null for anything else. */
function asNumber(value: unknown): number | null {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  return typeof value === "string" && Object.hasOwn(specials, value) ? specials[value] : null;
}

/** Words that Trackio itself puts into a config begin so. */
const isInternal = (key: string) => key.startsWith("_");

interface Gathered {
  run: ImportedRun;
  logs: TrackioLog[];
  systemLogs: TrackioLog[];
}

/** The rows of a project. Trackio keeps no status, so every run counts as completed. */
export function* trackioRows(project: TrackioProject): Generator<ImportedRows> {
  const runs = new Map<string, Gathered>();
  const configs = new Map(project.configs.map((config) => [config.runId ?? config.runName, config]));
  const gather = ({
    runId: id,
    runName,
    timestamp
  }: TrackioLog | (TrackioConfig & {timestamp: string})): Gathered => {
    const known = runs.get(id ?? runName);
    if (known) return known;
    const config = configs.get(id ?? runName);
    const runId = id ?? stableId("trackio", project.name, runName, config?.createdAt ?? timestamp);
    const entries = Object.entries(config?.config ?? {});
    const gathered: Gathered = {
      logs: [],
      systemLogs: [],
      run: {
        runId,
        experimentId: `trackio:${project.name}`,
        name: runName,
        source: "trackio",
        status: "completed",
        mlflowStatus: "FINISHED",
        startTime: parseTime(config?.createdAt ?? timestamp),
        endTime: null,
        lastStep: null,
        params: paramRows(runId, Object.fromEntries(entries.filter(([key]) => !isInternal(key)))),
        tags: new Map(
          entries
            .filter(([key, value]) => isInternal(key) && value !== null)
            .map(([key, value]) => [`trackio.${key.slice(1)}`, String(value)])
        )
      }
    };
    runs.set(id ?? runName, gathered);
    return gathered;
  };
  for (const config of project.configs) gather({...config, timestamp: config.createdAt});
  for (const log of project.logs) gather(log).logs.push(log);
  for (const log of project.systemLogs) gather(log).systemLogs.push(log);

  for (const {run, logs, systemLogs} of runs.values()) {
    const times = [...logs, ...systemLogs]
      .map(({timestamp}) => parseTime(timestamp))
      .filter((time) => time !== null);
    const steps = logs.map(({step}) => step ?? 0);
    run.startTime = times.reduce(
      (least, time) => Math.min(least, time),
      run.startTime ?? Number.POSITIVE_INFINITY
    );
    if (!Number.isFinite(run.startTime)) run.startTime = null;
    run.endTime = times.length > 0 ? times.reduce((most, time) => Math.max(most, time)) : run.startTime;
    run.lastStep = steps.length > 0 ? steps.reduce((most, step) => Math.max(most, step)) : null;
  }
  const all = [...runs.values()].map(({run}) => run);
  const createdAt = all.reduce((least, {startTime}) => Math.min(least, startTime ?? least), Date.now());
  yield {
    experiments: [experimentRow("trackio", project.name, createdAt)],
    runs: all.map(runRow),
    params: all.flatMap(({params}) => params),
    notes: project.notes
  };
  const left = new Set<string>();
  for (const {run, logs, systemLogs} of runs.values()) yield* metricRows(run.runId, logs, systemLogs, left);
  if (left.size > 0) yield {notes: [`Values that are no numbers were left out: ${[...left].join(", ")}.`]};
}

function* metricRows(
  runId: string,
  logs: readonly TrackioLog[],
  systemLogs: readonly TrackioLog[],
  left: Set<string>
): Generator<ImportedRows> {
  const columns = new MetricColumns(runId);
  for (const [prefix, list] of [
    ["", logs],
    ["sys/", systemLogs]
  ] as const) {
    for (const [index, {step, timestamp, values}] of list.entries()) {
      const time = parseTime(timestamp) ?? 0;
      for (const [key, given] of Object.entries(values)) {
        const value = asNumber(given);
        if (value !== null) columns.add(prefix + key, step ?? index, time, value);
        else if (given !== null && given !== undefined) left.add(prefix + key);
      }
      if (columns.full) yield {metrics: [columns.take()]};
    }
  }
  if (columns.length > 0) yield {metrics: [columns.take()]};
}
