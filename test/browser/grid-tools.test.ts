import {tableFromArrays, tableFromIPC} from "apache-arrow";
import axe from "axe-core";
import {parquetReadObjects} from "hyparquet";
import {afterEach, expect, test, vi} from "vitest";
import {userEvent} from "vitest/browser";
import {cellGrids, grid} from "../../src/cells/grid/grid.ts";
import type {GridValue, PetriGrid} from "../../src/cells/grid/petri-grid.ts";
import {tableRenderer} from "../../src/cells/grid/renderer.ts";
import {FakeView} from "../cells/grid/support/fake-view.ts";

afterEach(() => document.body.replaceChildren());

async function show(value: GridValue | PetriGrid, width = 600): Promise<PetriGrid> {
  const element = value instanceof HTMLElement ? (value as PetriGrid) : grid(value as GridValue);
  element.style.width = `${width}px`;
  document.body.append(element);
  await element.updateComplete;
  await element.updateComplete;
  return element;
}

const all = (element: PetriGrid, selector: string) => [
  ...element.renderRoot.querySelectorAll<HTMLElement>(selector)
];
const scroller = (element: PetriGrid) => all(element, ".scroller")[0];
const head = (element: PetriGrid, name: string) =>
  all(element, "[role=columnheader]").find((cell) =>
    cell.querySelector(".name")?.textContent?.startsWith(name)
  ) as HTMLElement;
const heads = (element: PetriGrid) =>
  all(element, "[role=columnheader] .name").map(({textContent}) => textContent);
const cell = (element: PetriGrid, id: string) => element.renderRoot.querySelector<HTMLElement>(`#${id}`);
const foot = (element: PetriGrid) => all(element, ".count")[0].textContent?.replace(/\s+/g, " ").trim();

/** The open panel's root, once it is open. */
async function panel(element: PetriGrid, name: "menu" | "columns"): Promise<ShadowRoot> {
  const found = await vi.waitUntil(() => element.renderRoot.querySelector(`petri-grid-${name}:popover-open`));
  return found.shadowRoot as ShadowRoot;
}

async function menu(element: PetriGrid, name: string): Promise<ShadowRoot> {
  head(element, name).querySelector<HTMLElement>(".more")?.click();
  return panel(element, "menu");
}

const button = (root: ParentNode, text: string) =>
  [...root.querySelectorAll<HTMLElement>("button")].find(
    (one) => one.textContent?.trim() === text
  ) as HTMLElement;

const colors = ["red", "green", "blue"];
const rows = (count: number) =>
  Array.from({length: count}, (_, i) => ({i, color: colors[i % 3], x: i / 10, even: i % 2 === 0}));

test("a text filter and one of the frequent values leave the rows that have them, and a chip takes it away", async () => {
  const element = await show(rows(30));
  const root = await menu(element, "color");
  const box = await vi.waitUntil(() => root.querySelector<HTMLInputElement>("li input"));
  box.click();
  await vi.waitFor(() => expect(foot(element)).toBe("10 of 30 rows × 4 columns"));
  expect(all(element, ".chip").map(({textContent}) => textContent?.trim())).toEqual(["color is red×"]);
  const search = root.querySelector<HTMLInputElement>("input[type=search]") as HTMLInputElement;
  search.focus();
  await userEvent.keyboard("E");
  await vi.waitFor(() => expect(all(element, ".chip").length).toBe(2));
  for (const chip of all(element, ".chip")) {
    chip.click();
    await element.updateComplete;
    break;
  }
  await vi.waitFor(() => expect(all(element, ".chip").length).toBe(1));
});

test("a range of numbers is typed, and what is no number says so and filters nothing", async () => {
  const element = await show(rows(30));
  const root = await menu(element, "x");
  const [from, to] = root.querySelectorAll<HTMLInputElement>("input.end");
  const type = (input: HTMLInputElement, text: string) => {
    input.value = text;
    input.dispatchEvent(new Event("change"));
  };
  type(from, "1");
  await vi.waitFor(() => expect(foot(element)).toContain("20 of 30 rows"));
  type(to, "1.55");
  await vi.waitFor(() => expect(foot(element)).toContain("6 of 30 rows"));
  type(to, "many");
  expect(to.getAttribute("aria-invalid")).toBe("true");
  expect(foot(element)).toContain("6 of 30 rows");
  expect(all(element, ".chip")[0].textContent).toContain("x 1.0 to 1.6");
});

test("columns are pinned, hidden, shown again, and written as chosen", async () => {
  const element = await show(rows(30));
  let root = await menu(element, "x");
  button(root, "Pin left").click();
  await vi.waitFor(() => expect(heads(element)).toEqual(["x", "i", "color", "even"]));
  const select = root.querySelector<HTMLSelectElement>(
    "select[aria-label='Written as']"
  ) as HTMLSelectElement;
  select.value = "percent";
  select.dispatchEvent(new Event("change"));
  await vi.waitFor(() => expect(cell(element, "c5-0")?.textContent).toBe("50.0 %"));
  root = await menu(element, "color");
  button(root, "Hide").click();
  await vi.waitFor(() => expect(heads(element)).toEqual(["x", "i", "even"]));
  expect(foot(element)).toBe("30 rows × 3 of 4 columns");
  button(element.renderRoot, "Columns").click();
  root = await panel(element, "columns");
  const boxes = () => [...root.querySelectorAll<HTMLInputElement>("li input")];
  expect(boxes().map(({checked}) => checked)).toEqual([true, false, true, true]);
  boxes()[1].click();
  await vi.waitFor(() => expect(heads(element)).toEqual(["x", "i", "color", "even"]));
});

test("a pinned column stays while the others scroll, but not where it would fill a narrow place", async () => {
  const wide = [Object.fromEntries(Array.from({length: 40}, (_, i) => [`column ${i}`, i]))];
  const state = cellGrids()(1)(wide).state;
  state.pinned = {"column 7": true};
  const element = grid(wide, state);
  await show(element, 400);
  scroller(element).scrollLeft = 2000;
  await vi.waitUntil(() => !cell(element, "c0-1"));
  const left = () => cell(element, "c0-0")?.getBoundingClientRect().left;
  expect(left()).toBe(scroller(element).getBoundingClientRect().left);
  element.style.width = "90px";
  await vi.waitUntil(() => !cell(element, "c0-0"));
});

test("drawing over a distribution filters by its bins, and a click on a share by its value", async () => {
  const element = await show(rows(300), 800);
  const bars = await vi.waitUntil(() => head(element, "i").querySelector(".histogram"));
  expect(bars.getAttribute("aria-label")).toBe("0 to 299");
  const {left, top, width} = bars.getBoundingClientRect();
  const at = (share: number) => ({
    clientX: left + share * width,
    clientY: top + 5,
    bubbles: true,
    composed: true,
    pointerId: 1,
    button: 0,
    buttons: 1
  });
  scroller(element).setPointerCapture = () => {};
  bars.dispatchEvent(new PointerEvent("pointerdown", at(0.01)));
  scroller(element).dispatchEvent(new PointerEvent("pointermove", at(0.49)));
  scroller(element).dispatchEvent(new PointerEvent("pointerup", at(0.49)));
  await vi.waitFor(() => expect(foot(element)).toBe("150 of 300 rows × 4 columns"));
  const share = await vi.waitUntil(() => head(element, "color").querySelector("[data-share=red]"));
  await userEvent.click(share);
  await vi.waitFor(() => expect(foot(element)).toBe("50 of 300 rows × 4 columns"));
  // The distribution of a column is that of all rows the other filters leave: its own is drawn in it.
  await vi.waitFor(() =>
    expect(head(element, "i").querySelector("path.bars:not(.inside)")?.getAttribute("d")).not.toBe("")
  );
});

test("a head's menu opens by key, closes by Escape, and gives the focus back", async () => {
  const element = await show(rows(5));
  scroller(element).focus();
  await userEvent.keyboard("{ArrowUp}{ArrowRight}{Alt>}{ArrowDown}{/Alt}");
  const root = await panel(element, "menu");
  expect(root.querySelector("h2")?.textContent).toBe("color");
  await vi.waitUntil(() => root.activeElement !== null);
  await userEvent.keyboard("{Escape}");
  await vi.waitUntil(() => !element.renderRoot.querySelector("petri-grid-menu:popover-open"));
  expect(element.shadowRoot?.activeElement).toBe(scroller(element));
  await userEvent.keyboard("{Alt>}{ArrowRight}{/Alt}");
  await vi.waitUntil(() => element.state.widths.color > 0);
});

test("what was chosen outlives the next result of the cell, also where it has other columns", async () => {
  const gridOf = cellGrids()(3);
  const first = await show(gridOf(rows(30)));
  first.arrange({
    filters: [{column: "color", op: "in", values: ["red"]}],
    orders: [{column: "i", descending: true}],
    hidden: {even: true},
    widths: {i: 99}
  });
  first.remove();
  const second = await show(gridOf(rows(60)));
  expect(foot(second)).toBe("20 of 60 rows × 3 of 4 columns");
  expect(cell(second, "c0-0")?.textContent).toBe("57");
  expect(head(second, "i").style.width).toBe("99px");
  second.remove();
  const other = await show(gridOf([{y: 1}]));
  expect(foot(other)).toBe("1 row × 1 column");
});

test("the next result takes over an open menu and the focus in it, and the focus of the rows", async () => {
  const gridOf = cellGrids()(4);
  const next = async (previous: PetriGrid | null, count: number) => {
    previous?.remove();
    return show(gridOf(rows(count)));
  };
  const first = await next(null, 30);
  const root = await menu(first, "color");
  const search = root.querySelector<HTMLInputElement>("input[type=search]") as HTMLInputElement;
  search.focus();
  await userEvent.keyboard("e");
  const second = await next(first, 31);
  const taken = await panel(second, "menu");
  await vi.waitUntil(() => (taken.activeElement as HTMLInputElement)?.type === "search");
  expect((taken.activeElement as HTMLInputElement).value).toBe("e");
  // The first one empties the field, as everywhere.
  await userEvent.keyboard("{Escape}{Escape}");
  await vi.waitUntil(() => second.shadowRoot?.activeElement === scroller(second));
  const third = await next(second, 32);
  await vi.waitUntil(() => third.shadowRoot?.activeElement === scroller(third));
  const elsewhere = document.body.appendChild(document.createElement("input"));
  elsewhere.focus();
  await next(third, 33);
  expect(document.activeElement).toBe(elsewhere);
});

test("lists of numbers are lines that say what they show", async () => {
  const element = await show([{curve: [3, 2, 1]}, {curve: null}]);
  const line = cell(element, "c0-0") as HTMLElement;
  expect(line.querySelector("svg path")).not.toBeNull();
  expect(line.title).toBe("3 values, 3 to 1");
  expect(cell(element, "c1-0")?.textContent).toBe("null");
});

test("a query's rows are fetched as they come into view, also the last of ten million", async () => {
  const view = new FakeView(10_000_000);
  const element = await show(view);
  await vi.waitFor(() => expect(cell(element, "c0-0")?.textContent).toBe("0"));
  expect(view.asked.length).toBeLessThan(4);
  scroller(element).scrollTop = scroller(element).scrollHeight;
  await vi.waitUntil(() => cell(element, "c9999999-1")?.textContent === "row 9999999");
  expect(foot(element)).toBe("10,000,000 rows × 2 columns");
  const previous = tableRenderer.render(new FakeView(3), element);
  expect(previous).toBe(element);
  await vi.waitFor(() => expect(foot(element)).toBe("3 rows × 2 columns"));
});

test("while rows are on their way the heads stand and the cells wait", async () => {
  const view = new FakeView(1000);
  view.hold();
  const element = await show(view);
  expect(heads(element)).toEqual(["i", "name"]);
  expect(all(element, ".waiting").length).toBeGreaterThan(10);
  expect(scroller(element).getAttribute("aria-busy")).toBe("true");
  view.release();
  await vi.waitFor(() => expect(cell(element, "c1-1")?.textContent).toBe("row 1"));
  expect(all(element, ".waiting").length).toBe(0);
});

test("a query is sorted and filtered in the database, and exported whole", async () => {
  const view = new FakeView(1000);
  const element = await show(view);
  await userEvent.click(head(element, "i").querySelector(".name") as HTMLElement);
  await vi.waitUntil(() => element.state.orders.length === 1);
  await userEvent.click(head(element, "i").querySelector(".name") as HTMLElement);
  await vi.waitFor(() => expect(cell(element, "c0-0")?.textContent).toBe("999"));
  element.arrange({filters: [{column: "name", op: "contains", text: "ROW 1"}]});
  await vi.waitFor(() => expect(foot(element)).toBe("111 of 1,000 rows × 2 columns"));
  const files: Blob[] = [];
  const spy = vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => {
    files.push(blob as Blob);
    return "#";
  });
  for (const format of ["CSV", "Arrow", "Parquet"]) {
    button(element.renderRoot, format).click();
    await vi.waitUntil(() => files.length === ["CSV", "Arrow", "Parquet"].indexOf(format) + 1, {
      timeout: 10_000
    });
  }
  spy.mockRestore();
  const lines = (await files[0].text()).trim().split("\n");
  expect([lines.length, lines[1]]).toEqual([112, "199,row 199"]);
  const arrow = tableFromIPC(await files[1].arrayBuffer());
  expect([arrow.numRows, arrow.getChild("i")?.get(0)]).toEqual([111, 199]);
  const parquet = await parquetReadObjects({file: await files[2].arrayBuffer()});
  expect([parquet.length, parquet[0]]).toEqual([111, {i: 199, name: "row 199"}]);
});

test("a table that is sorted, filtered and has hidden columns is exported so, with its types", async () => {
  const files: Blob[] = [];
  const spy = vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => {
    files.push(blob as Blob);
    return "#";
  });
  const element = await show(
    tableFromArrays({n: Int32Array.of(1, 2, 3), s: ["a", "b", "c"], z: ["", "", ""]})
  );
  element.arrange({
    orders: [{column: "n", descending: true}],
    filters: [{column: "s", op: "!=", value: "b"}],
    hidden: {z: true}
  });
  button(element.renderRoot, "Arrow").click();
  await vi.waitUntil(() => files.length === 1);
  spy.mockRestore();
  const table = tableFromIPC(await files[0].arrayBuffer());
  expect(table.schema.fields.map(({name, type}) => `${name} ${type}`)).toEqual([
    "n Int32",
    "s Dictionary<Int32, Utf8>"
  ]);
  expect(table.toArray().map(({n, s}) => [n, s])).toEqual([
    [3, "c"],
    [1, "a"]
  ]);
});

test("a query that fails says why below the rows", async () => {
  const view = new FakeView(1000);
  view.error = new Error("Out of memory");
  const element = await show(view);
  await vi.waitFor(() => expect(foot(element)).toContain("Out of memory"));
});

test("the open panels have the roles and names that assistive technology needs", async () => {
  const element = await show(rows(300), 800);
  await vi.waitUntil(() => head(element, "i").querySelector(".histogram"));
  const check = async () => {
    const {violations} = await axe.run(element, {rules: {region: {enabled: false}}});
    expect(violations.map(({id, nodes}) => [id, nodes[0].html])).toEqual([]);
  };
  element.arrange({filters: [{column: "x", op: "between", low: 1, high: 2}]});
  for (const name of ["x", "color", "even"]) {
    await menu(element, name);
    await check();
    element.renderRoot.querySelector<HTMLElement>("petri-grid-menu")?.hidePopover();
  }
  button(element.renderRoot, "Columns").click();
  await panel(element, "columns");
  await check();
});
