import {expect, test} from "vitest";
import {describeState} from "../../../src/cells/app/cell-state.ts";
import {cellsToRun, changedCell} from "../../../src/cells/app/document-changes.ts";
import {formatAgo, formatBytes, formatDuration} from "../../../src/cells/app/format.ts";
import {listed} from "../../../src/cells/app/listed.ts";
import {TAKE} from "../../../src/cells/app/open-notebook.ts";
import {notebookHash, parseRoute, sameOriginUrl} from "../../../src/cells/app/router.ts";
import {chooseTheme} from "../../../src/cells/app/theme.ts";
import type {Cell, CellStatus, Notebook} from "../../../src/runtime/types.ts";

test.each([
  ["", {page: "home"}],
  ["#/", {page: "home"}],
  ["#/help/keys", {page: "keys"}],
  ["#/notebook/quickstart", {page: "notebook", name: "quickstart"}],
  ["#/notebook/a/b%2Ec", {page: "notebook", name: "a/b.c"}],
  ["#/notebook?url=notebooks%2Fx.html", {page: "address", url: "notebooks/x.html"}],
  ["#/notebook?", {page: "unknown", hash: "#/notebook?"}],
  ["#/notebook/%E0%A4%A", {page: "unknown", hash: "#/notebook/%E0%A4%A"}],
  ["#/elsewhere", {page: "unknown", hash: "#/elsewhere"}],
  ["#a-heading", null]
])("the address %j", (hash, route) => {
  expect(parseRoute(hash)).toEqual(route);
});

test("a folder with an index is listed as its index, after the single notebooks", () => {
  const entries = ["a/one", "index", "ref/core/dense", "ref/core/index", "ref/index", "runs"].map((name) => {
    return {name, title: name, summary: "", modifiedAt: 0, sizeBytes: 0};
  });
  expect(listed(entries).map(({name}) => name)).toEqual(["a/one", "index", "runs", "ref/index"]);
});

test("a notebook's address finds the notebook", () => {
  expect(parseRoute(notebookHash("pruning/lottery.2"))).toEqual({
    page: "notebook",
    name: "pruning/lottery.2"
  });
});

test("only addresses of the same origin are opened", () => {
  const base = "https://example.org/petri/";
  expect(sameOriginUrl("notebooks/x.html", base)).toBe("https://example.org/petri/notebooks/x.html");
  expect(sameOriginUrl("https://example.org/y.html", base)).toBe("https://example.org/y.html");
  for (const url of [
    "https://evil.example/x.html",
    "//evil.example/x",
    "data:text/html,x",
    "javascript:alert(1)",
    "http://["
  ])
    expect(sameOriginUrl(url, base), url).toBeNull();
});

test("a notebook's theme counts where it fits the reader's choice", () => {
  expect(chooseTheme("air", "auto", true)).toBeNull();
  expect(chooseTheme("coffee", "auto", false)).toBe("coffee");
  expect(chooseTheme("coffee", "light", false)).toBeNull();
  expect(chooseTheme("coffee", "dark", false)).toBe("coffee");
  const pair = {light: "cotton", dark: "ink"} as const;
  expect(chooseTheme(pair, "auto", true)).toBe("ink");
  expect(chooseTheme(pair, "light", true)).toBe("cotton");
  expect(chooseTheme({light: "air", dark: "ink"}, "light", false)).toBeNull();
});

const cell = (id: number, value = `${id}`): Cell => ({id, value, mode: "js", pinned: true, hidden: false});
const notebook = (...cells: Cell[]): Notebook => ({cells, title: "", theme: "air", readOnly: false});

test("typing runs nothing, and neither do moves, new cells and copies", () => {
  const before = notebook(cell(1), cell(2));
  expect(cellsToRun(before, notebook(cell(1), cell(2, "edited")), "edit cell")).toEqual([]);
  expect(cellsToRun(before, notebook(cell(2), cell(1)), "move cell")).toEqual([]);
  expect(cellsToRun(before, notebook(cell(1), cell(2), cell(3, "")), "add cell")).toEqual([]);
  expect(cellsToRun(before, notebook(cell(1), cell(2), cell(3)), "duplicate cell")).toEqual([]);
  expect(cellsToRun(before, notebook(cell(1)), "delete cell")).toEqual([]);
});

test("what was cut, joined or brought back runs", () => {
  const one = notebook(cell(1, "a\nb"), cell(2));
  const cut = notebook(cell(1, "a"), cell(3, "b"), cell(2));
  expect(cellsToRun(one, cut, "split cell")).toEqual([1, 3]);
  expect(cellsToRun(cut, one, "merge cells")).toEqual([1]);
  expect(cellsToRun(notebook(cell(2)), one, "undo")).toEqual([1]);
});

test("what a newer file changed runs, and the rest does not", () => {
  const before = notebook(cell(1), cell(2), cell(3));
  const taken = notebook(cell(1), cell(2, "other"), {...cell(3), pinned: !cell(3).pinned});
  expect(cellsToRun(before, taken, TAKE)).toEqual([2]);
});

test("a change is about the cell that was edited, came, moved, or stands where one went", () => {
  const [one, two, three] = [cell(1), cell(2), cell(3)];
  const all = [one, two, three];
  expect(changedCell(all, [one, cell(2, "edited"), three], 3)).toBe(2);
  expect(changedCell([one, three], all, 3)).toBe(2);
  expect(changedCell(all, [one, three], 1)).toBe(3);
  expect(changedCell(all, [one, two], 1)).toBe(2);
  expect(changedCell([one], [], 1)).toBeNull();
  expect(changedCell(all, all, 1)).toBeNull();
  expect(changedCell(all, [two, three, one], null)).toBe(1);
  expect(changedCell(all, [three, one, two], null)).toBe(3);
  expect(changedCell(all, [two, one, three], 2)).toBe(2);
});

const status: CellStatus = {id: 1, mode: "js", state: "done", defines: [], references: [], edited: false};

test("a state in words says when and how long", () => {
  expect(describeState(undefined, 0)).toBe("not run yet");
  expect(describeState({...status, durationMs: 38, startedAt: 0}, 5000)).toBe("done in 38 ms, just now");
  expect(describeState({...status, state: "running", startedAt: 0}, 120_000)).toBe(
    "running, started 2 minutes ago"
  );
  const error = {name: "SyntaxError", message: "Unexpected token"};
  expect(describeState({...status, state: "error", error}, 0)).toBe("SyntaxError: Unexpected token");
  expect(describeState({...status, state: "stale"}, 0)).toBe("out of date");
  expect(describeState({...status, state: "stale", edited: true}, 0)).toBe("edited and not run");
  expect(describeState({...status, state: "stale", edited: true, stopped: true}, 0)).toBe("stopped");
});

test("numbers for people", () => {
  expect([0.02, 0.4, 38.4, 2400, 185_000].map(formatDuration)).toEqual([
    "<0.1 ms",
    "0.4 ms",
    "38 ms",
    "2.4 s",
    "3 min 05 s"
  ]);
  expect([0, 312, 4200, 18e6, 2.5e9].map(formatBytes)).toEqual(["0 B", "312 B", "4.2 kB", "18 MB", "2.5 GB"]);
  expect([10_000, 5 * 60_000, 86_400_000].map((age) => formatAgo(1e12 - age, 1e12))).toEqual([
    "just now",
    "5 minutes ago",
    "yesterday"
  ]);
});
