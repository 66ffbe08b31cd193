import type {CellRuntime} from "./cell-runtime.ts";
import type {CompileCache} from "./compile-cache.ts";
import {sameCell} from "./file-scan.ts";
import type {Cell, CellStateName, CellStatus} from "./types.ts";
import {typeScriptLoaded} from "./typescript.ts";

/** A cell as it is in the document and as it runs. */
export interface CellStatusSource {
  runtime: CellRuntime;
  /** The cell in the document. */
  source: Cell;
  /** The cell that was run last; null before. */
  ran: Cell | null;
}

/** `blocked`: the cell waits for one that waits for the reader; nothing will happen by itself. */
export function cellStatus(entry: CellStatusSource, compiler: CompileCache, blocked: boolean): CellStatus {
  const {runtime, source, ran} = entry;
  const {error, startedAt, durationMs, current, plan} = runtime;
  const edited = ran !== null && !sameCell(source, ran);
  return {
    id: source.id,
    mode: source.mode,
    state: stateOf(entry, edited && codeDiffers(source, ran, compiler), blocked),
    ...(error && {error}),
    ...(startedAt !== undefined && {startedAt}),
    ...(durationMs !== undefined && {durationMs}),
    defines: runtime.defines,
    references: plan?.references ?? [],
    edited,
    ...(current?.stopped && {stopped: true})
  };
}

function stateOf({runtime, ran}: CellStatusSource, differs: boolean, blocked: boolean): CellStateName {
  if (ran === null) return "idle";
  const {activity, current} = runtime;
  if (activity === "queued" && blocked) return runtime.startedAt === undefined ? "idle" : "stale";
  if (activity === "queued" || activity === "running") return activity;
  if (differs || current?.stopped) return "stale";
  if (runtime.stale) return runtime.startedAt === undefined ? "idle" : "stale";
  if (runtime.error) return "error";
  return current?.cached ? "cached" : "done";
}

/** Whether running the source would compute something else than what ran. */
function codeDiffers(source: Cell, ran: Cell, compiler: CompileCache): boolean {
  if (source.mode === "ts" && !typeScriptLoaded()) return true;
  return compiler.compile(source).compiled?.code !== compiler.compile(ran).compiled?.code;
}
