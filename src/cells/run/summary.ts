import type {LogLine} from "../../training/row-types.ts";
import {lastNumber} from "./chart-data.ts";
import {formatAgo, formatCount, formatDuration, formatMetric} from "./format.ts";
import {groupMetrics, metricLabel} from "./metric-names.ts";
import type {RunView} from "./types.ts";

/** The metric that says how a run went: accuracy on held-out data where there is one, else accuracy, else loss, else the first. */
export function headline(names: Iterable<string>): string | null {
  const groups = groupMetrics(names);
  const group = groups.get("accuracy") ?? groups.get("loss") ?? [...groups.values()][0];
  return group?.at(-1)?.name ?? null;
}

/**
 * A finished run in a line: `accuracy 0.962 · 12.3 s · webgpu`, or when the store answered
 * `accuracy 0.962 · 12.3 s · from cache, computed 2 days ago on webgpu, NVIDIA H100`.
 */
export function summarize(run: RunView, now: number): string[] {
  const {record, rows, fromCache} = run;
  const {status, startedAt, endedAt, lastStep, backend} = record;
  const parts: string[] = [];
  if (status !== "completed") {
    parts.push(lastStep === null ? status : `${status} at step ${formatCount(lastStep)}`);
  }
  const name = headline(Object.keys(rows.columns));
  const value = name === null ? null : lastNumber(rows.columns[name]);
  if (name !== null && value !== null) parts.push(`${metricLabel(name)} ${formatMetric(value)}`);
  if (startedAt !== null && endedAt !== null) parts.push(formatDuration(endedAt - startedAt));
  if (notes(run).length > 0) parts.push("resumed after a lost GPU");
  if (fromCache) parts.push(`from cache${origin(record, now)}`);
  else if (backend) parts.push(backend.name);
  return parts;
}

/** What became of the run itself on its way: that it lost its device, and went on. */
export function notes({logs}: RunView): readonly LogLine[] {
  return logs.filter(({level}) => level === "note");
}

/** When and on what a run was computed. */
function origin({endedAt, backend}: RunView["record"], now: number): string {
  const when = endedAt === null ? "" : ` ${formatAgo(endedAt, now)}`;
  const where = backend ? ` on ${machine(backend)}` : "";
  return when || where ? `, computed${when}${where}` : "";
}

/** An adapter of WebGPU is a card, which does not say what it is used through; those of other backends do. */
function machine({name, adapter}: NonNullable<RunView["record"]["backend"]>): string {
  if (adapter === "") return name;
  return name === "webgpu" ? `${name}, ${adapter}` : adapter;
}

/** `Computed 19 November 2026 at 14:03 with petri 0.1.0, tfjs 4.22.0`, in the reader's time zone. */
export function whenExactly({record: {endedAt, versions}}: RunView): string {
  const libraries = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const when = endedAt === null ? "" : ` ${moment.format(endedAt)}`;
  return `Computed${when}${libraries.length > 0 ? ` with ${libraries.join(", ")}` : ""}`;
}

const moment = new Intl.DateTimeFormat("en-GB", {dateStyle: "long", timeStyle: "short"});
