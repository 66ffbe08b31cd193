import axe from "axe-core";
import {afterAll, afterEach, beforeAll, expect, test, vi} from "vitest";
import type {PetriGrid} from "../../src/cells/grid/petri-grid.ts";
import type {RunsTableOptions} from "../../src/cells/runs/options.ts";
import {createRunsTable} from "../../src/cells/runs/runs-table.ts";
import {encodeMetrics} from "../../src/tables/encode.ts";
import {Tables} from "../../src/tables/open.ts";
import type {RunRecord} from "../../src/tables/types.ts";
import {curveRun} from "../tables/support/curve-run.ts";
import {FakeJournal} from "../tables/support/fake-journal.ts";

const tables = new Tables({
  journal: async () => new FakeJournal(),
  extensionRepository: new URL("duckdb-ext", location.href).href
});
const {db, sink} = tables;
beforeAll(() => db.query("SELECT 1"));
afterAll(() => tables.dispose());
afterEach(() => document.body.replaceChildren());

function record(i: number, changed: Partial<RunRecord> = {}) {
  const params = {lr: i % 2 ? 0.1 : 0.01, layers: 3};
  sink.record(
    curveRun({
      runId: `r${i}`,
      params,
      createdAt: 1000 + i,
      startedAt: 2000,
      endedAt: 14_300,
      status: "completed",
      ...changed
    })
  );
}

function append(i: number, seq: number, loss: number[]) {
  const step = Float64Array.from(loss, (_, k) => seq + k);
  const columns = {loss: Float64Array.from(loss)};
  sink.append(`r${i}`, encodeMetrics({runId: `r${i}`, seq, step, timeMs: step, columns}), [
    seq,
    seq + loss.length - 1
  ]);
}

for (let i = 0; i < 4; i++) {
  record(i);
  append(i, 0, [3, 2, 1 + i]);
}

const runsTable = createRunsTable({db, notebook: "", tableChanges: (name) => tables.tableChanges(name)});

const quiet = {waitUntil: () => {}, fail: () => {}};

async function show(options: RunsTableOptions = {}, cellId = 1) {
  const aborter = new AbortController();
  const element = runsTable({cellId, signal: aborter.signal, ...quiet})(options);
  document.body.append(element);
  const grid = element.querySelector("petri-grid") as PetriGrid;
  await vi.waitUntil(() => grid.renderRoot.querySelector("[role=gridcell]"), {timeout: 10_000});
  const texts = (name: string) => {
    const heads = [...grid.renderRoot.querySelectorAll<HTMLElement>("[role=columnheader]")];
    const column = heads.find((head) => head.querySelector(".name")?.textContent === name)?.dataset.column;
    return [...grid.renderRoot.querySelectorAll(`[role=gridcell][data-column="${column}"]`)].map(
      ({textContent}) => textContent
    );
  };
  const names = () =>
    [...grid.renderRoot.querySelectorAll("[role=columnheader] .name")].map(({textContent}) => textContent);
  return {element, grid, texts, names, end: () => aborter.abort()};
}

test("shows the parameters in which the runs differ, the last values and a line of the loss", async () => {
  const {element, grid, texts, names, end} = await show();
  expect(names().slice(0, 5)).toEqual(["run", "status", "lr", "loss curve", "loss"]);
  expect(texts("loss")).toEqual(["4", "3", "2", "1"]);
  await vi.waitUntil(() => grid.renderRoot.querySelector(".line path"));
  Object.assign(grid.style, {width: "1200px", maxWidth: "none"});
  await vi.waitFor(() => expect(texts("duration")[0]).toBe("12.3 s"));
  expect(element.value).toEqual(["r3", "r2", "r1", "r0"]);
  const {violations} = await axe.run(element, {rules: {region: {enabled: false}}});
  expect(violations.map(({id, nodes}) => [id, nodes[0].html])).toEqual([]);
  end();
});

test("its value is what is shown, and the selected rows when there are some; both are told", async () => {
  const {element, grid, end} = await show();
  const told = vi.fn();
  element.addEventListener("input", told);
  grid.arrange({
    filters: [{column: "lr", op: "=", value: 0.01}],
    orders: [{column: "loss", descending: false}]
  });
  await vi.waitFor(() => expect(element.value).toEqual(["r0", "r2"]));
  grid.arrange({filters: []});
  const cell = (id: string) => grid.renderRoot.querySelector(`#${id}`) as HTMLElement;
  const press = (id: string, shiftKey: boolean) =>
    cell(id).dispatchEvent(
      new PointerEvent("pointerdown", {bubbles: true, composed: true, button: 0, shiftKey})
    );
  await vi.waitUntil(() => cell("c3-0"));
  press("c1-0", false);
  press("c2-0", true);
  expect(element.value).toEqual(["r1", "r2"]);
  expect(told.mock.calls.length).toBeGreaterThanOrEqual(2);
  end();
});

test("follows runs as they go on and begin, and no longer when the cell is gone", async () => {
  const {grid, texts, end} = await show({runs: "name <> 'other'", metrics: "loss"}, 2);
  append(0, 3, [0.5]);
  record(4, {status: "running"});
  append(4, 0, [9]);
  await vi.waitFor(() => expect(texts("loss")).toEqual(["9", "4", "3", "2", "0.5000"]), {timeout: 10_000});
  expect(texts("status")[0]).toBe("running");
  end();
  const shown = grid.value;
  record(5);
  await db.query("SELECT count(*) FROM runs");
  expect(grid.value).toBe(shown);
});

test("keeps what the reader chose when its cell runs again", async () => {
  const first = await show({}, 7);
  first.grid.arrange({hidden: {status: true}});
  first.end();
  document.body.replaceChildren();
  const second = await show({}, 7);
  expect(second.names()).not.toContain("status");
  second.end();
});

test("runs are chosen by id, by SQL and up to a limit that is said", async () => {
  const ids = await show({runs: ["r1", "r0"], curve: null}, 8);
  expect(ids.element.value).toEqual(["r1", "r0"]);
  expect(ids.names()).not.toContain("loss curve");
  ids.end();
  const limited = await show({limit: 2, notebook: null}, 9);
  expect(limited.grid.renderRoot.querySelector(".count")?.textContent).toMatch(/the newest of \d/);
  limited.end();
});

test("a condition that is no SQL is said, and put right by the next", async () => {
  const aborter = new AbortController();
  const element = runsTable({cellId: 5, signal: aborter.signal, ...quiet})({runs: "nonsense ("});
  document.body.append(element);
  expect(element.querySelector(":scope > [role=status]")?.textContent).toBe("reading runs …");
  await vi.waitUntil(() => element.querySelector("[role=alert]")?.textContent, {timeout: 10_000});
  expect(element.querySelector(":scope > [role=status]")).toBeNull();
  aborter.abort();
});

test("a parameter in the place of a column fails the cell, with how it is written", async () => {
  const aborter = new AbortController();
  const cell = {waitUntil: vi.fn<(promise: PromiseLike<unknown>) => void>(), fail: vi.fn()};
  const element = runsTable({cellId: 11, signal: aborter.signal, ...cell})({runs: "lr > 0.05"});
  document.body.append(element);
  await cell.waitUntil.mock.calls[0][0];
  expect(cell.fail).toHaveBeenCalledWith(
    expect.objectContaining({name: "SqlError", hint: expect.stringContaining("params['lr']::DOUBLE")})
  );
  expect(element.querySelector("[role=alert]")?.textContent).toContain("params['lr']");
  aborter.abort();
});

test("ids that are no runs are said, and fail nothing", async () => {
  const aborter = new AbortController();
  const cell = {waitUntil: vi.fn<(promise: PromiseLike<unknown>) => void>(), fail: vi.fn()};
  const element = runsTable({cellId: 12, signal: aborter.signal, ...cell})({runs: ["r1", "no-such-run"]});
  document.body.append(element);
  await cell.waitUntil.mock.calls[0][0];
  expect(element.querySelector(":scope > [role=alert]")?.textContent).toBe(
    "The store has no run no-such-run."
  );
  expect(cell.fail).not.toHaveBeenCalled();
  aborter.abort();
});
