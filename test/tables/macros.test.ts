import {type DuckDBConnection, DuckDBInstance} from "@duckdb/node-api";
import {beforeAll, beforeEach, expect, test} from "vitest";
import {createStatements, tableNames} from "../../src/tables/ddl.ts";
import {macroStatements, relations, watchedTables} from "../../src/tables/macros.ts";

let db: DuckDBConnection;

beforeAll(async () => {
  db = await (await DuckDBInstance.create(":memory:")).connect();
  for (const statement of [...createStatements(), ...macroStatements()]) await db.run(statement);
});

beforeEach(async () => {
  for (const table of tableNames) await db.run(`DELETE FROM ${table}`);
  await db.run("INSERT INTO experiments VALUES ('e', 'digits', now()::TIMESTAMP, 'active', MAP {})");
});

/** Rows as JSON would have them: numbers, texts, objects for maps. */
async function ask(sql: string): Promise<Record<string, unknown>[]> {
  const rows = await (await db.runAndReadAll(sql)).getRowObjectsJS();
  return rows.map((row) => JSON.parse(JSON.stringify(row, plain)));
}

function plain(_: string, value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  // Every list in these answers is a map.
  return Array.isArray(value) ? Object.fromEntries(value.map(({key, value: of}) => [key, of])) : value;
}

interface RunFields {
  name?: string;
  params?: Record<string, string | number>;
  seed?: number | null;
  status?: string;
  /** Values by metric, at steps 0, 10, 20 ... */
  metrics?: Record<string, number[]>;
  started?: number;
  fields?: Record<string, string>;
}

async function addRun(id: string, run: RunFields = {}): Promise<void> {
  const {params = {}, metrics = {}, status = "completed", started = 1000} = run;
  const row: Record<string, string> = {
    run_id: `'${id}'`,
    experiment_id: "'e'",
    name: `'${run.name ?? id}'`,
    notebook: "'n'",
    status: `'${status}'`,
    mlflow_status: "'FINISHED'",
    attempt: "1",
    seed: String(run.seed ?? "NULL"),
    created_at: "make_timestamp_ms(500)",
    start_time: `make_timestamp_ms(${started})`,
    code: "''",
    fingerprint: "''",
    data_hash: "''",
    versions: "MAP {}",
    config: "'{}'",
    source: "'petri'",
    lifecycle_stage: "'active'",
    tags: "MAP {}",
    ...run.fields
  };
  await db.run(`INSERT INTO runs BY NAME SELECT ${Object.entries(row).map(([k, v]) => `${v} AS ${k}`)}`);
  for (const [key, value] of Object.entries(params)) {
    const number = typeof value === "number" ? value : "NULL";
    const type = typeof value === "number" ? "number" : "string";
    await db.run(`INSERT INTO params VALUES ('${id}', '${key}', '${value}', ${number}, '${type}')`);
  }
  for (const [key, values] of Object.entries(metrics)) {
    for (const [i, x] of values.entries()) {
      await db.run(
        `INSERT INTO metrics VALUES ('${id}', '${key}', ${10 * i}, ${started + 100 * i}, '${x}'::DOUBLE, ${i})`
      );
    }
  }
  await db.run(`INSERT INTO latest_metrics SELECT run_id, key, arg_max(value, seq), max(step), max(ts_ms), max(seq),
    min(value) FILTER (NOT isnan(value)), arg_min(step, value) FILTER (NOT isnan(value)),
    max(value) FILTER (NOT isnan(value)), arg_max(step, value) FILTER (NOT isnan(value)), count(*)
    FROM metrics WHERE run_id = '${id}' GROUP BY run_id, key`);
}

test("every view and macro answers, on an empty store too, and its example as well", async () => {
  for (const {name, example} of relations) {
    await expect(db.runAndReadAll(example), name).resolves.toBeDefined();
  }
  const help = await ask("SELECT name FROM store_help");
  expect(help.map(({name}) => name)).toContain("metrics_at(at_step, metric := NULL)");
});

test("best, last, least and greatest stand beside each other", async () => {
  await addRun("a", {metrics: {"test/accuracy": [0.5, 0.9, 0.8], custom: [3, 1, 2]}, params: {lr: 0.1}});
  await db.run(
    "INSERT INTO metric_defs VALUES ('e', 'custom', 'ms', 'minimize', 'best', NULL), ('e', 'other', NULL, 'maximize', NULL, NULL)"
  );
  const columns =
    "key, last_value, best_value, best_step, min_value, max_value, summary_value, goal_is_guess, unit, params";
  expect(await ask(`SELECT ${columns} FROM run_metrics ORDER BY key`)).toEqual([
    {
      key: "custom",
      last_value: 2,
      best_value: 1,
      best_step: 10,
      min_value: 1,
      max_value: 3,
      summary_value: 1,
      goal_is_guess: false,
      unit: "ms",
      params: {lr: "0.1"}
    },
    {
      key: "test/accuracy",
      last_value: 0.8,
      best_value: 0.9,
      best_step: 10,
      min_value: 0.5,
      max_value: 0.9,
      summary_value: 0.8,
      goal_is_guess: true,
      unit: null,
      params: {lr: "0.1"}
    }
  ]);
});

test.each([
  ["loss", "minimize"],
  ["trainLoss", "minimize"],
  ["val/cross_entropy", "minimize"],
  ["top1Accuracy", "maximize"],
  ["test.f1", "maximize"],
  ["glossary", null],
  ["accelerate", null],
  ["step", null]
])("the name %s suggests: %s", async (key, goal) => {
  expect(await ask(`SELECT metric_goal('${key}') AS goal`)).toEqual([{goal}]);
});

test("the best runs come first, and a deleted run not at all", async () => {
  await addRun("a", {metrics: {loss: [3, 1, 2]}});
  await addRun("b", {metrics: {loss: [3, 0.5, 4]}});
  await addRun("nan", {metrics: {loss: [Number.NaN]}});
  await addRun("gone", {metrics: {loss: [0]}, fields: {lifecycle_stage: "'deleted'"}});
  expect(await ask("SELECT place, run_id, value, step FROM best_runs('loss')")).toEqual([
    {place: 1, run_id: "b", value: 0.5, step: 10},
    {place: 2, run_id: "a", value: 1, step: 10},
    {place: 3, run_id: "nan", value: null, step: null}
  ]);
  expect(await ask("SELECT run_id FROM best_runs('loss', how_many := 1, direction := 'maximize')")).toEqual([
    {run_id: "b"}
  ]);
});

test("metrics_at gives the value at a step or before it, NaN too", async () => {
  await addRun("a", {metrics: {loss: [3, Number.NaN, 2], acc: [0.1]}});
  await addRun("b", {metrics: {loss: [7]}, name: "late"});
  await db.run("INSERT INTO metrics VALUES ('a', 'loss', 10, 1101, 5, 9)");
  expect(await ask("SELECT run, key, step, value FROM metrics_at(15)")).toEqual([
    {run: "a", key: "acc", step: 0, value: 0.1},
    {run: "a", key: "loss", step: 10, value: 5},
    {run: "late", key: "loss", step: 0, value: 7}
  ]);
  expect(await ask("SELECT run, value FROM metrics_at(10, metric := 'acc')")).toEqual([
    {run: "a", value: 0.1}
  ]);
  expect(await ask("FROM metrics_at(-1)")).toEqual([]);
});

test("a curve is found by the run's id and by its name", async () => {
  await addRun("a", {name: "twin", metrics: {loss: [3, Infinity]}});
  await addRun("b", {name: "twin", metrics: {loss: [7]}});
  expect(await ask("SELECT step, value FROM curve('a', 'loss')")).toEqual([
    {step: 0, value: 3},
    {step: 10, value: "Infinity"}
  ]);
  expect(await ask("SELECT run_id, step FROM curve('twin', 'loss')")).toHaveLength(3);
});

test("a curve is drawn over steps, time, time since the start, or another metric", async () => {
  await addRun("a", {started: 1000, metrics: {loss: [3, 2, 1], examples: [128, 256]}});
  const over = async (x: string) =>
    (await ask(`SELECT x, value FROM curve_over('loss', ${x})`)).map(({x: at, value}) => [at, value]);
  expect(await over("'step'")).toEqual([
    [0, 3],
    [10, 2],
    [20, 1]
  ]);
  expect(await over("'time'")).toEqual([
    [1000, 3],
    [1100, 2],
    [1200, 1]
  ]);
  expect(await over("'relative'")).toEqual([
    [0, 3],
    [0.1, 2],
    [0.2, 1]
  ]);
  // The last point has no row of `examples` of its own.
  expect(await over("'examples'")).toEqual([
    [128, 3],
    [256, 2],
    [256, 1]
  ]);
  expect((await over("NULL"))[2]).toEqual([20, 1]);
  await db.run("INSERT INTO metric_defs VALUES ('e', 'loss', NULL, NULL, NULL, 'examples')");
  expect((await over("NULL"))[2]).toEqual([256, 1]);
});

test("runs that differ in one setting come in families", async () => {
  await addRun("a1", {params: {lr: 0.1, width: 10}, seed: 1});
  await addRun("a2", {params: {lr: 0.2, width: 10}, seed: 1});
  await addRun("a3", {params: {lr: 0.2, width: 10}, seed: 2});
  await addRun("b1", {params: {lr: 0.1, width: 99}, seed: 1});
  await addRun("other", {params: {lr: 0.3, width: 10}, seed: 1, fields: {code: "'another'"}});
  expect(await ask("SELECT family, run_id, value, runs, others FROM runs_differing_in('lr')")).toEqual([
    {family: 1, run_id: "a1", value: "0.1", runs: 2, others: {seed: "1", width: "10"}},
    {family: 1, run_id: "a2", value: "0.2", runs: 2, others: {seed: "1", width: "10"}}
  ]);
  const ids = async (sql: string) => (await ask(`SELECT run_id FROM ${sql}`)).map(({run_id}) => run_id);
  expect(await ids("runs_differing_in('seed')")).toEqual(["a2", "a3"]);
  expect(await ids("runs_differing_in('lr', ignoring := 'seed')")).toEqual(["a1", "a2", "a3"]);
  expect(await ids("runs_differing_in('width')")).toEqual(["a1", "b1"]);
});

test("a run without a setting differs from one that has it", async () => {
  await addRun("with", {params: {dropout: 0.5}});
  await addRun("without");
  expect(await ask("SELECT run_id, value FROM runs_differing_in('dropout')")).toEqual([
    {run_id: "with", value: "0.5"},
    {run_id: "without", value: null}
  ]);
});

test("two runs are compared setting by setting and metric by metric", async () => {
  await addRun("a", {params: {lr: 0.1, width: 10}, metrics: {loss: [1]}, seed: 1});
  await addRun("b", {params: {lr: 0.2, width: 10}, metrics: {loss: [2]}, seed: 1});
  expect(
    await ask("SELECT kind, key, a, b FROM compare_runs('a', 'b') WHERE differs AND kind <> 'run'")
  ).toEqual([
    {kind: "setting", key: "lr", a: "0.1", b: "0.2"},
    {kind: "metric", key: "loss", a: "1.0", b: "2.0"}
  ]);
});

test("over_seeds gives the mean with Student's interval", async () => {
  for (const [i, x] of [0.8, 0.9, 1].entries()) {
    await addRun(`s${i}`, {name: "run", params: {lr: 0.1}, seed: i, metrics: {accuracy: [1, x]}});
  }
  await addRun("lone", {params: {lr: 0.5}, seed: 1, metrics: {accuracy: [0.7]}});
  await addRun("going", {params: {lr: 0.1}, seed: 9, metrics: {accuracy: [0]}, status: "running"});
  const rows = await ask("FROM over_seeds('accuracy')");
  expect(rows).toHaveLength(2);
  // scipy.stats.t.interval(0.95, 2, loc=0.9, scale=0.1 / sqrt(3)) = (0.65159, 1.14841)
  expect(rows[1]).toMatchObject({params: {lr: "0.1"}, runs: 3, least: 0.8, greatest: 1});
  expect(rows[1].mean).toBeCloseTo(0.9, 12);
  expect(rows[1].low).toBeCloseTo(0.65159, 4);
  expect(rows[1].high).toBeCloseTo(1.14841, 4);
  expect(rows[0]).toMatchObject({params: {lr: "0.5"}, runs: 1, mean: 0.7, sd: null, low: null});
  expect(await ask("SELECT mean FROM over_seeds('accuracy', summary := 'max') LIMIT 1 OFFSET 1")).toEqual([
    {mean: 1}
  ]);
});

test("a seed that diverged shows in the mean", async () => {
  await addRun("a", {name: "run", seed: 1, metrics: {loss: [1]}});
  await addRun("b", {name: "run", seed: 2, metrics: {loss: [Number.NaN]}, status: "diverged"});
  expect(await ask("SELECT runs, mean, sd FROM over_seeds('loss')")).toEqual([
    {runs: 2, mean: "NaN", sd: null}
  ]);
});

test("importance is the share of the variance that a setting explains, and its rank correlation", async () => {
  for (const [i, loss] of [1, 2, 3, 4, 5, 6].entries()) {
    const params = {lr: i < 3 ? 0.1 : 0.2, kind: i % 2 ? "odd" : "even", same: 1};
    await addRun(`r${i}`, {params, metrics: {loss: [loss]}});
  }
  await addRun("failed", {params: {lr: 9, kind: "x"}, metrics: {loss: [900]}, status: "failed"});
  await addRun("nan", {params: {lr: 9, kind: "x"}, metrics: {loss: [Number.NaN]}});
  const rows = await ask("FROM param_importance('loss')");
  // Between groups 13.5, within 4 with 4 degrees of freedom, together 17.5: (13.5 - 1) / 17.5.
  expect(rows[0]).toMatchObject({key: "lr", runs: 6, options: 2});
  expect(rows[0].explained).toBeCloseTo(12.5 / 17.5, 12);
  expect(rows[0].correlation).toBeCloseTo(Math.sqrt(13.5 / 17.5), 12);
  expect(rows.slice(1)).toEqual([{key: "kind", explained: 0, correlation: null, runs: 6, options: 2}]);
});

test("a setting with a value of its own for every run explains no more than its bins do", async () => {
  for (let i = 0; i < 40; i++) {
    await addRun(`r${i}`, {params: {lr: i, noise: (i * 7919) % 41}, metrics: {loss: [i * i]}});
  }
  const [lr, noise] = await ask("FROM param_importance('loss')");
  expect(lr).toMatchObject({key: "lr", options: 40});
  expect(lr.correlation).toBeCloseTo(1, 12);
  expect(lr.explained).toBeGreaterThan(0.85);
  expect(noise.explained).toBeLessThan(0.3);
});

test("runs whose cells read different values are neither one family nor averaged", async () => {
  const metrics = {accuracy: [1]};
  for (const [id, lr, seed] of [
    ["a", 0.1, 1],
    ["b", 0.1, 2],
    ["c", 0.5, 1],
    ["d", 0.5, 2]
  ] as const) {
    await addRun(id, {name: "run", seed, params: {width: 8}, metrics, fields: {cell_exec_id: `'x${id}'`}});
    // width and seed are settings already, whatever the names they were read under.
    await db.run(`INSERT INTO cell_edges VALUES ('x${id}', NULL, 'lr', '', '${lr}'), ('x${id}', NULL, 'size', '', '8'),
      ('x${id}', NULL, 'trial', '', '${seed}'), ('x${id}', NULL, 'data', NULL, NULL)`);
  }
  expect(await ask("SELECT run_id, value FROM run_inputs ORDER BY run_id")).toEqual([
    {run_id: "a", value: "0.1"},
    {run_id: "b", value: "0.1"},
    {run_id: "c", value: "0.5"},
    {run_id: "d", value: "0.5"}
  ]);
  expect(await ask("SELECT family, run_id, others FROM runs_differing_in('seed')")).toEqual([
    {family: 1, run_id: "a", others: {"read: lr": "0.1", width: "8"}},
    {family: 1, run_id: "b", others: {"read: lr": "0.1", width: "8"}},
    {family: 2, run_id: "c", others: {"read: lr": "0.5", width: "8"}},
    {family: 2, run_id: "d", others: {"read: lr": "0.5", width: "8"}}
  ]);
  const importance = await ask("SELECT key, correlation IS NULL AS flat FROM param_importance('accuracy')");
  expect(importance.map(({key}) => key)).toEqual(["read: lr", "seed"]);
  expect(await ask("SELECT params, runs FROM over_seeds('accuracy')")).toEqual([
    {params: {"read: lr": "0.1", width: "8"}, runs: 2},
    {params: {"read: lr": "0.5", width: "8"}, runs: 2}
  ]);
});

test("a run leads back to the cells and values it came from", async () => {
  await db.run(`INSERT INTO cells VALUES ('n', 1, 1, 'js', 'viewof lr = 1', '', 0, now()::TIMESTAMP),
    ('n', 2, 3, 'js', 'train(...)', '', 1, now()::TIMESTAMP)`);
  await db.run(`INSERT INTO cell_execs BY NAME SELECT * FROM (VALUES
    ('x1', 'n', 1, 1, 'k1', 'done', now()::TIMESTAMP), ('x2', 'n', 2, 3, 'k2', 'done', now()::TIMESTAMP))
    AS t(cell_exec_id, notebook, cell_id, rev, cache_key, status, started_at)`);
  await db.run(
    `INSERT INTO cell_edges VALUES ('x2', 'x1', 'lr', 'sha', '0.1'), ('x2', NULL, 'table:digits', NULL, NULL)`
  );
  await addRun("a", {fields: {cell_exec_id: "'x2'"}});
  expect(await ask("SELECT run_id, cell_id, rev, source, inputs FROM run_provenance")).toEqual([
    {run_id: "a", cell_id: 2, rev: 3, source: "train(...)", inputs: {lr: "0.1", "table:digits": null}}
  ]);
  expect(await ask("SELECT depth, cell_id, read_as, value, source FROM lineage('a')")).toEqual([
    {depth: 0, cell_id: 2, read_as: null, value: null, source: "train(...)"},
    {depth: 1, cell_id: 1, read_as: "lr", value: "0.1", source: "viewof lr = 1"}
  ]);
});

test("MLflow's views have its words and its way with NaN and infinities", async () => {
  await addRun("a", {metrics: {loss: [Number.NaN, Infinity, -Infinity, 1]}});
  expect(await ask("SELECT value, is_nan FROM mlflow_metrics ORDER BY step")).toEqual([
    {value: 0, is_nan: true},
    {value: Number.MAX_VALUE, is_nan: false},
    {value: -Number.MAX_VALUE, is_nan: false},
    {value: 1, is_nan: false}
  ]);
  expect(await ask("SELECT run_uuid, status, start_time, end_time FROM mlflow_runs")).toEqual([
    {run_uuid: "a", status: "FINISHED", start_time: 1000, end_time: null}
  ]);
});

test("a query is asked again for the tables beneath, but not for what evaluating cells writes", () => {
  expect(watchedTables.get("run_metrics")).toEqual([
    "runs",
    "params",
    "metrics",
    "metric_defs",
    "experiments"
  ]);
  expect(watchedTables.get("curve()")).toEqual(["runs", "metrics"]);
  expect(watchedTables.get("latest_metrics")).toEqual(["metrics"]);
  expect(watchedTables.get("cell_execs")).toEqual([]);
  expect(watchedTables.get("run_provenance")).toEqual(["runs"]);
});
