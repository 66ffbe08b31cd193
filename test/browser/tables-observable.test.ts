import * as Inputs from "@observablehq/inputs";
import * as Plot from "@observablehq/plot";
import {afterAll, expect, test} from "vitest";
import {openMemoryJournal} from "../../src/tables/journal/open.ts";
import {Tables} from "../../src/tables/open.ts";

const tables = new Tables({
  journal: async () => openMemoryJournal(),
  extensionRepository: new URL("duckdb-ext", location.href).href
});
const {db} = tables;
afterAll(() => tables.dispose());

const result = () => db.sql`SELECT 'r' || (x % 2) AS run, x AS step, x / 4 AS loss,
  TIMESTAMP '2025-11-21 00:00:00' + to_hours(x::INTEGER) AS time, DATE '2024-01-01' + x::INTEGER AS day FROM range(100) t(x)`;

test("Plot draws a result, numbers on linear and times on temporal scales", async () => {
  const data = await result();
  const chart = Plot.plot({marks: [Plot.line(data, {x: "time", y: "step", stroke: "run"})]}) as SVGElement &
    Plot.Plot;
  expect(chart.scale("x")?.type).toBe("utc");
  expect(chart.scale("y")).toMatchObject({type: "linear", domain: [0, 99]});
  expect(chart.querySelectorAll("path[stroke]").length).toBeGreaterThanOrEqual(2);
});

test("Plot groups a result and takes its rows as objects", async () => {
  const data = await result();
  const bars = Plot.plot({marks: [Plot.barY(data, Plot.groupX({y: "count"}, {x: "run"}))]});
  expect(bars.querySelectorAll("rect")).toHaveLength(2);
  const dots = Plot.plot({marks: [Plot.dot([...data], {x: (d) => d.step, y: (d) => d.loss})]});
  expect(dots.querySelectorAll("circle")).toHaveLength(100);
});

test.each([
  ["a result", result],
  ["the rows of a result", async () => [...(await result())]]
])("Inputs.table shows %s", async (_, give) => {
  const element = Inputs.table(await give());
  document.body.append(element);
  expect([...element.querySelectorAll("th")].map((th) => th.textContent?.trim()).filter(Boolean)).toEqual([
    "run",
    "step",
    "loss",
    "time",
    "day"
  ]);
  const first = [...(element.querySelector("tbody tr")?.querySelectorAll("td") ?? [])].map(
    (td) => td.textContent
  );
  expect(first).toEqual(expect.arrayContaining(["r0", "0", "2025-11-21", "2024-01-01"]));
  element.remove();
});
