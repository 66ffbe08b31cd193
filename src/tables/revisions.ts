import type {Journal} from "./journal/types.ts";
import type {RunIndex} from "./run-index.ts";
import type {Row} from "./schema.ts";

/** A cell's source, which may or may not have been seen before. */
export type CellSource = Omit<Row<"cells">, "rev">;

interface Numbering {
  index: Pick<RunIndex, "revision" | "revise">;
  journal: Pick<Journal, "readRun">;
  /** Without it there is one tab. */
  locks?: Pick<LockManager, "request">;
  /** Resolves when the rows are on disk. */
  write(rows: readonly Row<"cells">[]): Promise<unknown>;
}

/**
 * The numbers of revisions of cells' sources, which count in the order they come; a source that was not seen before gets
 * the next one, and is written down under it. No two tabs give one number to two sources of a cell.
 */
export async function revise(cells: readonly CellSource[], numbering: Numbering): Promise<number[]> {
  const {index, journal, locks} = numbering;
  const known = cells.flatMap((cell) => index.revision(cell) ?? []);
  if (known.length === cells.length) return known;
  if (!locks) return numberThem(cells, numbering);
  return await locks.request("petri/revisions", async () => {
    // The journal answers after it has told of all that other tabs wrote before; of a run that is none it has no rows.
    await journal.readRun("");
    return numberThem(cells, numbering);
  });
}

async function numberThem(cells: readonly CellSource[], {index, write}: Numbering): Promise<number[]> {
  const fresh: Row<"cells">[] = [];
  const numbers = cells.map((cell) => {
    const {rev, isNew} = index.revise(cell);
    if (isNew) fresh.push({...cell, rev});
    return rev;
  });
  if (fresh.length > 0) await write(fresh);
  return numbers;
}
