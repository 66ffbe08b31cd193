import type {ExportProgress} from "../../../tables/export/followed.ts";
import type {ImportProgress, ImportReport} from "../../../tables/import-types.ts";
import type {JournalRole, JournalStatus} from "../../../tables/journal/types.ts";
import {formatBytes} from "../format.ts";
import type {WorkspaceRun} from "./types.ts";

/** From this share of the quota on, people are warned. */
const warnAt = 0.8;

/** How much room there is: the workspace's part of the origin's part of the quota. */
export interface Room {
  sizeBytes: number;
  usageBytes: number;
  quotaBytes: number;
  /** `usageBytes` as a share of the quota, 0 to 1. */
  share: number;
  isShort: boolean;
}

/** Null where the browser does not say how much room there is. */
export function roomOf({quota, sizeBytes}: JournalStatus): Room | null {
  if (!quota || quota.quotaBytes <= 0) return null;
  const {quotaBytes} = quota;
  // The browser's figure lags behind what was just written.
  const usageBytes = Math.max(quota.usageBytes, sizeBytes);
  const share = Math.min(1, usageBytes / quotaBytes);
  return {sizeBytes, usageBytes, quotaBytes, share, isShort: share >= warnAt};
}

export const percent = (share: number): string =>
  share > 0 && share < 0.01 ? "less than 1 %" : `${Math.floor(100 * share)} %`;

/** Who writes the runs down. */
export const roleWords: Readonly<Record<JournalRole, string>> = {
  leader: "This tab writes for all tabs of Petri.",
  follower: "Another tab of Petri writes; this one sends it what it has, and takes over when it closes.",
  memory: "There is no disk to write to here: runs are gone when the page is closed."
};

/** What the footer says of the store; `kind` is how much it matters. */
export interface Badge {
  kind: "quiet" | "warning" | "error";
  text: string;
  title: string;
}

/** Null while there is nothing to say. */
export function badgeOf(status: JournalStatus | null): Badge | null {
  if (!status) return null;
  const {failure, newer, role, sizeBytes} = status;
  if (failure) {
    const waiting = `${formatBytes(failure.unwrittenBytes)} wait in memory.`;
    return {kind: "error", text: "Not recorded", title: `${failure.message} ${waiting}`};
  }
  if (newer !== undefined) return {kind: "warning", text: "Reload", title: newer};
  if (role === "memory") return {kind: "warning", text: "Not kept", title: roleWords.memory};
  const room = roomOf(status);
  if (room?.isShort) {
    const text = `Disk ${percent(room.share)} full`;
    return {kind: "warning", text, title: "Runs can be deleted or exported in the workspace."};
  }
  return {kind: "quiet", text: formatBytes(sizeBytes), title: "Runs kept in this browser"};
}

/** What an import did: a sentence. */
export function reportWords({runs, knownRuns, metricRows}: ImportReport): string {
  const known =
    knownRuns === 0 ? "" : ` ${count(knownRuns, "run")} ${knownRuns === 1 ? "was" : "were"} here already.`;
  if (runs === 0) return `Nothing new.${known}`;
  const values = metricRows === 0 ? "" : ` with ${count(metricRows, "value")}`;
  return `Imported ${count(runs, "run")}${values}.${known}`;
}

/** How far an import is. */
export function importWords({metricRows, ofRows}: ImportProgress): string {
  return ofRows === null
    ? count(metricRows, "value")
    : `${integer.format(metricRows)} of ${count(ofRows, "value")}`;
}

/** How far an export is. */
export const exportWords = ({runs, ofRuns}: ExportProgress): string =>
  `${integer.format(runs)} of ${count(ofRuns, "run")}`;

const integer = new Intl.NumberFormat("en-US");

/** `1 run`, `1,200 runs`. */
export const count = (n: number, noun: string): string => `${integer.format(n)} ${noun}${n === 1 ? "" : "s"}`;

/** Those of the runs that ended before then and are not going on. */
export function runsBefore(runs: readonly WorkspaceRun[], at: number): WorkspaceRun[] {
  return runs.filter((run) => run.at !== null && run.at < at && isOver(run));
}

/** A run under way cannot be deleted. */
export const isOver = ({status}: WorkspaceRun): boolean => status !== "running" && status !== "queued";

export const sizeOfRuns = (runs: readonly WorkspaceRun[]): number =>
  runs.reduce((sum, {sizeBytes}) => sum + sizeBytes, 0);

/** Whether a file is a notebook; everything else is for the store. */
export const isNotebook = ({name, type}: File): boolean => /\.html?$/i.test(name) || type === "text/html";
