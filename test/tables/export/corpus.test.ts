import {expect, test} from "vitest";
import {type ExportFormat, exportFiles} from "../../../src/tables/export/export-runs.ts";
import {importRuns} from "../../../src/tables/import/import-runs.ts";
import {describeText} from "../../../src/tables/import/param-text.ts";
import {runRow} from "../../../src/tables/import/run-row.ts";
import {collect, type Imported} from "../import/support.ts";
import {comparable, readerOf} from "./support.ts";

const texts = [
  "it's",
  'a "quoted" word',
  "comma, semicolon; tab\t",
  "two\nlines\r\nand one",
  " spaces around ",
  "\\backslash\\",
  "'; DROP TABLE runs; --",
  "Größe 🧪👩‍🔬 ñ",
  "in the middle \ufeff a byte order mark",
  "a NUL \0 inside",
  "",
  "null",
  "NaN",
  "-0",
  "9223372036854775807",
  "0.1",
  "1e400",
  "[1, 2",
  "x".repeat(100_000)
];

const values = [0, -0, 1, -1, 0.1, 1 / 3, 5e-324, 1.7e308, 2 ** 53, Number.NaN, Infinity, -Infinity];

const runId = "c0ffee".padEnd(32, "0");

/** A run with all that is hard to write. */
function hard(): Imported {
  const params = texts.map((text, i) => ({run_id: runId, key: `p${i}`, ...describeText(text)}));
  const run = runRow({
    runId,
    experimentId: 'csv:it\'s, "an" experiment',
    name: 'a, "run"\nof two lines',
    source: "csv",
    status: "completed",
    mlflowStatus: "FINISHED",
    startTime: 1_700_000_000_123,
    endTime: 1_700_000_001_456,
    lastStep: 2 ** 40,
    params,
    tags: new Map([
      ["k,ey", 'v"alue'],
      ["🧪", "\n"]
    ])
  });
  const experiment = {
    experiment_id: run.experiment_id,
    name: 'it\'s, "an" experiment',
    created_at: new Date(1_700_000_000_000),
    lifecycle_stage: "active" as const,
    tags: new Map<string, string>()
  };
  const metrics: Imported["metrics"][string] = values.map((value, i) => [
    'va,l/🧪 "loss"',
    i,
    1_700_000_000_000 + i,
    value
  ]);
  metrics.push(["x", 2 ** 40, 1_700_000_000_999, 7], ["x", 2 ** 40, 1_700_000_000_999, 8]);
  return {
    experiments: [experiment],
    runs: [run],
    params,
    metricDefs: [],
    metrics: {[runId]: metrics},
    notes: []
  };
}

test.each(["csv", "arrow", "parquet", "mlflow"] satisfies ExportFormat[])(
  "hard texts and numbers go through %s unchanged",
  async (format) => {
    const all = hard();
    const again = await collect(importRuns(await exportFiles(readerOf(all), {format})));
    // SQLite keeps a negative zero as the number 0.
    const expected = comparable(all);
    if (format === "mlflow")
      expected[0].metrics = expected[0].metrics.map(([k, s, t, v]) => [k, s, t, v === 0 ? 0 : v]);
    expect(comparable(again)).toEqual(expected);
    expect(again.experiments[0].name).toBe(all.experiments[0].name);
    for (const [key, value] of all.runs[0].tags) expect(again.runs[0].tags.get(key)).toBe(value);
  }
);

test("hard texts go through Trackio's and Optuna's tables unchanged", async () => {
  const all = hard();
  const trackio = await collect(importRuns(await exportFiles(readerOf(all), {format: "trackio"})));
  const objective = {metric: "x", goal: "maximize"} as const;
  const optuna = await collect(importRuns(await exportFiles(readerOf(all), {format: "optuna", objective})));
  for (const again of [trackio, optuna]) {
    const found = new Map(again.params.map(({key, value_str}) => [key, value_str]));
    for (const {key, value_str, value_type} of all.params) {
      if (value_type === "string" || value_type === "bigint") expect(found.get(key)).toBe(value_str);
    }
  }
  expect(trackio.metrics[runId].map(([, , , value]) => value)).toEqual(
    all.metrics[runId].map(([, , , value]) => value)
  );
});
