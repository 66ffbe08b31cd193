import {tableFromArrays, tableFromIPC} from "apache-arrow";
import axe from "axe-core";
import {afterEach, expect, test, vi} from "vitest";
import {userEvent} from "vitest/browser";
import {cellGrids, grid} from "../../src/cells/grid/grid.ts";
import {PetriGrid} from "../../src/cells/grid/petri-grid.ts";
import {tableRenderer} from "../../src/cells/grid/renderer.ts";
import {createOutput} from "../../src/cells/output/create-output.ts";

afterEach(() => document.body.replaceChildren());

async function show(element: PetriGrid): Promise<PetriGrid> {
  element.style.width = "400px";
  document.body.append(element);
  await element.updateComplete;
  await element.updateComplete;
  return element;
}

const all = (element: PetriGrid, selector: string) => [
  ...element.renderRoot.querySelectorAll<HTMLElement>(selector)
];
const scroller = (element: PetriGrid) => all(element, ".scroller")[0];
const cell = (element: PetriGrid, id: string) => element.renderRoot.querySelector<HTMLElement>(`#${id}`);
const texts = (element: PetriGrid, column: number) =>
  all(element, `[role=gridcell][data-column="${column}"]`).map(({textContent}) => textContent);

const million = () => {
  const x = Float64Array.from({length: 1_000_000}, (_, i) => i / 2);
  return tableFromArrays({x, y: Int32Array.from(x, (v) => -v)});
};

test("draws only what is in view of a million rows, and any row when scrolled to", async () => {
  const element = await show(grid(million()));
  expect(all(element, "[role=row]").length).toBeLessThan(30);
  expect(scroller(element).getAttribute("aria-rowcount")).toBe("1000001");
  expect(element.renderRoot.textContent).toContain("1,000,000 rows × 2 columns");
  scroller(element).scrollTop = scroller(element).scrollHeight;
  await vi.waitUntil(() => cell(element, "c999999-0"));
  expect(cell(element, "c999999-0")?.textContent).toBe("499,999.5");
});

test("a sort that brings wider figures into view makes room for them", async () => {
  // The large one is not among the rows that the width is found from.
  const element = await show(
    grid(Array.from({length: 1000}, (_, i) => ({n: i === 601 ? 123_456_789_012 : 1})))
  );
  const narrow = cell(element, "c0-0")?.clientWidth as number;
  element.arrange({orders: [{column: "n", descending: true}]});
  await vi.waitFor(() => expect(cell(element, "c0-0")?.textContent).toBe("123,456,789,012"));
  await element.updateComplete;
  const {scrollWidth, clientWidth} = cell(element, "c0-0") as HTMLElement;
  expect(clientWidth).toBeGreaterThan(narrow);
  expect(scrollWidth).toBeLessThanOrEqual(clientWidth);
  const head = all(element, "[role=columnheader]")[0];
  expect(head.clientWidth).toBe(clientWidth);
});

test("the right side fades as long as there is more to scroll to", async () => {
  const element = await show(
    grid([Object.fromEntries(Array.from({length: 30}, (_, i) => [`column ${i}`, i]))])
  );
  const fades = () => all(element, ".more-right").length;
  expect(fades()).toBe(1);
  scroller(element).scrollLeft = 1e6;
  await vi.waitFor(() => expect(fades()).toBe(0));
  expect(await show(grid([{a: 1}])).then((small) => all(small, ".more-right").length)).toBe(0);
});

test("draws only the columns in view of a wide table", async () => {
  const wide = [Object.fromEntries(Array.from({length: 500}, (_, i) => [`column ${i}`, i]))];
  const element = await show(grid(wide));
  expect(all(element, "[role=columnheader]").length).toBeLessThan(12);
  scroller(element).scrollLeft = 1e6;
  await vi.waitUntil(() => cell(element, "c0-499"));
});

test("text takes the width that is free, and numbers stay below their heads", async () => {
  const rows = Array.from({length: 5000}, (_, i) => ({s: `row ${i}`, n: i, t: "wide ".repeat(15)}));
  const element = await show(grid(rows));
  Object.assign(element.style, {width: "1000px", maxWidth: "none"});
  scroller(element).scrollTop = scroller(element).scrollHeight;
  await vi.waitUntil(() => cell(element, "c4999-2"));
  await vi.waitFor(() => {
    for (const column of [0, 2]) {
      const {scrollWidth, clientWidth} = cell(element, `c4999-${column}`) as HTMLElement;
      expect(scrollWidth).toBeLessThanOrEqual(clientWidth);
    }
    const sides = ["c-1-1", "c4999-1"].map((id) => cell(element, id)?.getBoundingClientRect().right);
    expect(sides[0]).toBe(sides[1]);
  });
  element.style.width = "300px";
  await vi.waitFor(() => expect(scroller(element).scrollWidth).toBeGreaterThan(300));
});

test("a click on a header sorts up, down and back", async () => {
  const element = await show(grid([{x: 2}, {x: 3}, {x: null}, {x: 1}]));
  const head = () => cell(element, "c-1-0") as HTMLElement;
  const click = async () => {
    await userEvent.click(head());
    await element.updateComplete;
  };
  await click();
  await vi.waitFor(() => expect(texts(element, 0)).toEqual(["1", "2", "3", "null"]));
  expect(head().getAttribute("aria-sort")).toBe("ascending");
  await click();
  await vi.waitFor(() => expect(texts(element, 0)).toEqual(["3", "2", "1", "null"]));
  await click();
  await vi.waitFor(() => expect(texts(element, 0)).toEqual(["2", "3", "null", "1"]));
});

test("keys move, select, sort and copy", async () => {
  const element = await show(grid(Array.from({length: 100}, (_, i) => ({n: 99 - i, s: `row ${i}`}))));
  scroller(element).focus();
  await userEvent.keyboard("{Control>}{End}{/Control}");
  await vi.waitUntil(() => scroller(element).getAttribute("aria-activedescendant") === "c99-1");
  await userEvent.keyboard("{Control>}{Home}{/Control}{Shift>}{ArrowDown}{ArrowRight}{/Shift}");
  await vi.waitUntil(() => all(element, "[aria-selected=true]").length === 4);
  const copied = new Promise<string | undefined>((resolve) => {
    document.addEventListener("copy", (event) => resolve(event.clipboardData?.getData("text/plain")), {
      once: true
    });
  });
  scroller(element).dispatchEvent(
    new ClipboardEvent("copy", {
      bubbles: true,
      composed: true,
      cancelable: true,
      clipboardData: new DataTransfer()
    })
  );
  expect(await copied).toBe("n\ts\n99\trow 0\n98\trow 1\n");
  await userEvent.keyboard("{Control>}{Home}{/Control}{ArrowUp}{Enter}");
  await vi.waitFor(() => expect(texts(element, 0)[0]).toBe("0"));
});

test("a cell's next result keeps order and scroll position", async () => {
  const gridOf = cellGrids()(7);
  const rows = Array.from({length: 200}, (_, x) => ({x}));
  const first = await show(gridOf(rows));
  for (const _ of [1, 2]) {
    await userEvent.click(cell(first, "c-1-0")?.querySelector(".name") as HTMLElement);
    await first.updateComplete;
  }
  await vi.waitFor(() => expect(texts(first, 0)[0]).toBe("199"));
  scroller(first).scrollTop = 1000;
  await vi.waitUntil(() => cell(first, "c50-0"));
  first.remove();
  const second = await show(gridOf([...rows, {x: 200}]));
  expect(scroller(second).scrollTop).toBe(1000);
  await vi.waitFor(() => expect(cell(second, "c50-0")?.textContent).toBe("150"));
  const other = await show(cellGrids()(8)(rows));
  expect(texts(other, 0)[0]).toBe("0");
});

test("a displayed Arrow table is a grid, which the next evaluation takes over", async () => {
  const host = document.body.appendChild(document.createElement("div"));
  const output = createOutput(host, {renderers: [tableRenderer]});
  output.display(tableFromArrays({x: Int32Array.of(1, 2)}));
  const element = host.firstElementChild as PetriGrid;
  expect(element).toBeInstanceOf(PetriGrid);
  await element.updateComplete;
  expect(texts(element, 0)).toEqual(["1", "2"]);
  output.clear();
  output.display(tableFromArrays({x: Int32Array.of(3)}));
  output.display([{x: 1}]);
  expect(host.firstElementChild).toBe(element);
  expect(host.children[1]).not.toBeInstanceOf(PetriGrid);
  await vi.waitFor(() => expect(texts(element, 0)).toEqual(["3"]));
});

test.each([
  ["a statement that changed rows", [2n], "Done. 2 rows."],
  ["a statement that says nothing", [], "Done."]
])("%s is a line, no table", async (_, counts, text) => {
  const table = tableFromArrays({Count: BigInt64Array.from(counts)});
  table.schema.metadata.set("statement", "INSERT");
  const element = await show(grid(table));
  expect(element.renderRoot.textContent?.trim()).toBe(text);
  expect(scroller(element)).toBeUndefined();
});

test("downloads the whole table as CSV and as Arrow", async () => {
  const files: Blob[] = [];
  const spy = vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => {
    files.push(blob as Blob);
    return "#";
  });
  const element = await show(grid(tableFromArrays({x: Int32Array.of(1, 2), s: ["a,b", "c"]})));
  for (const name of ["CSV", "Arrow"]) {
    all(element, ".foot button")
      .find(({textContent}) => textContent === name)
      ?.click();
    await vi.waitUntil(() => files.length === ["CSV", "Arrow"].indexOf(name) + 1);
  }
  spy.mockRestore();
  expect(await files[0].text()).toBe('x,s\n1,"a,b"\n2,c\n');
  expect(
    tableFromIPC(await files[1].arrayBuffer())
      .toArray()
      .map(({x, s}) => [x, s])
  ).toEqual([
    [1, "a,b"],
    [2, "c"]
  ]);
});

test("its value is the table it shows, and hostile text stays text", async () => {
  const rows = [{a: "<img src=x onerror=alert(1)>"}];
  const element = await show(grid(rows));
  expect(element.value).toBe(rows);
  expect(element.renderRoot.querySelector("img")).toBeNull();
  expect(texts(element, 0)).toEqual(["<img src=x onerror=alert(1)>"]);
});

test.each([[[]], [[{a: 1, b: "x"}]]])(
  "has the roles and names that assistive technology needs (%j)",
  async (rows) => {
    const element = await show(grid(rows));
    const {violations} = await axe.run(element, {rules: {region: {enabled: false}}});
    expect(violations.map(({id, nodes}) => [id, nodes[0].html])).toEqual([]);
  }
);
