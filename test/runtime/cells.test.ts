import {expect, test} from "vitest";
import {cellsOf, type TestInput, TestSession} from "./harness.ts";

/** Template tags that show what they were given. */
const tag = (strings: TemplateStringsArray, ...values: unknown[]) => String.raw(strings, ...values);
const tags = {md: () => tag, htl: {html: tag}, tex: {block: tag}, dot: () => tag};

test("text cells use their tags", async () => {
  const t = await new TestSession(
    [
      [1, "# ${a}", "md"],
      [2, "<b>${a}</b>", "html"],
      [3, "\\frac{1}{${a}}", "tex"],
      [4, "digraph {a -> b}", "dot"],
      [5, "const a = 7;"],
      [6, "", "md"]
    ],
    {builtins: tags}
  ).run();
  expect([1, 2, 3, 4, 6].map((id) => t.shown(id))).toEqual([
    ["# 7"],
    ["<b>7</b>"],
    ["\\frac{1}{7}"],
    ["digraph {a -> b}"],
    []
  ]);
});

test("TypeScript cells lose their types", async () => {
  const t = await new TestSession([
    [1, "interface P { x: number }\nconst p: P = {x: 2};\nconst f = <T,>(v: T): T => v;", "ts"],
    [2, "f<number>(p.x as number)!", "ts"],
    [3, "{a: p.x} satisfies object", "ts"],
    [4, "function g(a: number) { return a; }", "ts"],
    [5, "g(3)"]
  ]).run();
  expect([2, 3, 5].map((id) => t.shown(id))).toEqual([[2], [{a: 2}], [3]]);
});

test("Observable JavaScript: viewof, mutable, blocks, generators", async () => {
  const t = await new TestSession([
    [1, "viewof x = new TestInput(2)", "ojs"],
    [2, "y = { const d = x * 2; return d; }", "ojs"],
    [3, "mutable count = 0", "ojs"],
    [4, "{ mutable count = mutable count + y; }", "ojs"],
    [5, "count", "ojs"],
    [6, "z = { for (let i = 0; i < 3; ++i) yield i; }", "ojs"],
    [7, "viewof x", "ojs"]
  ]).run();
  expect(t.shown(5)).toEqual([4]);
  expect(t.outputs.get(2)?.names).toEqual(["y"]);
  const [input] = t.shown(1) as [TestInput];
  expect(t.shown(7)).toEqual([input]);
  input.set(3);
  await t.session.settled();
  expect(t.shown(5)).toEqual([10]);
  expect(t.shown(3)).toEqual([10]);
  expect(await t.session.value("z")).toBe(2);
  expect(t.session.status(1)?.defines).toEqual(["viewof$x", "x"]);
});

test("imports come from the page", async () => {
  const asked: string[] = [];
  const t = await new TestSession(
    [
      [
        1,
        'import d3, {max as most} from "npm:d3@7";\nimport * as core from "petri/core";\nimport "npm:side";'
      ],
      [2, "[d3, most, core.mlp]"],
      [3, '(await import("npm:dynamic")).default'],
      [4, 'dynamic = import("d3-array")', "ojs"],
      [5, "import.meta.resolve('data.csv')"]
    ],
    {
      baseUrl: "http://localhost/notebooks/a.html",
      importModule: async (specifier) => {
        asked.push(specifier);
        return {default: specifier, max: "max", mlp: "mlp"};
      }
    }
  ).run();
  expect(t.shown(2)).toEqual([["npm:d3@7", "max", "mlp"]]);
  expect(t.shown(3)).toEqual(["npm:dynamic"]);
  expect(t.shown(5)).toEqual(["http://localhost/notebooks/data.csv"]);
  expect(asked.sort()).toEqual(["npm:d3-array", "npm:d3@7", "npm:dynamic", "npm:side", "petri/core"]);
});

test("cells of other languages say that they do not run here", async () => {
  const t = await new TestSession(
    [
      [1, "print(1)", "python", {output: "x"}],
      [2, "x"]
    ],
    {
      builtins: {htl: {html: tag}}
    }
  ).run();
  expect(String(t.shown(1)[0])).toContain("Python");
  expect(t.state(1)).toBe("done");
  expect(t.failure(2)?.message).toContain("does not run in a browser");
});

test("a hidden cell computes and shows nothing", async () => {
  const t = await new TestSession([
    [1, "note(5)", "js", {hidden: true, output: "five"}],
    [2, "five"]
  ]).run();
  expect(t.shown(1)).toEqual([]);
  expect(t.shown(2)).toEqual([5]);
  t.take();
  await t.rerun(1, {hidden: false});
  expect(t.shown(1)).toEqual([5]);
  await t.rerun(1, {hidden: true});
  expect(t.shown(1)).toEqual([]);
  expect(t.take()).toEqual([]);
});

test("builtins can be redefined by the notebook, those bound to cells too", async () => {
  const t = await new TestSession(
    [
      [1, "signal"],
      [2, "special"],
      [3, "1"]
    ],
    {
      cellBuiltins: {special: ({cellId}) => `cell ${cellId}`}
    }
  ).run();
  expect(t.shown(1)[0]).toBeInstanceOf(AbortSignal);
  expect(t.shown(2)).toEqual(["cell 2"]);
  await t.rerun(3, "const special = 'own';");
  expect(t.shown(2)).toEqual(["own"]);
  t.set(t.cells.slice(0, 2));
  await t.session.settled();
  expect(t.shown(2)).toEqual(["cell 2"]);
});

test("a builtin of cells that is still being loaded is waited for, and one that cannot be is the cell's error", async () => {
  const t = await new TestSession(
    [
      [1, "lazy(2)"],
      [2, "missing(2)"],
      [3, "(invalidation, 'not waited for')"]
    ],
    {
      cellBuiltins: {
        lazy:
          async ({cellId}) =>
          (x: number) =>
            `cell ${cellId}: ${x}`,
        missing: () => Promise.reject(new Error("it was not loaded"))
      }
    }
  ).run();
  expect(t.shown(1)).toEqual(["cell 1: 2"]);
  expect(t.failure(2)?.message).toBe("it was not loaded");
  expect(t.shown(3)).toEqual(["not waited for"]);
});

test("a deleted cell takes its names away, and undo brings values and outputs back without running it", async () => {
  const t = await new TestSession([
    [1, "const x = view(new TestInput(1));"],
    [2, "display('one'); display('two'); const a = note(x);"],
    [3, "a + 1"]
  ]).run();
  (t.shown(1)[0] as TestInput).set(5);
  await t.session.settled();
  const {cells} = t;
  const shown = t.shown(2);
  t.take();
  t.set([cells[2]]);
  await t.session.settled();
  expect(t.failure(3)?.message).toBe("a is not defined");
  t.set(cells);
  await t.session.settled();
  expect(t.shown(3)).toEqual([6]);
  expect(t.shown(2)).toEqual(shown);
  expect(t.take()).toEqual([]);
  (t.shown(1)[0] as TestInput).set(7);
  await t.session.settled();
  expect(t.take()).toEqual([7]);
});

test("a deleted cell's signal aborts", async () => {
  const t = await new TestSession([[1, "signal.onabort = () => note('aborted'); 1"]]).run();
  t.set([]);
  expect(t.take()).toEqual(["aborted"]);
});

test("new cells wait to be run; moving cells runs nothing", async () => {
  const t = await new TestSession([
    [1, "note(1)"],
    [2, "note(2)"]
  ]).run();
  t.take();
  t.set([t.cells[1], ...cellsOf([[3, "note(3)"]]), t.cells[0]]);
  await t.session.settled();
  expect(t.take()).toEqual([]);
  expect(t.session.cells().map(({id, state}) => [id, state])).toEqual([
    [2, "done"],
    [3, "idle"],
    [1, "done"]
  ]);
  await t.run([3]);
  expect(t.take()).toEqual([3]);
});

test("renaming what a cell defines does not run it again", async () => {
  const t = await new TestSession([
    [1, "const rate = view(new TestInput(1)), other = note('other');"],
    [2, "const b = note('b');"],
    [3, "[rate, b]"]
  ]).run();
  const [input] = t.shown(1) as [TestInput];
  input.set(4);
  await t.session.settled();
  t.take();
  await t.rerun(1, "const speed = view(new TestInput(1)), other = note('other');");
  await t.rerun(2, "const c = note('b');");
  await t.rerun(3, "[speed, c]");
  expect(t.take()).toEqual([]);
  expect(t.shown(1)).toEqual([input]);
  expect(t.shown(3)).toEqual([[4, "b"]]);
  input.set(6);
  await t.session.settled();
  expect(t.shown(3)).toEqual([[6, "b"]]);
});

test("a cell runs again when told to, though it was not edited or only a comment was", async () => {
  const t = await new TestSession([[1, "note(1)"]]).run();
  await t.run([1]);
  expect(t.take()).toEqual([1]);
  await t.run([1], {force: true});
  expect(t.take()).toEqual([1]);
  t.edit(1, "note(1) // again");
  expect(t.session.status(1)).toMatchObject({state: "done", edited: true});
  await t.run([1]);
  expect(t.take()).toEqual([]);
  t.edit(1, "note(1) // and again");
  await t.run([1], {force: true});
  expect(t.take()).toEqual([1]);
  expect(t.session.status(1)).toMatchObject({state: "done", edited: false});
  t.edit(1, "note(2)");
  expect(t.session.status(1)).toMatchObject({state: "stale", edited: true});
});
