import type {Cell, Notebook} from "../../runtime/types.ts";
import {TAKE} from "./open-notebook.ts";

/** Changes after which nothing runs: the new cells are empty, or not meant yet. */
const QUIET: ReadonlySet<string> = new Set(["add cell", "duplicate cell"]);

/**
 * The cells that a change of the document runs. Typing runs nothing; a cell that came back (undo of a deletion), was cut
 * in two, joined, or comes from a newer file runs, so that the page shows what the notebook says.
 */
export function cellsToRun(previous: Notebook, notebook: Notebook, label: string): number[] {
  if (QUIET.has(label)) return [];
  const before = new Map(previous.cells.map((cell) => [cell.id, cell]));
  const sameCells =
    previous.cells.length === notebook.cells.length && notebook.cells.every(({id}) => before.has(id));
  if (sameCells && label !== TAKE) return [];
  return notebook.cells
    .filter((cell) => {
      const old = before.get(cell.id);
      return old ? !sameProgram(old, cell) : cell.value.trim() !== "";
    })
    .map(({id}) => id);
}

/**
 * The cell that a change is about, to be selected after it; null when it is about no cell (the title). `active` is the
 * selected one: of two cells that changed places either may have moved.
 */
export function changedCell(
  previous: readonly Cell[],
  cells: readonly Cell[],
  active: number | null
): number | null {
  const before = new Map(previous.map((cell) => [cell.id, cell]));
  const changed = cells.find((cell) => before.get(cell.id) !== cell);
  if (changed) return changed.id;
  const at = previous.findIndex((cell, index) => cells[index] !== cell);
  if (at < 0) return null;
  // Cells went: what stands in their place now.
  if (cells.length < previous.length) return (cells[at] ?? cells.at(-1))?.id ?? null;
  if (
    active !== null &&
    previous.findIndex(({id}) => id === active) !== cells.findIndex(({id}) => id === active)
  )
    return active;
  const without = (list: readonly Cell[]) => list.filter((cell) => cell !== previous[at]);
  const moved = without(previous).every((cell, index) => without(cells)[index] === cell);
  return moved ? previous[at].id : cells[at].id;
}

function sameProgram(a: Cell, b: Cell): boolean {
  return JSON.stringify({...a, pinned: false}) === JSON.stringify({...b, pinned: false});
}
