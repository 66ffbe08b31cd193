import {afterAll, beforeAll, expect, test, vi} from "vitest";
import type {Engine, EngineStatus} from "../../src/cells/app/services.ts";
import {encodeMetrics} from "../../src/tables/encode.ts";
import {openMemoryJournal} from "../../src/tables/journal/open.ts";
import type {Journal} from "../../src/tables/journal/types.ts";
import {Tables} from "../../src/tables/open.ts";
import {PageWorkspace, workspaceBuiltin} from "../../src/workspace.ts";

const day = 86_400_000;
const opened: Tables[] = [];
afterAll(() => Promise.all(opened.map((tables) => tables.dispose())));

function open(change: (journal: Journal) => Journal = (journal) => journal) {
  const workspace: PageWorkspace = new PageWorkspace({
    openJournal: async () => change(await openMemoryJournal()),
    tables: () => tables
  });
  const tables: Tables = new Tables({
    journal: workspace.journal,
    extensionRepository: new URL("duckdb-ext", location.href).href
  });
  opened.push(tables);
  return {workspace, tables};
}

// The one with a database, which an archive has to reach too.
const other = open();
beforeAll(() => other.tables.db.query("SELECT 1"), 120_000);

/** A run a row: each with three values, the second one being a hundred days old. */
const csv = () => {
  const rows = ["one", "two", "three"].flatMap((run) =>
    [0, 1, 2].map(
      (step) => `${run},loss,${step},${1 / (step + 1)},${Date.now() - (run === "two" ? 100 * day : 0)}`
    )
  );
  return new File([["run,key,step,value,timestamp", ...rows].join("\n")], "results.csv", {type: "text/csv"});
};
const count = async ({db}: Tables, table: string) =>
  (await db.queryRow(`SELECT count(*)::INT AS n FROM ${table}`))?.n;

test("the journal is opened once, and its status told", async () => {
  const {workspace} = open();
  const told = vi.fn();
  workspace.subscribe(told);
  expect(workspace.status).toBeNull();
  const [a, b] = await Promise.all([workspace.journal(), workspace.journal(), workspace.open()]);
  expect(a).toBe(b);
  expect(told).toHaveBeenCalled();
  expect(workspace.status).toMatchObject({role: "memory", failure: null});
});

test("a journal that cannot be opened is told with the reason, until it can be", async () => {
  let isBroken = true;
  const {workspace} = open((journal) => {
    if (isBroken) throw new Error("it is of a newer version.");
    return journal;
  });
  const told = vi.fn();
  workspace.subscribe(told);
  await expect(workspace.open()).rejects.toThrow("newer version");
  expect(told).toHaveBeenCalled();
  expect(workspace.status?.failure?.message).toContain("could not be opened: it is of a newer version.");
  isBroken = false;
  await workspace.open();
  expect(workspace.status?.failure).toBeNull();
});

test("what was imported is listed with its size, exported as an archive and taken in elsewhere, once", async () => {
  const {workspace} = open();
  expect(await workspace.import(csv())).toMatchObject({runs: 3, metricRows: 9});
  const listed = await workspace.usage();
  expect(listed.map(({name}) => name).sort()).toEqual(["one", "three", "two"]);
  expect(
    listed.every(({sizeBytes, source, experiment}) => sizeBytes > 0 && source === "csv" && experiment !== "")
  ).toBe(true);
  const archive = await workspace.export("petri");
  expect(archive.name).toMatch(/^workspace-\d{4}-\d\d-\d\d\.petri\.zip$/);
  expect(await other.workspace.import(archive)).toMatchObject({runs: 3});
  expect([await count(other.tables, "runs"), await count(other.tables, "metrics")]).toEqual([3, 9]);
  expect(await other.workspace.import(await archive.arrayBuffer())).toMatchObject({runs: 0});
  expect(await count(other.tables, "metrics")).toBe(9);
});

test("runs are deleted by hand and by age", async () => {
  const {workspace, tables} = open();
  const builtin = workspaceBuiltin(workspace);
  await builtin.import(csv());
  const [{runId}] = (await builtin.usage()).filter(({name}) => name === "one");
  expect(await workspace.remove([runId, "unknown"])).toMatchObject({runs: 1});
  expect(await builtin.clean({olderThanDays: 30})).toMatchObject({runs: 1});
  expect((await builtin.usage()).map(({name}) => name)).toEqual(["three"]);
  expect((await tables.sink.runs()).length).toBe(1);
  await expect(builtin.clean({olderThanDays: Number.NaN})).rejects.toThrow(RangeError);
  await expect(builtin.clean(undefined as never)).rejects.toThrow("takes a number of days from 0");
});

test("tells of runs that begin, grow and are deleted until it is stopped", async () => {
  const {workspace, tables} = open();
  await workspace.usage();
  const told = vi.fn();
  const stop = workspace.onRuns(told);
  expect(told).not.toHaveBeenCalled();
  await workspace.import(csv());
  await vi.waitFor(() => expect(told).toHaveBeenCalled());
  const grown = told.mock.calls.length;
  const one = Float64Array.of(1);
  tables.sink.append(
    "r",
    encodeMetrics({runId: "r", seq: 0, step: one, timeMs: one, columns: {loss: one}}),
    [0, 0]
  );
  await vi.waitFor(() => expect(told.mock.calls.length).toBeGreaterThan(grown));
  stop();
});

test("tells the metrics of runs that do not say what they optimise, and exports to Optuna with one of them", async () => {
  const {workspace, tables} = other;
  await workspace.import(csv());
  expect(await workspace.objectives()).toEqual(["loss"]);
  await expect(workspace.export("optuna")).rejects.toThrow("has a goal in metric_defs");
  const file = await workspace.export("optuna", {objective: {metric: "loss", goal: "minimize"}});
  expect(file.size).toBeGreaterThan(1000);
  const experiments = new Set((await workspace.usage()).map(({experiment}) => experiment));
  for (const experiment of experiments) tables.sink.defineMetrics(experiment, {loss: {goal: "minimize"}});
  expect(await workspace.objectives()).toEqual([]);
});

test("a zip archive of other files is not taken for a workspace", async () => {
  const {workspace} = open();
  const {zipSync, strToU8} = await import("fflate");
  const zip = zipSync({"results.csv": strToU8(await csv().text())});
  expect(await workspace.import(new File([zip as Uint8Array<ArrayBuffer>], "results.zip"))).toMatchObject({
    runs: 3
  });
});

test("the browser is asked to keep the store when the first run begins, once, if it has not promised yet", async () => {
  const asked = vi.fn(async () => true);
  const {workspace} = open((journal) =>
    Object.create(journal, {
      status: {get: () => ({...journal.status, persisted: false})},
      subscribe: {value: (listener: () => void) => journal.subscribe(listener)},
      persist: {value: asked}
    })
  );
  const listeners = new Set<() => void>();
  let status: EngineStatus = {backend: null, memory: null, running: []};
  const engine: Engine = {
    status: () => status,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stopAll() {}
  };
  const change = (running: EngineStatus["running"]) => {
    status = {...status, running};
    for (const listener of [...listeners]) listener();
  };
  workspace.keepFrom(engine);
  change([]);
  expect(listeners.size).toBe(1);
  change([{runId: "r", name: "r", notebook: ""}]);
  await vi.waitFor(() => expect(asked).toHaveBeenCalledTimes(1));
  expect(listeners.size).toBe(0);
});
