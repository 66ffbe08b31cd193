import {afterAll, beforeAll, expect, test} from "vitest";
import {encodeMetrics} from "../../src/tables/encode.ts";
import {Tables} from "../../src/tables/open.ts";
import {type RunsQuery, readCourses, readRunsTable} from "../../src/tables/runs-grid.ts";
import {curveRun} from "../tables/support/curve-run.ts";
import {FakeJournal} from "../tables/support/fake-journal.ts";

const tables = new Tables({
  journal: async () => new FakeJournal(),
  extensionRepository: new URL("duckdb-ext", location.href).href
});
const {db, sink} = tables;
afterAll(() => tables.dispose());

function record(
  runId: string,
  i: number,
  params: Record<string, unknown>,
  columns: Record<string, number[]>
) {
  sink.record(
    curveRun({runId, params, seed: i, createdAt: 1000 + i, startedAt: 1000 + i, status: "running"})
  );
  const [first] = Object.values(columns);
  const step = Float64Array.from(first, (_, k) => k);
  const values = Object.fromEntries(
    Object.entries(columns).map(([key, list]) => [key, Float64Array.from(list)])
  );
  sink.append(runId, encodeMetrics({runId, seq: 0, step, timeMs: step, columns: values}), [
    0,
    first.length - 1
  ]);
}

beforeAll(() => {
  record("r0", 0, {lr: 0.1, bias: true, layers: 3}, {loss: [3, 1, 2], acc: [0.1, 0.9, 0.5]});
  record(
    "r1",
    1,
    {lr: 0.01, bias: true, layers: 3, loss: "mse"},
    {loss: [5, Number.NaN], "gap ' \"": [1, 2]}
  );
  record("r2", 2, {lr: 0.1, bias: true, layers: "three"}, {loss: [Number.NaN, Number.NaN]});
});

const read = async (query: Partial<RunsQuery> = {}) => {
  const {table, ...rest} = await readRunsTable(db, {limit: 100, metrics: null, now: 5000, ...query});
  const column = (name: string) => Array.from(table.getChild(name) ?? [], (x) => x);
  return {...rest, column};
};

test("parameters and metrics stand beside each other, the newest run first", async () => {
  const {column, columns, total} = await read();
  expect([total, column("run_id")]).toEqual([3, ["r2", "r1", "r0"]]);
  expect(column("lr")).toEqual([0.1, 0.01, 0.1]);
  expect(column("layers")).toEqual(["three", "3", "3"]);
  expect(column("best acc")).toEqual([null, null, 0.9]);
  expect(column("loss (metric)")).toEqual([Number.NaN, Number.NaN, 2]);
  expect([column("best loss"), column("max loss")]).toEqual([
    [null, 5, 1],
    [null, 5, 3]
  ]);
  expect(column("gap ' \"")).toEqual([null, 2, null]);
  expect(column("duration")).toEqual([3998, 3999, 4000]);
  const differing = columns.flatMap((column) =>
    column.of === "param" && column.differs ? [column.key] : []
  );
  expect(differing).toEqual(["layers", "loss", "lr"]);
  const best = columns.filter((column) => column.of === "metric" && column.value === "best");
  expect(best.map(({name}) => name).sort()).toEqual(["best acc", "best loss"]);
});

test("a choice of runs, of metrics, and of nothing", async () => {
  const few = await read({limit: 1, metrics: ["loss"]});
  expect([few.total, few.column("run_id")]).toEqual([3, ["r2"]]);
  expect(few.columns.filter(({of}) => of === "metric").map(({name}) => name)).not.toContain("acc");
  expect((await read({where: db.fragment`params['lr'] = '0.01'`})).column("run_id")).toEqual(["r1"]);
  const none = await read({ids: []});
  expect([none.total, none.column("run_id")]).toEqual([0, []]);
});

test("what is declared of a metric says which value stands for a run", async () => {
  const {experiment_id} = (await db.queryRow("SELECT experiment_id FROM runs WHERE run_id = 'r0'")) as {
    experiment_id: string;
  };
  tables.write("metric_defs", [
    {experiment_id, key: "acc", unit: "%", goal: "minimize", summary: "max", step_key: null}
  ]);
  const {columns, column} = await read();
  const acc = columns.filter((column) => column.of === "metric" && column.key === "acc");
  expect(acc.filter((column) => column.of === "metric" && column.isSummary).map(({name}) => name)).toEqual([
    "best acc",
    "max acc"
  ]);
  expect(column("best acc")).toEqual([null, null, 0.1]);
  expect(acc[0]).toMatchObject({unit: "%"});
});

test("the course of a metric keeps the spike among many values, and NaN", async () => {
  const spiky = Array.from({length: 5000}, (_, i) =>
    i === 1234 ? 99 : i >= 4900 ? Number.NaN : Math.sin(i)
  );
  record("long", 9, {}, {wave: spiky});
  const courses = await readCourses(db, "wave", ["long", "r0"], 40);
  expect([...courses.keys()]).toEqual(["long"]);
  const course = courses.get("long") as Float64Array;
  expect(course.length).toBeLessThanOrEqual(80);
  expect(Math.max(...course.filter(Number.isFinite))).toBe(99);
  const short = await readCourses(db, "loss", ["r0", "r1"], 40);
  expect([...(short.get("r0") as Float64Array)]).toEqual([3, 1, 2]);
  expect([...(short.get("r1") as Float64Array)]).toEqual([5, Number.NaN]);
});
