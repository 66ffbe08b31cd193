import {expect, test} from "vitest";
import {importRuns} from "../../../src/tables/import/import-runs.ts";
import {SqliteFile} from "../../../src/tables/sqlite.ts";
import {collect, fixture, paramsOf} from "./support.ts";

const [small, large, gone] = ["a", "b", "c"].map((end) => "0".repeat(31) + end);

test("an MLflow database gives its experiments, runs, tags and nesting", async () => {
  const all = await collect(importRuns(fixture("mlflow.db")));
  expect(all.experiments.map(({name, tags}) => [name, ...tags])).toEqual([
    ["Default"],
    ["Größe 🧪", ["mlflow.note.content", "what size helps"]]
  ]);
  expect(
    all.runs.map((run) => [run.run_id, run.name, run.status, run.mlflow_status, run.lifecycle_stage])
  ).toEqual([
    [small, "small", "completed", "FINISHED", "active"],
    [large, "large", "interrupted", "RUNNING", "active"],
    [gone, "gone", "failed", "FAILED", "deleted"]
  ]);
  expect(all.runs[0]).toMatchObject({
    experiment_id: "mlflow:Größe 🧪",
    source: "mlflow",
    seed: 7,
    start_time: new Date(1700000010000),
    end_time: new Date(1700000020000),
    last_step: 7
  });
  expect(all.runs[1].parent_run_id).toBe(small);
  expect(all.runs[1].tags.get("team")).toBe("");
  expect(all.notes.join()).toContain("1 runs had not ended");
});

test("an MLflow database's parameters get their types back", async () => {
  const all = await collect(importRuns(fixture("mlflow.db")));
  expect(paramsOf(all, small)).toEqual({
    lr: ["number", "1e-3", 0.001],
    layers: ["number", "3", 3],
    dropout: ["boolean", "True", 1],
    name: ["string", `o'Brien "x"`, null],
    seed: ["number", "7", 7],
    shape: ["json", "[2, 3]", null],
    init: ["null", "None", null]
  });
  expect(paramsOf(all, large)).toEqual({
    lr: ["number", "0.1", 0.1],
    big: ["bigint", "9223372036854775807", 2 ** 63],
    clip: ["number", "inf", Number.POSITIVE_INFINITY]
  });
  expect(JSON.parse(all.runs[0].config)).toEqual({
    lr: 0.001,
    layers: 3,
    dropout: true,
    name: `o'Brien "x"`,
    seed: 7,
    shape: [2, 3],
    init: null
  });
});

test("an MLflow database's metrics keep NaN, infinities and the order they were logged in", async () => {
  const {metrics} = await collect(importRuns(fixture("mlflow.db")));
  expect(metrics[small].map(([key, step, , value]) => [key, step, value])).toEqual([
    ["loss", 0, 1],
    ["loss", 1, 1 / 2],
    ["loss", 2, 1 / 3],
    ["loss", 3, 1 / 4],
    ["loss", 4, 1 / 5],
    ["loss", 5, Number.NaN],
    ["loss", 6, Number.POSITIVE_INFINITY],
    ["loss", 7, Number.NEGATIVE_INFINITY],
    ["val/acc", 3, 0.5],
    ["val/acc", 1, 0.25]
  ]);
  expect(metrics[small][0][2]).toBe(1700000010000);
});

test("an Optuna study gives its trials with choices, states and what they reported", async () => {
  const all = await collect(importRuns(fixture("optuna.db")));
  expect(all.experiments[0]).toMatchObject({experiment_id: "optuna:width", name: "width"});
  expect(all.runs.map(({name, status}) => [name, status])).toEqual([
    ["trial 0", "completed"],
    ["trial 1", "cancelled"],
    ["trial 2", "failed"],
    ["trial 3", "interrupted"],
    ["trial 4", "completed"]
  ]);
  const acts = all.runs.map(({run_id}) => paramsOf(all, run_id).act);
  expect(acts).toEqual([
    ["string", "relu", null],
    ["string", "tanh", null],
    ["null", "null", null],
    ["number", "3", 3],
    ["boolean", "false", 0]
  ]);
  expect(all.runs[0].start_time).toEqual(new Date("2026-01-02T03:04:00Z"));
  const values = all.runs.map(({run_id}) =>
    (all.metrics[run_id] ?? []).map(([key, step, , value]) => [key, step, value])
  );
  expect(values[0]).toEqual([
    ["intermediate_value", 0, 1],
    ["intermediate_value", 10, 0.5],
    ["value", 10, 0.25]
  ]);
  expect(values[1]).toEqual([
    ["intermediate_value", 0, Number.NaN],
    ["intermediate_value", 1, Number.NEGATIVE_INFINITY]
  ]);
  expect(values[4]).toEqual([["value", 0, Number.POSITIVE_INFINITY]]);
  expect(all.metricDefs.map(({key, goal}) => [key, goal])).toEqual([
    ["value", "minimize"],
    ["intermediate_value", "minimize"]
  ]);
  expect(all.runs[0].tags.get("host")).toBe("lab");
});

test("a Trackio project gives typed parameters, system metrics and the words for what JSON cannot say", async () => {
  const all = await collect(importRuns(fixture("faces.db")));
  expect(all.experiments[0].name).toBe("faces");
  expect(all.runs.map(({run_id, name, last_step}) => [run_id, name, last_step])).toEqual([
    ["r1", "first", 4],
    ["r2", "zweiter 🙂", 0]
  ]);
  expect(paramsOf(all, "r1")).toEqual({
    lr: ["number", "0.1", 0.1],
    "net.depth": ["number", "2", 2],
    aug: ["boolean", "true", 1]
  });
  expect(all.runs[0].tags.get("trackio.Username")).toBe("ada");
  expect(all.metrics.r1.slice(-3).map(([key, step, , value]) => [key, step, value])).toEqual([
    ["loss", 4, Number.NaN],
    ["acc", 4, Number.POSITIVE_INFINITY],
    ["sys/gpu", 0, 55.5]
  ]);
  expect(all.notes.join()).toContain("left out: image");
});

test("importing twice gives the same ids", async () => {
  for (const name of ["mlflow.db", "optuna.db", "faces.db"]) {
    const [once, twice] = await Promise.all([
      collect(importRuns(fixture(name))),
      collect(importRuns(fixture(name)))
    ]);
    expect(twice.runs.map(({run_id}) => run_id)).toEqual(once.runs.map(({run_id}) => run_id));
    expect(new Set(once.runs.map(({run_id}) => run_id)).size).toBe(once.runs.length);
  }
});

async function changed(name: string, sql: string): Promise<File> {
  const database = await SqliteFile.open(new Uint8Array(await fixture(name).arrayBuffer()));
  database.run(sql);
  const bytes = database.toBytes();
  database.close();
  return new File([bytes as Uint8Array<ArrayBuffer>], name);
}

test("what is wrong in a database is said with its table, column and value", async () => {
  const failing = async (name: string, sql: string) => collect(importRuns(await changed(name, sql)));
  await expect(failing("mlflow.db", "ALTER TABLE metrics RENAME COLUMN value TO val")).rejects.toThrow(
    /mlflow.db: the table metrics has no column value.*this one has key, val/
  );
  await expect(
    failing("mlflow.db", "PRAGMA ignore_check_constraints = 1; UPDATE runs SET status = 'LOST'")
  ).rejects.toThrow(/the run 0+a has the status LOST\. MLflow's are SCHEDULED/);
  await expect(failing("optuna.db", "DROP TABLE study_directions")).rejects.toThrow(
    /study_directions has no column .*optuna storage upgrade/
  );
  await expect(
    failing("optuna.db", "UPDATE trial_params SET param_value = 9 WHERE param_name = 'act'")
  ).rejects.toThrow(/act of the trial 1 is choice 9, and its distribution has 5 choices/);
  await expect(failing("faces.db", "UPDATE metrics SET metrics = 'oops' WHERE id = 3")).rejects.toThrow(
    /the row 3 of metrics holds oops, and not a JSON object/
  );
  await expect(failing("faces.db", "ALTER TABLE metrics RENAME TO others")).rejects.toThrow(
    /faces.db is a SQLite database with the tables .*others.*Expected those of MLflow/
  );
});

test("a damaged database is refused", async () => {
  const bytes = new Uint8Array(await fixture("mlflow.db").arrayBuffer());
  bytes.fill(0xa5, 4096);
  await expect(collect(importRuns(new File([bytes], "mlflow.db")))).rejects.toThrow(
    /mlflow.db: SQLite: .*malformed/
  );
});

test("a database in write-ahead mode is read, and the report says what may be missing", async () => {
  const bytes = new Uint8Array(await fixture("mlflow.db").arrayBuffer());
  bytes[18] = 2;
  bytes[19] = 2;
  const all = await collect(importRuns(new File([bytes], "mlflow.db")));
  expect(all.runs).toHaveLength(3);
  expect(all.notes.join()).toContain("mlflow.db-wal were not read");
});

test("a file that begins as a database and goes on as something else is named in the error", async () => {
  const file = new File(["SQLite format 3\0 and nothing that follows"], "cut.db");
  await expect(collect(importRuns(file))).rejects.toMatchObject({
    name: "ImportError",
    message: expect.stringContaining("cut.db: ")
  });
});
