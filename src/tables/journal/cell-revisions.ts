import type {Row} from "../schema.ts";

type CellRow = Row<"cells">;

const cellOf = ({notebook, cell_id}: Pick<CellRow, "notebook" | "cell_id">) =>
  JSON.stringify([notebook, cell_id]);

/** Revisions of cells that come from elsewhere: their numbers may mean other sources here. */
export class CellRevisions {
  /** By cell: the number of each source. */
  readonly #here = new Map<string, Map<string, number>>();
  /** By cell: the number here of each number there. */
  readonly #moved = new Map<string, Map<number, number>>();

  constructor(rows: Iterable<CellRow>) {
    for (const row of rows) this.#of(this.#here, cellOf(row)).set(row.source_sha256, row.rev);
  }

  /** A revision under the number that it has here; null when its source is here already. */
  take(row: CellRow): CellRow | null {
    const cell = cellOf(row);
    const here = this.#of(this.#here, cell);
    const known = here.get(row.source_sha256);
    const numbers = [...here.values()];
    const rev = known ?? (numbers.includes(row.rev) ? Math.max(...numbers) + 1 : row.rev);
    here.set(row.source_sha256, rev);
    this.#of(this.#moved, cell).set(row.rev, rev);
    return known === undefined ? {...row, rev} : null;
  }

  /** An evaluation, with the number that its revision has here. */
  place(row: Row<"cell_execs">): Row<"cell_execs"> {
    return {...row, rev: this.#moved.get(cellOf(row))?.get(row.rev) ?? row.rev};
  }

  #of<K, V>(all: Map<string, Map<K, V>>, cell: string): Map<K, V> {
    const found = all.get(cell) ?? new Map<K, V>();
    all.set(cell, found);
    return found;
  }
}
