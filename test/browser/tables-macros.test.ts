import {toCell, toNotebook} from "@observablehq/notebook-kit";
import {afterAll, expect, test} from "vitest";
import {provenanceOf} from "../../src/provenance.ts";
import {NotebookSession} from "../../src/runtime/session.ts";
import {encodeMetrics} from "../../src/tables/encode.ts";
import {openMemoryJournal} from "../../src/tables/journal/memory-journal.ts";
import {relations} from "../../src/tables/macros.ts";
import {Tables} from "../../src/tables/open.ts";
import type {RunRecord} from "../../src/tables/types.ts";

const tables = new Tables({
  journal: async () => openMemoryJournal(),
  extensionRepository: new URL("duckdb-ext", location.href).href
});
const {db, sink} = tables;
afterAll(() => tables.dispose());

const ask = async (sql: string) => Array.from(await db.query(sql), (row) => row.toJSON());

function record(runId: string, params: object, cellExecId: string | null = null): RunRecord {
  return {
    runId,
    name: runId,
    notebook: "n",
    cellId: 2,
    cellExecId,
    experiment: "n",
    parentRunId: null,
    tags: {},
    tab: null,
    attempt: 1,
    status: "completed",
    params: params as RunRecord["params"],
    seed: 1,
    code: "function* () {}",
    fingerprint: runId,
    backend: {name: "wasm", adapter: "SIMD"},
    versions: {},
    dataHash: "",
    createdAt: 1763687000123,
    startedAt: 1763687000200,
    endedAt: 1763687009200,
    lastStep: 2,
    error: null
  };
}

function addRun(runId: string, params: object, loss: number[], cellExecId: string | null = null): void {
  sink.record(record(runId, params, cellExecId));
  const step = Float64Array.from(loss, (_, i) => i);
  const timeMs = step.map((x) => 1763687000200 + 1000 * x);
  const ipc = encodeMetrics({runId, seq: 0, step, timeMs, columns: {loss: Float64Array.from(loss)}});
  sink.append(runId, ipc, [0, loss.length - 1]);
}

test("DuckDB-WASM knows every view and macro, and answers them as the rows come", async () => {
  addRun("a", {lr: 0.1}, [3, 1, 2]);
  addRun("b", {lr: 0.2}, [3, 0.5, Number.NaN]);
  for (const {example, name} of relations) await expect(db.query(example), name).resolves.toBeDefined();
  expect(
    await ask("SELECT run, best_value, last_value, params['lr'] AS lr FROM run_metrics ORDER BY run")
  ).toEqual([
    {run: "a", best_value: 1, last_value: 2, lr: "0.1"},
    {run: "b", best_value: 0.5, last_value: Number.NaN, lr: "0.2"}
  ]);
  expect(await ask("SELECT run_id, value FROM runs_differing_in('lr')")).toEqual([
    {run_id: "a", value: "0.1"},
    {run_id: "b", value: "0.2"}
  ]);
  expect(await ask("SELECT x, value FROM curve_over('loss', 'relative', run := 'a')")).toEqual([
    {x: 0, value: 3},
    {x: 1, value: 1},
    {x: 2, value: 2}
  ]);
  addRun("c", {lr: 0.3}, [9]);
  expect(await ask("SELECT run, step, value FROM metrics_at(1)")).toEqual([
    {run: "a", step: 1, value: 1},
    {run: "b", step: 1, value: 0.5},
    {run: "c", step: 0, value: 9}
  ]);
});

test("a run leads back to the cell, its source and the values that it read", async () => {
  const silent = () => {};
  const cells = [toCell({id: 1, value: "const lr = 0.05;"}), toCell({id: 2, value: "train('traced', {lr})"})];
  const session = new NotebookSession({
    notebook: toNotebook({cells}),
    createOutput: () => ({pending: silent, clear: silent, display: silent, error: silent}),
    builtins: {},
    cellBuiltins: {
      train: (context) => (name: string, params: object) => {
        addRun(name, params, [1], context.execId);
        context.keep();
      }
    },
    clock: {frame: (callback) => void setTimeout(callback), task: (callback) => void setTimeout(callback)},
    importModule: () => Promise.reject(new Error("no modules in this test")),
    input: (element) => element,
    provenance: provenanceOf("n", tables)
  });
  await session.run();
  await session.settled();
  await session.tellEvaluated();
  const found = () =>
    ask(
      `SELECT depth, cell_id, rev, source, read_as, value FROM lineage('traced') WHERE notebook = 'n' ORDER BY depth`
    );
  await expect.poll(found).toEqual([
    {depth: 0, cell_id: 2, rev: 1, source: "train('traced', {lr})", read_as: null, value: null},
    {depth: 1, cell_id: 1, rev: 1, source: "const lr = 0.05;", read_as: "lr", value: "0.05"}
  ]);
  const [{inputs}] = await ask("SELECT inputs FROM run_provenance WHERE run = 'traced'");
  expect([...inputs]).toEqual([["lr", "0.05"]]);
  session.dispose();
});
