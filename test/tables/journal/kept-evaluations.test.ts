import {expect, test} from "vitest";
import {newestEvaluations} from "../../../src/tables/journal/kept-evaluations.ts";
import {openMemoryJournal} from "../../../src/tables/journal/memory-journal.ts";
import {runRow} from "../../../src/tables/run-rows.ts";
import type {Row} from "../../../src/tables/schema.ts";
import {curveRun} from "../support/curve-run.ts";
import {contents, rowsOf} from "./support.ts";

/** The evaluation of that number, which is its time; it read the one before. */
const exec = (notebook: string, i: number): Row<"cell_execs"> => ({
  cell_exec_id: `${notebook} ${i}`,
  notebook,
  cell_id: 1,
  rev: 1,
  cache_key: "",
  status: "done",
  started_at: new Date(i),
  ended_at: null,
  result_kind: null,
  result_ref: null,
  result_sha256: null,
  row_count: null,
  error: null
});

const edge = (notebook: string, i: number, upstream: number | null): Row<"cell_edges"> => ({
  cell_exec_id: `${notebook} ${i}`,
  upstream_exec_id: upstream === null ? null : `${notebook} ${upstream}`,
  name: "x",
  upstream_sha256: null,
  value: null
});

const upTo = (n: number) => Array.from({length: n}, (_, i) => i);

test("evaluations that runs came from are kept with all that they read, of the others the newest of a notebook", async () => {
  const journal = openMemoryJournal();
  const all = newestEvaluations + 10;
  await journal.append(rowsOf("cell_execs", ...upTo(all).map((i) => exec("busy", i))));
  await journal.append(rowsOf("cell_execs", exec("quiet", 0)));
  await journal.append(rowsOf("runs", runRow(curveRun({runId: "a", cellExecId: "busy 5"}))));
  await journal.append(rowsOf("runs", runRow(curveRun({runId: "gone", cellExecId: "busy 9"}))));
  const edges = [edge("busy", 5, 3), edge("busy", 3, 1), edge("busy", 7, 6), edge("busy", 1, null)];
  await journal.append(rowsOf("cell_edges", ...edges, edge("busy", all - 1, 8)));
  await journal.deleteRuns(["gone"]);
  const keptIds = [
    "busy 1",
    "busy 3",
    "busy 5",
    ...upTo(all)
      .slice(10)
      .map((i) => `busy ${i}`),
    "quiet 0"
  ];
  for (const _ of ["before a compaction", "after it"]) {
    const {rows} = await contents(journal);
    const execs = rows.cell_execs as Row<"cell_execs">[];
    expect(execs.map(({cell_exec_id}) => cell_exec_id)).toEqual(keptIds);
    const read = (rows.cell_edges as Row<"cell_edges">[]).map(({cell_exec_id}) => cell_exec_id);
    expect(read).toEqual(["busy 5", "busy 3", "busy 1", `busy ${all - 1}`]);
    await journal.compact();
  }
  // Those that were left out are not on disk either: nothing brings them back.
  await journal.append(rowsOf("runs", runRow(curveRun({runId: "late", cellExecId: "busy 0"}))));
  expect((await contents(journal)).rows.cell_execs).toHaveLength(keptIds.length);
});

test("a notebook that has no more evaluations than are kept keeps all of them", async () => {
  const journal = openMemoryJournal();
  const half = newestEvaluations / 2 + 1;
  for (const notebook of ["a", "b"])
    await journal.append(rowsOf("cell_execs", ...upTo(half).map((i) => exec(notebook, i))));
  expect((await contents(journal)).rows.cell_execs).toHaveLength(2 * half);
});
