import {expect, test} from "vitest";
import {ExportError} from "../../../src/tables/export/export-error.ts";
import {exportFiles} from "../../../src/tables/export/export-runs.ts";
import {importRuns} from "../../../src/tables/import/import-runs.ts";
import {collect, fixture, type Imported} from "../import/support.ts";
import {comparable, readerOf, storeOf} from "./support.ts";

const fixtures = ["mlflow.db", "optuna.db", "faces.db"];

test.each(
  fixtures.flatMap((name) => (["csv", "arrow", "parquet"] as const).map((format) => [name, format] as const))
)("%s exported as %s tables and imported again is the same, every column of it", async (name, format) => {
  const {all, reader} = await storeOf(importRuns(fixture(name)));
  const files = await exportFiles(reader, {format});
  expect(files.map((file) => file.name).sort()).toEqual(
    ["experiments", "metric_defs", "metrics", "params", "runs"].map((table) => `${table}.${format}`)
  );
  const again = await collect(importRuns(files));
  const {notes: _, ...rows} = all;
  expect(again).toMatchObject(rows);
  expect(again.runs).toHaveLength(all.runs.length);
});

/** A wide table has one order for all metrics. */
const bySteps = (rows: Imported["metrics"][string]) => [...rows].sort(([, a], [, b]) => a - b);

const mapValues = <T>(record: Record<string, T>, convert: (value: T) => T) =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, convert(value)]));

/** Metrics by key, since another layout does not keep the order between keys. */
function byKey(all: Imported) {
  return comparable(all).map(({run_id, name, metrics}) => ({
    run_id,
    name,
    metrics: Object.fromEntries(
      [...new Set(metrics.map(([key]) => key))]
        .sort()
        .map((key) => [
          key,
          metrics.filter(([each]) => each === key).map(([, step, , value]) => [step, value])
        ])
    )
  }));
}

test.each(["csv", "arrow", "parquet"] as const)(
  "a wide %s table keeps ids, values and parameters",
  async (format) => {
    const {all, reader} = await storeOf(importRuns(fixture("mlflow.db")));
    const files = await exportFiles(reader, {format, layout: "wide"});
    expect(files.map((file) => file.name)).toEqual([`runs.${format}`]);
    const again = await collect(importRuns(files));
    const inOrder = {...all, metrics: mapValues(all.metrics, bySteps)};
    const withMetrics = byKey(inOrder).filter(({metrics}) => Object.keys(metrics).length > 0);
    expect(byKey({...again, metrics: mapValues(again.metrics, bySteps)})).toEqual(withMetrics);
    expect(again.params.find(({key}) => key === "lr")).toMatchObject({value_num: 0.001});
    expect(again.params.find(({key}) => key === "name")?.value_str).toBe(`o'Brien "x"`);
  }
);

test.each(
  (["csv", "arrow", "parquet"] as const).flatMap((format) => [
    [format, "long"] as const,
    [format, "wide"] as const
  ])
)(
  "a %s file of more rows than are written at once has all of them (%s)",
  async (format, layout) => {
    const {all} = await storeOf(importRuns(fixture("mlflow.db")));
    const {run_id} = all.runs[0];
    // The last part has a metric that no part before it had.
    const values = Array.from(
      {length: 101_000},
      (_, i) => [i < 50_500 ? "loss" : "late", i, 1000 * i, i / 7] as const
    );
    const long: Imported = {
      ...all,
      params: [],
      runs: [all.runs[0]],
      metrics: {[run_id]: values.map((row) => [...row])}
    };
    const files = await exportFiles(readerOf(long), {format, layout});
    const again = await collect(importRuns(files));
    expect(again.metrics[run_id].map(([key, step, , value]) => [key, step, value])).toEqual(
      values.map(([key, step, , value]) => [key, step, value])
    );
  },
  60_000
);

test("an MLflow database written and read again is the same", async () => {
  const {all, reader} = await storeOf(importRuns(fixture("mlflow.db")));
  const again = await collect(importRuns(await exportFiles(reader, {format: "mlflow"})));
  expect(comparable(again)).toEqual(comparable(all));
  expect(again.experiments.map(({name}) => name)).toEqual(all.experiments.map(({name}) => name));
  // MLflow itself writes the name of each run as a tag too.
  const withName = all.runs.map(({tags, parent_run_id, name}) => [
    new Map([["mlflow.runName", name], ...tags]),
    parent_run_id
  ]);
  expect(again.runs.map(({tags, parent_run_id}) => [tags, parent_run_id])).toEqual(withName);
});

test("an Optuna database written and read again has the same trials", async () => {
  const {all, reader} = await storeOf(importRuns(fixture("optuna.db")));
  const again = await collect(importRuns(await exportFiles(reader, {format: "optuna"})));
  const plain = (imported: Imported) => comparable(imported).map(({run_id: _, ...rest}) => rest);
  expect(plain(again)).toEqual(plain(all));
  expect(again.metricDefs).toEqual(all.metricDefs);
});

test("a Trackio project written as its Parquet files and read again has the same values", async () => {
  const {all, reader} = await storeOf(importRuns(fixture("faces.db")));
  const files = await exportFiles(reader, {format: "trackio"});
  expect(files.map(({name}) => name).sort()).toEqual([
    "faces.parquet",
    "faces_configs.parquet",
    "faces_system.parquet"
  ]);
  const again = await collect(importRuns(files));
  expect(byKey(again)).toEqual(byKey(all));
  expect(again.params.map(({key, value_num}) => [key, value_num])).toEqual(
    all.params.map(({key, value_num}) => [key, value_num])
  );
});

test("TensorBoard's event files keep steps, times and tags, with values as 32-bit floats", async () => {
  const {all, reader} = await storeOf(importRuns(fixture("mlflow.db")));
  const files = await exportFiles(reader, {format: "tensorboard"});
  expect(files.map(({name}) => name.replace(/tfevents.*/, "tfevents"))).toEqual([
    "Größe 🧪/small/events.out.tfevents",
    "Größe 🧪/large/events.out.tfevents",
    "Default/gone/events.out.tfevents"
  ]);
  const again = await collect(importRuns(files));
  const rows = (imported: Imported, name: string) =>
    imported.metrics[imported.runs.find((run) => run.name.endsWith(name))?.run_id ?? ""] ?? [];
  for (const name of ["small", "large"]) {
    expect(rows(again, name)).toEqual(
      rows(all, name).map(([key, step, time, value]) => [key, step, time, Math.fround(value)])
    );
  }
  expect(
    again.params
      .filter(({key}) => key === "lr")
      .map(({value_num}) => value_num)
      .sort()
  ).toEqual([0.001, 0.1]);
});

test("an unknown format is refused with those that there are", async () => {
  const {reader} = await storeOf(importRuns(fixture("optuna.db")));
  await expect(exportFiles(reader, {format: "xls" as never})).rejects.toThrow(
    /^There is no format xls; .*csv/
  );
  await expect(collect(importRuns([], {format: "xls" as never}))).rejects.toThrow(
    /^There is no format xls; .*csv/
  );
});

test("an Optuna study of runs without a goal asks for one, and takes the one that is given", async () => {
  const {reader} = await storeOf(importRuns(fixture("mlflow.db")));
  await expect(exportFiles(reader, {format: "optuna"})).rejects.toThrow(
    /no metric of Größe 🧪 has a goal in metric_defs. Give the option objective/
  );
  const objective = {metric: "loss", goal: "minimize"} as const;
  const again = await collect(importRuns(await exportFiles(reader, {format: "optuna", objective})));
  expect(again.metricDefs[0]).toMatchObject({key: "loss", goal: "minimize"});
  const lr = again.params.filter(({key}) => key === "lr").map(({value_num}) => value_num);
  expect(lr).toEqual([0.001, 0.1]);
});

test("an export of nothing says so", async () => {
  const reader = readerOf({experiments: [], runs: [], params: [], metricDefs: [], metrics: {}, notes: []});
  await expect(exportFiles(reader, {format: "csv"})).rejects.toThrow(ExportError);
});
