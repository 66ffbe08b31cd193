import type {Notebook} from "../../runtime/types.ts";

/** Changes after which nothing runs: the new cells are empty, or not meant yet. */
const QUIET: ReadonlySet<string> = new Set(["add cell", "duplicate cell"]);

/**
 * The cells that a change of the document runs. Typing runs nothing; a cell that came back (undo of a deletion), was cut
 * in two or joined runs, so that the page shows what the notebook says.
 */
export function cellsToRun(previous: Notebook, notebook: Notebook, label: string): number[] {
  if (QUIET.has(label)) return [];
  const before = new Map(previous.cells.map((cell) => [cell.id, cell]));
  const sameCells =
    previous.cells.length === notebook.cells.length && notebook.cells.every(({id}) => before.has(id));
  if (sameCells) return [];
  return notebook.cells
    .filter((cell) => {
      const old = before.get(cell.id);
      return old ? old.value !== cell.value || old.mode !== cell.mode : cell.value.trim() !== "";
    })
    .map(({id}) => id);
}
