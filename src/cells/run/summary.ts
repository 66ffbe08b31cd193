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

/** A finished run in a line: `accuracy 0.962 · 12.3 s · webgpu · from cache, 2 days ago`. */
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
  if (backend) parts.push(backend.name);
  if (fromCache) parts.push(endedAt === null ? "from cache" : `from cache, ${formatAgo(endedAt, now)}`);
  return parts;
}
