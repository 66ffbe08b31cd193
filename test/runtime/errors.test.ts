import {expect, test} from "vitest";
import type {CellError} from "../../src/runtime/types.ts";
import {type CellSpec, type TestInput, TestSession} from "./harness.ts";

async function failureOf(id: number, ...specs: CellSpec[]) {
  const t = await new TestSession(specs).run();
  expect(t.state(id)).toBe("error");
  return t.failure(id) as CellError;
}

test("a syntax error has its place in the source", async () => {
  const error = await failureOf(1, [1, "const a = 1;\nconst b = (a +;"]);
  expect(error).toMatchObject({name: "SyntaxError", message: "Unexpected token", line: 2, column: 15});
});

test("a syntax error in a template has its place in the source", async () => {
  expect(await failureOf(1, [1, "# Title\n\n${1 +}", "md"])).toMatchObject({
    name: "SyntaxError",
    line: 3,
    column: 6
  });
  expect(await failureOf(1, [1, "SELECT 1\nFROM ${(}", "sql"])).toMatchObject({name: "SyntaxError", line: 2});
});

test("a syntax error in TypeScript has its place in the source", async () => {
  expect(await failureOf(1, [1, "const a: number = 1;\nconst b: = 2;", "ts"])).toMatchObject({
    name: "SyntaxError",
    line: 2,
    column: 10
  });
});

test("an exception is shown at the line that threw it", async () => {
  const source = "const a = 1;\nfunction f() {\n  throw new TypeError('no');\n}\nif (a) f();";
  expect(await failureOf(1, [1, source])).toEqual({name: "TypeError", message: "no", line: 3, column: 9});
});

test("an error that knows its place and a way out says both", async () => {
  const source = "throw Object.assign(new Error('no'), {line: 2, column: 3, hint: 'try this'});";
  expect(await failureOf(1, [1, source])).toMatchObject({
    message: "no",
    line: 2,
    column: 3,
    hint: "try this"
  });
});

test("imports and awaits do not shift lines", async () => {
  const t = await new TestSession(
    [[1, 'import {x} from "npm:a";\nimport {y} from "npm:b";\nawait x;\ny();']],
    {
      importModule: async () => ({
        x: 1,
        y: () => {
          throw new Error("inside");
        }
      })
    }
  ).run();
  expect(t.failure(1)).toMatchObject({message: "inside", line: 4});
});

test("lines are right in every kind of cell", async () => {
  expect(await failureOf(1, [1, "viewof x =\n  null.boom", "ojs"])).toMatchObject({line: 2});
  expect(await failureOf(1, [1, "x = {\n  let a = 1;\n  a.b.c;\n}", "ojs"])).toMatchObject({line: 3});
  const types = "interface A {\n  b: number;\n}\ntype C = A;\nconst a = null as unknown as C;\na.b;";
  expect(await failureOf(1, [1, types, "ts"])).toMatchObject({line: 6});
  expect(await failureOf(1, [1, "const a: any =\n\n  null;\n(a as any).x", "ts"])).toMatchObject({line: 4});
});

test("a name that nobody defines is named, with its line", async () => {
  expect(await failureOf(1, [1, "const a = 1;\na + nothing"])).toMatchObject({
    name: "RuntimeError",
    message: "nothing is not defined",
    line: 2
  });
});

test("a failed input names the cell that failed", async () => {
  const error = await failureOf(2, [1, "const a = (() => { throw new Error('bad'); })();"], [2, "a + 1"]);
  expect(error).toMatchObject({message: "bad", cells: [1]});
});

test("names defined twice name their cells, and heal", async () => {
  const t = await new TestSession([
    [1, "const a = 1;"],
    [2, "const a = 2, b = 3;"],
    [3, "a"]
  ]).run();
  expect(t.failure(1)).toMatchObject({name: "DuplicateDefinitionError", cells: [2]});
  expect(t.failure(1)?.message).toBe("a is defined more than once, in cell 1 and cell 2.");
  expect(t.failure(2)).toMatchObject({name: "DuplicateDefinitionError", cells: [1]});
  expect(t.failure(3)).toMatchObject({name: "DuplicateDefinitionError", cells: [1, 2]});
  await t.rerun(2, "const c = 2, b = 3;");
  expect(t.states()).toBe("done done done");
  expect(t.shown(3)).toEqual([1]);
});

test("a circle names its members, and heals", async () => {
  const t = await new TestSession([
    [1, "const a = c + 1;"],
    [2, "const b = a + 1;"],
    [3, "const c = b + 1;"],
    [4, "c"]
  ]).run();
  const error = t.failure(2);
  expect(error).toMatchObject({name: "CircularDefinitionError", cells: expect.arrayContaining([1, 3])});
  expect(error?.message).toContain("b → c → a → b");
  expect(t.failure(4)?.name).toMatch(/Error/);
  await t.rerun(1, "const a = 1;");
  expect(t.shown(4)).toEqual([3]);
});

test("a cell whose source is broken takes its names with it, and brings them back", async () => {
  const t = await new TestSession([
    [1, "const a = 1;"],
    [2, "a"]
  ]).run();
  await t.rerun(1, "const a = ;");
  expect(t.states()).toBe("error error");
  expect(t.failure(2)).toMatchObject({cells: [1]});
  await t.rerun(1, "const a = 5;");
  expect(t.shown(2)).toEqual([5]);
  expect(t.session.status(1)?.error).toBeUndefined();
});

test("a failed evaluation is forgotten by the next", async () => {
  const t = await new TestSession([
    [1, "const x = view(new TestInput(1));"],
    [2, "if (x === 1) throw new Error('one'); display(x);"]
  ]).run();
  expect(t.failure(2)).toMatchObject({message: "one", line: 1});
  (t.shown(1)[0] as TestInput).set(2);
  await t.session.settled();
  expect(t.shown(2)).toEqual([2]);
  expect(t.session.status(2)?.error).toBeUndefined();
});

test("an output that fails fails its cell", async () => {
  const t = await new TestSession([
    [1, "display('shown'); const a = Promise.reject(new Error('late')), b = 1;"],
    [2, "b"]
  ]).run();
  expect(t.session.status(1)).toMatchObject({state: "error", error: {message: "late"}});
  expect(t.shown(2)).toEqual([1]);
});

test("imports that cannot be had say so", async () => {
  expect(await failureOf(1, [1, 'import {chart} from "@d3/bar-chart"', "ojs"])).toMatchObject({
    name: "ImportError",
    message: expect.stringContaining("@d3/bar-chart")
  });
  expect(await failureOf(1, [1, 'import {chart} from "observable:@d3/bar-chart";'])).toMatchObject({
    name: "ImportError"
  });
  expect(await failureOf(1, [1, 'import * as a from "jsr:@a/b";'])).toMatchObject({name: "ImportError"});
});

test("a module without the wanted export says what it has", async () => {
  const t = await new TestSession([[1, 'import {min, mox} from "npm:d3";']], {
    importModule: async () => ({min: 1, max: 2})
  }).run();
  expect(t.failure(1)?.message).toBe("npm:d3 has no export named mox; it has min, max.");
});

test("a slip of the pen that is taken back runs nothing again", async () => {
  const t = await new TestSession([
    [1, "const a = note(1);"],
    [2, "a"]
  ]).run();
  await t.rerun(1, "const a = note(1;");
  await t.rerun(1, "const a = note((1;");
  await t.rerun(1, "const a = note(1);");
  expect(t.take()).toEqual([1]);
  expect(t.shown(2)).toEqual([1]);
});

test("what a cell started may fail later, at its line, and leaves what is shown", async () => {
  const failure = Object.assign(new Error("diverged"), {line: 3, column: 5, cellId: 1});
  const elsewhere = Object.assign(new Error("elsewhere"), {line: 3, cellId: 7});
  const t = await new TestSession(
    [
      [1, "start(1)"],
      [2, "start(2)"]
    ],
    {
      cellBuiltins: {
        start:
          ({cellId, display, fail}) =>
          () => {
            display("card");
            fail(cellId === 1 ? failure : elsewhere);
          }
      }
    }
  ).run();
  expect(t.session.status(1)?.error).toEqual({name: "Error", message: "diverged", line: 3, column: 5});
  expect(t.session.status(2)?.error?.line).toBeUndefined();
  expect(t.shown(1)).toEqual(["card"]);
  expect(t.outputs.get(1)?.notes).toEqual([[t.session.status(1)?.error, failure]]);
});

test("what is thrown need not be an error", async () => {
  expect(await failureOf(1, [1, "if (true) throw 'text';"])).toEqual({
    name: "Error",
    message: "The cell threw text"
  });
});

test("a name that a training function should take from its argument is said so", async () => {
  const train = {cellBuiltins: {train: () => () => null}};
  const t = await new TestSession(
    [
      [1, "train(async function* ({}) {\n  ops.mlp(1);\n})"],
      [2, "ops"],
      [3, "train(async function* () { nothing; })"]
    ],
    train
  ).run();
  expect(t.failure(1)).toEqual({
    name: "RuntimeError",
    message: "ops is not defined",
    hint: "Take it from the argument: async function* ({ops}) {...}.",
    line: 2
  });
  for (const id of [2, 3]) expect(t.failure(id)?.hint).toMatch(/Define it in another cell/);
});

test("an error in another cell's code names that cell and its line, once", async () => {
  const start =
    ({cellId, fail}: {cellId: number; fail(error: unknown): void}) =>
    () => {
      const message = cellId === 1 ? "no" : "no (in cell 7, line 3)";
      fail(Object.assign(new Error(message), {line: 3, column: 5, cellId: 7}));
    };
  const t = await new TestSession(
    [
      [1, "start()"],
      [2, "start()"]
    ],
    {cellBuiltins: {start}}
  ).run();
  for (const id of [1, 2]) {
    expect(t.session.status(id)?.error).toEqual({
      name: "Error",
      message: "no (in cell 7, line 3)",
      cells: [7]
    });
  }
});

test("a TypeScript expression below blank lines and comments fails at its line", async () => {
  expect(await failureOf(1, [1, "\n\nnull!.foo", "ts"])).toEqual({
    name: "TypeError",
    message: expect.any(String),
    line: 3
  });
  expect(await failureOf(1, [1, "// why\n\n{\n  a: 1,\n\n  b: null!.foo\n}", "ts"])).toMatchObject({line: 6});
  expect(await failureOf(1, [1, "/* a */ (null as any)\n  .b", "ts"])).toMatchObject({line: 2});
});

test("what is thrown and is no Error is shown", async () => {
  expect((await failureOf(1, [1, "throw {code: 5};"])).message).toBe(
    'The cell threw {"code":5}, which is no Error'
  );
  expect((await failureOf(1, [1, "throw 'plain';"])).message).toBe("The cell threw plain");
  expect((await failureOf(1, [1, "const a = {}; a.a = a; throw a;"])).message).toMatch(/\[object Object\]/);
  const long = (await failureOf(1, [1, "throw {text: 'x'.repeat(1000)};"])).message;
  expect(long.length).toBeLessThan(260);
  expect(long).toMatch(/x…/);
});
