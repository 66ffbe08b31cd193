import type {Row} from "../schema.ts";
import {mergeTable, type SmallTable} from "./merge-table.ts";
import type {Snapshot} from "./snapshot.ts";

/** Evaluations of a notebook that are kept though nothing refers to them: the newest. Some days of work, half a megabyte. */
export const newestEvaluations = 2000;

const chosen = new WeakMap<Snapshot, Promise<ReadonlySet<string> | null>>();

/**
 * The evaluations (`cell_exec_id`) that are kept, null for all of them: those that runs, artifacts and claims came from with
 * all that these were computed from, and the newest of each notebook. The others are read no more, and gone with the next
 * compaction, which writes these tables anew anyway.
 */
export function keptEvaluations(snapshot: Snapshot): Promise<ReadonlySet<string> | null> {
  const choosing = chosen.get(snapshot) ?? choose(snapshot);
  chosen.set(snapshot, choosing);
  return choosing;
}

async function choose(snapshot: Snapshot): Promise<ReadonlySet<string> | null> {
  let most = 0;
  for (const {table, rows = 0} of snapshot.records()) if (table === "cell_execs") most += rows;
  // There cannot be too many: nothing has to be read to know that.
  if (most <= newestEvaluations) return null;
  const newest = newestOf(await rowsOf(snapshot, "cell_execs"));
  if (!newest) return null;
  for (const execId of await referredTo(snapshot)) newest.add(execId);
  return newest;
}

/** Null when no notebook has more than it may. */
function newestOf(rows: readonly Row<"cell_execs">[]): Set<string> | null {
  const byNotebook = new Map<string, Row<"cell_execs">[]>();
  for (const row of rows) {
    const own = byNotebook.get(row.notebook);
    if (own) own.push(row);
    else byNotebook.set(row.notebook, [row]);
  }
  const all = [...byNotebook.values()];
  if (all.every(({length}) => length <= newestEvaluations)) return null;
  const first = (own: Row<"cell_execs">[]) =>
    own.sort((a, b) => Number(b.started_at) - Number(a.started_at)).slice(0, newestEvaluations);
  return new Set(all.flatMap((own) => first(own).map(({cell_exec_id}) => cell_exec_id)));
}

/** What anything that is kept was computed by, with what that read, and so on. */
async function referredTo(snapshot: Snapshot): Promise<Set<string>> {
  const upstream = new Map<string, string[]>();
  for (const {cell_exec_id, upstream_exec_id} of await rowsOf(snapshot, "cell_edges")) {
    if (upstream_exec_id === null) continue;
    const known = upstream.get(cell_exec_id);
    if (known) known.push(upstream_exec_id);
    else upstream.set(cell_exec_id, [upstream_exec_id]);
  }
  const found = new Set<string>();
  for (const table of ["runs", "artifact_links", "claims"] as const) {
    for (const {cell_exec_id} of await rowsOf(snapshot, table))
      if (cell_exec_id !== null) found.add(cell_exec_id);
  }
  // What is added on the way is gone through as well.
  for (const execId of found) for (const read of upstream.get(execId) ?? []) found.add(read);
  return found;
}

async function rowsOf<T extends SmallTable>(snapshot: Snapshot, table: T): Promise<Row<T>[]> {
  return (await mergeTable(snapshot, table)).rows() as Row<T>[];
}
