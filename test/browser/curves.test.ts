import "../../src/cells/styles/base.css";
import axe from "axe-core";
import {afterAll, afterEach, beforeAll, expect, test, vi} from "vitest";
import {page} from "vitest/browser";
import {createCurves} from "../../src/cells/curves/create-curves.ts";
import type {PetriCurvesPanel} from "../../src/cells/curves/curves-panel.ts";
import type {CurvesOptions} from "../../src/cells/curves/options.ts";
import type {PetriCurves} from "../../src/cells/curves/petri-curves.ts";
import {rowsCsv} from "../../src/cells/curves/rows-csv.ts";
import {curvesSvg, svgToPng} from "../../src/cells/curves/svg.ts";
import {readCurveRuns} from "../../src/tables/curve-runs.ts";
import {encodeMetrics} from "../../src/tables/encode.ts";
import {Tables} from "../../src/tables/open.ts";
import {curveRun} from "../tables/support/curve-run.ts";
import {FakeJournal} from "../tables/support/fake-journal.ts";

const tables = new Tables({
  journal: async () => new FakeJournal(),
  extensionRepository: new URL("duckdb-ext", location.href).href
});
const {db, sink} = tables;
const make = createCurves(
  {db, tableChanges: (table) => tables.tableChanges(table), onBatch: (listener) => sink.onBatch(listener)},
  "n"
);
let cells = 0;

beforeAll(async () => {
  await page.viewport(1000, 700);
  await db.query("SELECT 1");
}, 60_000);
afterEach(() => document.body.replaceChildren());
afterAll(() => tables.dispose());

/** Rows of a run from a step on, as training hands them over. */
function train(runId: string, from: number, losses: readonly number[]): void {
  const step = Float64Array.from(losses, (_, i) => from + i);
  const columns = {loss: Float64Array.from(losses)};
  const batch = {runId, seq: from, step, timeMs: step.map((i) => 1e12 + i), columns};
  sink.keep(batch);
  sink.append(runId, encodeMetrics(batch), [from, from + losses.length - 1]);
}

function begin(runId: string, params: Record<string, unknown> = {}, seed = 0, notebook = "n"): void {
  sink.record(curveRun({runId, params, seed, notebook, status: "running", createdAt: 1e12 + seed}));
}

const quiet = {waitUntil: (_: PromiseLike<unknown>) => {}, fail: (_: unknown) => {}};

function show(options: CurvesOptions, cellId = ++cells, cell = quiet): PetriCurves {
  const element = make({cellId, signal: new AbortController().signal, ...cell})(options);
  document.body.append(element);
  return element;
}

const eventually = <T>(check: () => T) => vi.waitFor(check, {timeout: 20_000, interval: 20});
const inside = (element: PetriCurves) => element.shadowRoot as ShadowRoot;
const panel = (element: PetriCurves) =>
  inside(element).querySelector("petri-curves-panel") as PetriCurvesPanel;
const scene = (element: PetriCurves) => panel(element)?.scene ?? null;
const rows = (element: PetriCurves) =>
  [...inside(element).querySelectorAll("tbody tr")].map((row) => row.textContent.replace(/\s+/g, " ").trim());
const button = (element: PetriCurves, name: string) =>
  [...inside(element).querySelectorAll("button")].find(
    (each) => (each.ariaLabel ?? each.textContent?.trim()) === name
  ) as HTMLElement;
const values = (element: PetriCurves, trace = 0) =>
  Array.from(scene(element)?.traces[trace]?.trace.reading.y ?? []);

test("runs of the notebook are drawn from the tables, a run elsewhere is not", async () => {
  begin("a", {lr: 0.1}, 1);
  begin("b", {lr: 0.01}, 2);
  begin("elsewhere", {}, 3, "m");
  train("a", 0, [3, 2, 1]);
  train("b", 0, [5, 4, 3]);
  train("elsewhere", 0, [7, 7, 7]);
  const element = show({metrics: "loss"});
  await eventually(() => expect(scene(element)?.traces).toHaveLength(2));
  await eventually(() =>
    expect(rows(element)).toEqual(["lr 0.1 · seed 1 1 only", "lr 0.01 · seed 2 3 only"])
  );
  await eventually(() => expect(panel(element).shadowRoot?.querySelector("canvas")).not.toBeNull());
});

test("rows that come are drawn without asking the tables", async () => {
  begin("live", {}, 9);
  train("live", 0, [4, 3]);
  const element = show({runs: ["live"], metrics: ["loss"]});
  await eventually(() => expect(values(element)).toEqual([4, 3]));
  const asked = vi.spyOn(db, "sql");
  const batch = {
    runId: "live",
    seq: 2,
    step: Float64Array.of(2),
    timeMs: Float64Array.of(1e12),
    columns: {loss: Float64Array.of(2)}
  };
  // Only told, not recorded: what is drawn cannot come from the tables.
  sink.keep(batch);
  await eventually(() => expect(values(element)).toEqual([4, 3, 2]));
  expect(asked).not.toHaveBeenCalled();
  asked.mockRestore();
});

test("rows that are told twice are drawn once", async () => {
  begin("twice", {}, 10);
  train("twice", 0, [4, 3]);
  const element = show({runs: ["twice"], metrics: "loss"});
  await eventually(() => expect(values(element)).toEqual([4, 3]));
  train("twice", 0, [4, 3]);
  train("twice", 2, [2]);
  await eventually(() => expect(values(element)).toEqual([4, 3, 2]));
});

test("a run that begins later joins", async () => {
  const element = show({runs: "name = 'late'", metrics: "loss"});
  await eventually(() => expect(panel(element)?.message).toBe("no runs yet"));
  sink.record(curveRun({runId: "late", name: "late", status: "running"}));
  train("late", 0, [8, 7]);
  await eventually(() => expect(values(element)).toEqual([8, 7]));
});

test('a run is hidden by its entry, the others by "only", and all come back', async () => {
  const element = show({metrics: "loss", runs: ["a", "b"]});
  await eventually(() => expect(scene(element)?.traces).toHaveLength(2));
  button(element, "lr 0.1 · seed 1").click();
  await eventually(() => expect(scene(element)?.traces.map(({trace}) => trace.id)).toEqual(["b"]));
  button(element, "Show only lr 0.1 · seed 1").click();
  await eventually(() => expect(scene(element)?.traces.map(({trace}) => trace.id)).toEqual(["a"]));
  button(element, "Show only lr 0.1 · seed 1").click();
  await eventually(() => expect(scene(element)?.traces).toHaveLength(2));
});

test("zooming into a long run reads the range closely, and a spike is seen from afar", async () => {
  begin("long", {}, 11);
  const n = 100_000;
  train(
    "long",
    0,
    Array.from({length: n}, (_, i) => (i === 70_007 ? 500 : i === 70_011 ? Number.NaN : i % 10))
  );
  const element = show({runs: ["long"], metrics: "loss"});
  await eventually(() => expect(scene(element)?.y[1]).toBeGreaterThan(500));
  expect(values(element).length).toBeLessThan(2100);
  expect(scene(element)?.traces[0].trace.marks).toHaveLength(1);
  panel(element).dispatchEvent(new CustomEvent("curves-zoom", {detail: [70_000, 70_020]}));
  await eventually(() => {
    const x = Array.from(scene(element)?.traces[0].trace.reading.x ?? []);
    expect(values(element)[x.indexOf(70_007)]).toBe(500);
    expect(x).toHaveLength(21);
  });
  expect(scene(element)?.x).toEqual([70_000, 70_020]);
  button(element, "Show all").click();
  await eventually(() => expect(scene(element)?.x).toEqual([0, n - 1]));
});

test("the keyboard reads values and zooms", async () => {
  const element = show({metrics: "loss", runs: ["a"]});
  await eventually(() => expect(panel(element)?.shadowRoot?.querySelector("canvas")).toBeTruthy());
  const chart = panel(element).shadowRoot?.querySelector<HTMLElement>(".chart");
  chart?.focus();
  const press = (key: string) => chart?.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
  press("End");
  await eventually(() =>
    expect(panel(element).shadowRoot?.querySelector("[role=status]")?.textContent).toContain("step 2")
  );
  press("+");
  await eventually(() => expect(scene(element)?.x).toEqual([1.5, 2]));
  press("Escape");
  await eventually(() => expect(scene(element)?.x).toEqual([0, 2]));
});

test("runs that differ only in the seed are one curve with a band", async () => {
  for (const seed of [20, 21]) {
    begin(`s${seed}`, {width: 8}, seed);
    train(`s${seed}`, 0, [seed, seed, seed]);
  }
  const element = show({runs: ["s20", "s21"], metrics: "loss", band: "minmax"});
  await eventually(() => expect(scene(element)?.traces).toHaveLength(1));
  const {band, line} = scene(element)?.traces[0].trace ?? {};
  expect([line?.y[5], band?.low[5], band?.high[5]]).toEqual([20.5, 20, 21]);
});

test("evaluated again, the cell keeps what a person changed and takes what the code changed", async () => {
  const cellId = ++cells;
  const first = show({runs: ["a", "b"], metrics: "loss"}, cellId);
  await eventually(() => expect(scene(first)?.traces).toHaveLength(2));
  button(first, "log y").click();
  await eventually(() => expect(scene(first)?.logY).toBe(true));
  const second = show({runs: ["a", "b"], metrics: "loss", smoothing: 0.5}, cellId);
  expect(second).toBe(first);
  await eventually(() => expect(inside(second).querySelector("output")?.textContent).toBe("0.50"));
  expect(scene(second)?.logY).toBe(true);
});

test("a picture has its axes, curves and names, and names cannot become markup", async () => {
  begin("p1", {tag: "<script>"}, 30);
  begin("p2", {tag: "x"}, 30);
  train("p1", 0, [1, 2, 3]);
  train("p2", 0, [2, 3, Number.NaN]);
  const element = show({runs: ["p1", "p2"], metrics: "loss"});
  await eventually(() => expect(panel(element)?.picture?.ticks.y.length).toBeGreaterThan(1));
  const svg = curvesSvg({
    charts: [panel(element).picture as never],
    legend: [
      {label: "<script>", color: "red", dash: []},
      {label: "x", color: "blue", dash: [7, 3]}
    ],
    width: 640,
    height: 220,
    resolve: (color) => panel(element).resolve(color)
  });
  const parsed = new DOMParser().parseFromString(svg, "image/svg+xml");
  expect(parsed.querySelector("parsererror")).toBeNull();
  expect(parsed.querySelector("script")).toBeNull();
  expect(parsed.querySelectorAll("path[stroke-linejoin]").length).toBeGreaterThanOrEqual(2);
  expect(parsed.documentElement.textContent).toContain("step");
});

test("a picture becomes a PNG of twice its size", async () => {
  const png = await svgToPng(
    '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><path d="M0,0h9"/></svg>'
  );
  const {width, height} = await createImageBitmap(png);
  expect([png.type, width, height]).toEqual(["image/png", 80, 40]);
});

test("all rows of the curves are saved as CSV, not thinned, those in the range when one is looked at", async () => {
  begin("csv", {}, 40);
  train("csv", 0, [0.5, Number.NaN, Number.POSITIVE_INFINITY]);
  const {runs} = await readCurveRuns(db, {ids: ["csv"], limit: 1});
  const request = {
    runs,
    labels: new Map([["csv", 'a "b", c']]),
    metrics: [{key: "loss", x: "step"}]
  } as const;
  const text = async (range: [number, number] | null) =>
    (await rowsCsv(db, {...request, range: range && {axis: "step", extent: range}})).text();
  const head = 'csv,"a ""b"", c",loss';
  expect(await text(null)).toBe(
    `run_id,run,metric,x,value\r\n${head},0,0.5\r\n${head},1,NaN\r\n${head},2,Infinity\r\n`
  );
  expect((await text([1, 1])).split("\r\n")).toHaveLength(3);
});

test("what is no SQL is said in the place of the charts", async () => {
  const element = show({runs: "colour = 'red'", metrics: "loss"});
  await eventually(() => expect(inside(element).textContent).toContain("colour"));
});

test("a parameter in the place of a column fails the cell, with how it is written", async () => {
  const cell = {waitUntil: vi.fn<(promise: PromiseLike<unknown>) => void>(), fail: vi.fn()};
  const element = show({runs: "lr > 0.05", metrics: "loss"}, ++cells, cell);
  expect(cell.waitUntil).toHaveBeenCalledOnce();
  await cell.waitUntil.mock.calls[0][0];
  const error = cell.fail.mock.calls[0]?.[0];
  expect([error.name, error.line]).toEqual(["SqlError", undefined]);
  expect(error.message).toMatch(/^Binder Error: Referenced column "lr"/);
  expect(error.hint).toContain("params['lr']::DOUBLE");
  await eventually(() => expect(inside(element).textContent).toContain("params['lr']"));
});

test("a cell does not fail whose curves are there", async () => {
  const cell = {waitUntil: vi.fn<(promise: PromiseLike<unknown>) => void>(), fail: vi.fn()};
  show({runs: "params['lr']::DOUBLE > 0.05", metrics: "loss"}, ++cells, cell);
  await cell.waitUntil.mock.calls[0][0];
  expect(cell.fail).not.toHaveBeenCalled();
});

test("ids that are no runs are said, in the place of the charts or below them", async () => {
  const none = show({runs: ["no-such-run"], metrics: "loss"});
  await eventually(() => expect(panel(none)?.message).toBe("The store has no run no-such-run."));
  const some = show({runs: ["a", "x", "y"], metrics: "loss"});
  await eventually(() => expect(inside(some).textContent).toContain("The store has no runs x, y."));
  expect(scene(some)?.traces).toHaveLength(1);
});

test("a metric that no run has, drawn or drawn over, is said with those that there are", async () => {
  const there = "; they have loss.";
  const metric = show({runs: ["a"], metrics: ["nope"]});
  await eventually(() => expect(panel(metric)?.message).toBe(`No run has the metric nope${there}`));
  const axis = show({runs: ["a"], metrics: "loss", x: "tme"});
  await eventually(() => expect(panel(axis)?.message).toBe(`No run has the metric tme${there}`));
});

test("the mean of a group is over all of its runs, and of each by itself the newest hundred are drawn", async () => {
  for (let seed = 0; seed < 130; seed++) {
    begin(`many${seed}`, {width: 9}, 1000 + seed, "many");
    train(`many${seed}`, 0, [seed, seed]);
  }
  const element = show({notebook: "many", metrics: "loss", band: "minmax"});
  await eventually(() => expect(scene(element)?.traces).toHaveLength(1));
  const {band, line} = scene(element)?.traces[0].trace ?? {};
  expect([line?.y[5], band?.low[5], band?.high[5]]).toEqual([64.5, 0, 129]);
  expect(inside(element).textContent).not.toContain("the newest");
  const select = inside(element).querySelector<HTMLSelectElement>("[aria-label='What is one curve']");
  Object.assign(select as object, {value: "run"});
  select?.dispatchEvent(new Event("change"));
  await eventually(() => expect(inside(element).textContent).toContain("the newest 100 of 130 runs"));
  const cut = show({notebook: "many", metrics: "loss", band: "minmax", limit: 120});
  await eventually(() => expect(inside(cut).textContent).toContain("the newest 120 of 130 runs"));
});

test("there is nothing that a screen reader cannot use", async () => {
  const element = show({runs: ["a", "b"], metrics: "loss"});
  await eventually(() => expect(rows(element)).toHaveLength(2));
  const {violations} = await axe.run(element);
  expect(violations.map(({id, nodes}) => [id, nodes.map(({html}) => html)])).toEqual([]);
});
