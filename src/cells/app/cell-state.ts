import type {CellStateName, CellStatus} from "../../runtime/types.ts";
import {formatAgo, formatDuration} from "./format.ts";

const WORDS: Record<CellStateName, string> = {
  idle: "not run yet",
  queued: "waiting",
  running: "running",
  done: "done",
  error: "error",
  stale: "out of date",
  cached: "from cache"
};

/** A cell's state in words, with when and how long: `done in 38 ms, 2 minutes ago`. */
export function describeState(status: CellStatus | undefined, now: number): string {
  const state = status?.state ?? "idle";
  const parts = [WORDS[state]];
  if (status?.stopped) parts[0] = "stopped";
  else if (state === "stale" && status?.edited) parts[0] = "edited and not run";
  if (status?.error && state === "error") parts[0] = `${status.error.name}: ${status.error.message}`;
  else if (status?.durationMs !== undefined && state === "done")
    parts[0] += ` in ${formatDuration(status.durationMs)}`;
  if (status?.startedAt !== undefined && state !== "queued") {
    const ago = formatAgo(status.startedAt, now);
    parts.push(state === "running" ? `started ${ago}` : ago);
  }
  return parts.join(", ");
}
