import {readdirSync, readFileSync} from "node:fs";
import {toCell} from "@observablehq/notebook-kit";
import {JSDOM} from "jsdom";
import {beforeAll, describe, expect, test} from "vitest";
import {compileCell} from "../../src/runtime/compile.ts";
import {openNotebookFile} from "../../src/runtime/file.ts";
import type {CellMode} from "../../src/runtime/types.ts";
import {loadTypeScript} from "../../src/runtime/typescript.ts";

beforeAll(loadTypeScript);

const compile = (value: string, mode: CellMode = "js", fields = {}) =>
  compileCell(toCell({id: 1, value, mode, ...fields}));

/** Whether two sources compute the same, as far as the compiler can tell. */
const same = (a: string, b: string, mode?: CellMode) => compile(a, mode).code === compile(b, mode).code;

describe("sources that compute the same", () => {
  test.each<[string, string, CellMode?]>([
    ["a + b", "a+b // sum"],
    ["a + b;", "a + b ;"],
    ["'x'", '"x"'],
    ["const f = (x) => x + y;", "const f = (longer) => (longer + y);"],
    ["const a = [1, 2,];", "const a = [\n  1,\n  2\n];"],
    ["for (let i = 0; i < n; ++i) f(i);", "for (let j = 0; j < n; ++j) f(j);"],
    ["const {x: a, ...rest} = o;", "const { x: a, ...rest } = o"],
    ["x => { try { y() } catch (e) { z(e) } }", "v => { try { y() } catch (error) { z(error) } }"],
    ["a = (x) => x * b", "a = value => value * b // times", "ojs"],
    ["type A = number;\nconst x: A = 1;", "const x = 1 as number;", "ts"],
    ["SELECT 1 -- one", "SELECT\n  1", "sql"],
    ["SELECT ${a + b}", "SELECT ${ a+b }", "sql"]
  ])("%s ~ %s", (a, b, mode) => expect(same(a, b, mode)).toBe(true));
});

describe("sources that do not", () => {
  test.each<[string, string, CellMode?]>([
    ["a + b", "b + a"],
    ["const a = 1;", "const b = 1;"],
    ["const a = 1;", "let a = 1;"],
    ["x => x + y", "y => y + y"],
    ["(a, b) => a - b", "(a, b) => b - a"],
    ["f(() => {\nreturn\n1})", "f(() => {return 1})"],
    ["true", "false"],
    ["false", "null"],
    ["1n", "1"],
    ["/a/g", "/a/i"],
    ["`\\n`", "`\n`"],
    ["o.x", "o.y"],
    ["o?.x", "o.x"],
    ["f(...a)", "f(a)"],
    ["await a", "a"],
    ["# a", "# b", "md"],
    ["\\sum", "\\prod", "tex"],
    ["SELECT 'a b'", "SELECT 'a  b'", "sql"],
    ["SELECT ${a}", "SELECT ${b}", "sql"],
    ["viewof a = b", "a = b", "ojs"]
  ])("%s !~ %s", (a, b, mode) => expect(same(a, b, mode)).toBe(false));
});

test("a name's rename keeps the shape", () => {
  const shape = (source: string, mode?: CellMode) => compile(source, mode).shape();
  expect(shape("const a = f(1), b = 2;")).toBe(shape("const c = f(1), d = 2;"));
  expect(shape("viewof a = f(1)", "ojs")).toBe(shape("viewof b = f(1)", "ojs"));
  expect(shape("const a = f(1);")).not.toBe(shape("const a = f(2);"));
  expect(shape("const a = f(1), b = 2;")).not.toBe(shape("const b = 2, a = f(1);"));
});

test("inputs and outputs of every kind of cell", () => {
  expect(compile("const a = b, {c, d: [e]} = f; function g() {} class H {}")).toMatchObject({
    inputs: ["b", "f"],
    outputs: ["a", "c", "e", "g", "H"]
  });
  expect(compile("a; b")).toMatchObject({outputs: [], autodisplay: false});
  expect(compile("a + b")).toMatchObject({inputs: ["a", "b"], autodisplay: true});
  expect(compile("display(a)")).toMatchObject({inputs: ["display", "a"], autodisplay: false});
  expect(compile("a", "js", {output: "x", hidden: true})).toMatchObject({output: "x", autodisplay: false});
  expect(compile("mutable x = viewof y + mutable z", "ojs")).toMatchObject({
    inputs: ["viewof$y", "mutable$z"],
    output: "mutable x",
    automutable: true
  });
  expect(compile("SELECT ${a}", "sql", {output: "rows"})).toMatchObject({
    inputs: ["db", "a", "__grid"],
    output: "viewof$rows",
    autoview: true
  });
  expect(compile("SELECT 1", "sql", {database: "var:mine"}).inputs).toEqual(["mine", "__grid"]);
  expect(compile("SELECT 1", "sql", {database: "warehouse"}).inputs).toEqual(["DatabaseClient", "__grid"]);
});

describe("every cell of the notebooks at hand compiles", () => {
  const parser = new new JSDOM().window.DOMParser();
  const names = ["notebooks", "test/corpus"].flatMap((folder) =>
    readdirSync(folder).map((name) => `${folder}/${name}`)
  );
  test.each(names.filter((name) => name.endsWith(".html")))("%s", (name) => {
    const {notebook} = openNotebookFile(readFileSync(name, "utf8"), {parser});
    for (const cell of notebook.cells) expect(compileCell(cell).id).toBe(cell.id);
  });
});
