import {afterAll, beforeAll, expect, test} from "vitest";
import {missingRuns, readCurveRuns} from "../../src/tables/curve-runs.ts";
import {encodeMetrics} from "../../src/tables/encode.ts";
import {Tables} from "../../src/tables/open.ts";
import {SqlFragment} from "../../src/tables/sql-text.ts";
import {curveRun} from "../tables/support/curve-run.ts";
import {FakeJournal} from "../tables/support/fake-journal.ts";

const tables = new Tables({
  journal: async () => new FakeJournal(),
  extensionRepository: new URL("duckdb-ext", location.href).href
});
const {db, sink} = tables;
afterAll(() => tables.dispose());

beforeAll(() => {
  for (const [i, lr] of [0.1, 0.01, 0.1, 1].entries()) {
    const runId = `r${i}`;
    sink.record(
      curveRun({runId, params: {lr, name: "it's"}, seed: i, createdAt: 1000 + i, notebook: i < 3 ? "n" : "m"})
    );
    const step = Float64Array.of(0, 5, 10);
    const columns = {loss: Float64Array.of(3, Number.NaN, 1)};
    sink.append(runId, encodeMetrics({runId, seq: 0, step, timeMs: step, columns}), [0, 2]);
  }
});

const found = async (choice: Partial<Parameters<typeof readCurveRuns>[1]>) => {
  const {runs, total} = await readCurveRuns(db, {limit: 100, ...choice});
  return [runs.map(({runId}) => runId).join(" "), total];
};

test("runs are chosen by notebook, id and SQL, the newest first to stay", async () => {
  expect(await found({})).toEqual(["r0 r1 r2 r3", 4]);
  expect(await found({notebook: "n"})).toEqual(["r0 r1 r2", 3]);
  expect(await found({notebook: "n", limit: 2})).toEqual(["r1 r2", 3]);
  expect(await found({ids: ["r2", "nobody", "r0"]})).toEqual(["r2 r0", 2]);
  expect(await found({ids: []})).toEqual(["", 0]);
  expect(await found({where: db.fragment`seed > ${0} AND params['lr'] = '0.1' -- why not`})).toEqual([
    "r2",
    1
  ]);
});

test("a run comes with its parameters and how far its metrics go", async () => {
  const {runs} = await readCurveRuns(db, {ids: ["r1"], limit: 1});
  const [{params, metrics, seed, startMs}] = runs;
  expect([seed, startMs]).toEqual([1, 1001]);
  expect(params.get("lr")).toEqual({text: "0.01", number: 0.01});
  expect(params.get("name")).toEqual({text: "it's", number: null});
  expect(metrics.get("loss")).toEqual({rows: 3, seq: 2, lastStep: 10, lastMs: 10, low: 1, high: 3});
});

test("runs of one experiment, code and data are of one task", async () => {
  sink.record(curveRun({runId: "other", code: "function* other() {}", createdAt: 2000}));
  const {runs} = await readCurveRuns(db, {ids: ["r0", "r1", "other"], limit: 3});
  expect(runs[0].task).toBe(runs[1].task);
  expect(runs[2].task).not.toBe(runs[0].task);
});

test("a name that is no column gets what to write instead: the parameter, or which there are", async () => {
  const error = (where: string) =>
    readCurveRuns(db, {where: new SqlFragment([where], []), limit: 1}).catch((error) => error);
  expect((await error("LR > 0.5")).hint).toBe(
    "lr is a parameter: write params['lr'], and params['lr']::DOUBLE to compare it as a number."
  );
  expect((await error("colour = 'red'")).hint).toMatch(/columns of runs .* params\['name'\]: lr, name\.$/);
});

test("ids that are no runs are named", () => {
  const choice = {ids: ["a", "b", "c", "d", "e"], limit: 9};
  expect(missingRuns(choice, choice.ids)).toBe("");
  expect(missingRuns(choice, ["a"])).toBe("The store has no runs b, c, d and 1 more.");
  expect(missingRuns({...choice, notebook: "n"}, ["a", "b", "c", "d"])).toBe(
    "The store has no run e of the notebook n."
  );
});

test("a condition that is no SQL says so", async () => {
  await expect(readCurveRuns(db, {where: db.fragment`colour = 'red'`, limit: 1})).rejects.toThrow(/colour/);
});
