import type {CellRuntime} from "./cell-runtime.ts";
import type {Graph} from "./graph.ts";

/** Whether every cell is done, or waits for the reader, or for a cell that does. */
export function isSettled(cells: Iterable<CellRuntime>, isBlocked: (id: number) => boolean): boolean {
  const queued: number[] = [];
  for (const {id, activity} of cells) {
    if (activity === "running") return false;
    if (activity === "queued") queued.push(id);
  }
  return queued.every(isBlocked);
}

/** Whether a cell needs one that waits for the reader: to use an input, to scroll there. */
export function waitsForReader(id: number, waiting: ReadonlySet<number>, graph: () => Graph): boolean {
  if (waiting.size === 0) return false;
  const ancestors = graph().ancestors([id]);
  return [...waiting].some((other) => ancestors.has(other));
}
