import {expect, test} from "vitest";
import {placeOf, scopeOf} from "../../src/runtime/capture.ts";
import {TestSession} from "./harness.ts";

// biome-ignore lint/complexity/noBannedTypes: as in capture.ts
type AnyFunction = Function;

/** Runs cells with a train() that keeps the functions it is given. */
async function trained(...cells: string[]): Promise<AnyFunction[]> {
  const functions: AnyFunction[] = [];
  const t = new TestSession(
    cells.map((source, i) => [i + 1, source]),
    {cellBuiltins: {train: () => (fn: AnyFunction) => functions.push(fn)}}
  );
  await t.run();
  expect(t.session.cells().map(({error}) => error)).toEqual(cells.map(() => undefined));
  return functions;
}

test("a training function is known with its free names", async () => {
  const [fn] = await trained(
    "const rate = 0.5;",
    "const width = 3;\ntrain(function* ({ops}) { const own = width * rate; yield Math.sqrt(own); })"
  );
  expect(scopeOf(fn)).toEqual({width: 3, rate: 0.5});
});

test("its text is what the cell says", async () => {
  const text = `async function* () {
    const layer = (x) => x;
    function step() { return layer(1); }
    yield step();
  }`;
  const [fn] = await trained(`train(${text})`);
  expect(String(fn)).toBe(text);
});

test("it is known where it begins", async () => {
  const [fn] = await trained("import.meta;\n  train(() => 1)");
  expect(placeOf(fn)).toEqual({cellId: 1, line: 2, column: 9});
});

test("helpers are known, in whatever way they are declared", async () => {
  const [fn] = await trained(
    "const k = 2;",
    "function double(x) { return x * k; }\nconst square = (x) => x ** k, one = 1;\nclass Net { width = k }",
    "train(() => double(square(new Net().width)))"
  );
  const scope = scopeOf(fn) as Record<string, AnyFunction>;
  expect(Object.keys(scope)).toEqual(["double", "square", "Net"]);
  expect(scope.square.name).toBe("square");
  for (const helper of Object.values(scope)) expect(scopeOf(helper)).toEqual({k: 2});
  expect(String(scope.double)).toBe("function double(x) { return x * k; }");
});

test("helpers of a function that trains are known", async () => {
  const [fn] = await trained(
    "const start = (rate) => { const fn = () => rate; return train(fn); };\nstart(7);"
  );
  expect(scopeOf(fn)).toEqual({rate: 7});
});

test("a recursive function has itself in its scope", async () => {
  const [fn] = await trained("const f = (n) => n ? f(n - 1) : 0;\ntrain(() => f(3))");
  const {f} = scopeOf(fn) as {f: AnyFunction};
  expect(scopeOf(f)).toEqual({f});
});

test("Observable JavaScript functions are known", async () => {
  const functions: AnyFunction[] = [];
  await new TestSession(
    [
      [1, "k = 3", "ojs"],
      [2, "f = (x) => x * k", "ojs"],
      [3, "run = train(function*() { yield f(1) })", "ojs"]
    ],
    {cellBuiltins: {train: () => (fn: AnyFunction) => functions.push(fn)}}
  ).run();
  const {f} = scopeOf(functions[0]) as {f: AnyFunction};
  expect(scopeOf(f)).toEqual({k: 3});
});

test("shadowed names and properties are not free", async () => {
  const [fn] = await trained(
    "const a = 1, b = 2, c = 3, d = 4;",
    "train(function* (a) { { const b = 1; a + b; } for (const c of [d]) c; ({c: a.c}); try {} catch (e) { e } })"
  );
  expect(scopeOf(fn)).toEqual({d: 4});
});

test("the lines of a TypeScript function are those of its source", async () => {
  const functions: AnyFunction[] = [];
  await new TestSession(
    [
      [
        1,
        "interface A {\n  b: 1;\n}\nconst start = () => train(() => {\n\n  type B = A;\n  return 1;\n});\nstart();",
        "ts"
      ]
    ],
    {cellBuiltins: {train: () => (fn: AnyFunction) => functions.push(fn)}}
  ).run();
  expect(placeOf(functions[0])).toMatchObject({cellId: 1, line: 4, lines: [4, 7, 8]});
});
