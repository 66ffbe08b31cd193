import type {CellRuntime} from "./cell-runtime.ts";
import type {Graph} from "./graph.ts";

/** Whether every cell is done, or waits for the reader, or for a cell that does. */
export function isSettled(cells: readonly CellRuntime[], graph: () => Graph): boolean {
  const queued: number[] = [];
  const waiting = new Set<number>();
  for (const {id, activity} of cells) {
    if (activity === "running") return false;
    if (activity === "queued") queued.push(id);
    else if (activity === "waiting") waiting.add(id);
  }
  if (queued.length > 0 && waiting.size === 0) return false;
  return queued.every((id) => [...graph().ancestors([id])].some((other) => waiting.has(other)));
}
