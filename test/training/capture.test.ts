import {expect, it} from "vitest";
import {capture} from "../../src/training/capture/capture.ts";
import {frameOf} from "../../src/training/capture/frames.ts";
import {revive} from "../../src/training/capture/revive.ts";
import {CaptureError} from "../../src/training/errors.ts";

type Scope = Record<string, unknown>;
// biome-ignore lint/complexity/noBannedTypes: scopes are registered for any function.
const scopes = new WeakMap<Function, Scope>();
const sources = {scopeOf: (fn: object) => scopes.get(fn as () => unknown)};

/** A function written as text, so that no build step touches its source, with the scope a cell would give it. */
function define(code: string, scope?: Scope): () => unknown {
  const fn = new Function(`return (${code})`)();
  if (scope) scopes.set(fn, scope);
  return fn;
}

async function travel(fn: () => unknown, modules = {}) {
  const {captured} = capture(fn, {
    ...sources,
    moduleOf: (value) => (value === exported ? {specifier: "m", name: "x"} : undefined)
  });
  return revive(structuredClone(captured), "fn", modules);
}
const exported = () => 42;

const message = (fn: () => unknown) => {
  try {
    capture(fn, sources);
  } catch (error) {
    if (error instanceof CaptureError) return error.message;
    throw error;
  }
  return "captured";
};

it("takes the values of free names along, as they are at the call", async () => {
  const list = [1, 2, {deep: new Float32Array([3])}];
  const fn = define("() => list", {list});
  const {captured} = capture(fn, sources);
  list[0] = 9;
  const {fn: alive} = await revive(structuredClone(captured), "fn", {});
  expect(alive(null)).toEqual([1, 2, {deep: new Float32Array([3])}]);
});

it("sends only what a view shows of its buffer", () => {
  const view = new Float32Array(1000).subarray(10, 12);
  const {captured} = capture(define("() => view", {view}), sources);
  expect((captured.functions[0].scope.view as Float32Array).buffer.byteLength).toBe(8);
});

it("keeps identity and cycles", async () => {
  const node: Scope = {name: "a"};
  node.self = node;
  const {fn} = await travel(define("() => node.self === node && list[0] === node", {node, list: [node]}));
  expect(fn(null)).toBe(true);
});

it("sends functions by source, however they refer to each other and wherever they sit", async () => {
  const even = define("function even(n) { return n === 0 || odd(n - 1); }");
  const odd = define("function odd(n) { return n !== 0 && even(n - 1); }", {even});
  scopes.set(even, {odd});
  const config = {activation: define("(x) => x * gain", {gain: 3}), layers: [even]};
  const {fn} = await travel(
    define("() => [even(10), config.activation(2), config.layers[0] === even]", {even, config})
  );
  expect(fn(null)).toEqual([true, 6, true]);
});

it("sends methods and classes", async () => {
  const {method} = new Function("return {method(x) { return x + 1; }}")() as {method: () => unknown};
  const scope: Scope = {};
  const classes = new Function(
    "scope",
    "class Base { one() { return 1; } }; class Derived extends Base { two() { return this.one() + 1; } }; return {Base, Derived}"
  )() as Record<string, () => unknown>;
  Object.assign(scope, classes);
  scopes.set(classes.Derived, scope);
  const {fn} = await travel(define("() => [Base, method(1) + new Derived().two()]", {method, ...classes}));
  expect((fn(null) as unknown[])[1]).toBe(4);
});

it("refers to exports of the worker's modules by name", async () => {
  const fn = define("() => used() + inside.deep()", {used: exported, inside: {deep: exported}});
  const modules = {m: async () => ({x: () => 1})};
  expect((await travel(fn, modules)).fn(null)).toBe(2);
  await expect(travel(fn, {})).rejects.toThrow("no module m");
  await expect(travel(fn, {m: async () => ({})})).rejects.toThrow("does not export x");
});

it("says what cannot travel, where it sits and what to do", () => {
  expect(message(define("() => a", {a: {b: [Symbol("s")]}}))).toMatch(/a\.b\[0\] is a symbol/);
  expect(message(define("() => a", {a: Promise.resolve(1)}))).toMatch(/a Promise.*Await it first/);
  expect(message(define("() => a", {a: new (class Model {})()}))).toMatch(/a Model.*plain objects/);
  expect(message(define("() => a", {a: new AbortController().signal}))).toMatch(/AbortSignal.*Take signal/);
  expect(message(define("() => a", {a: Math.max}))).toMatch(/built-in or bound/);
  expect(message(define("() => a", {a: (() => 1).bind(null)}))).toMatch(/built-in or bound/);
  expect(message(define("() => a", {a: new Map([["k", () => 1]])}))).toMatch(
    /a\.get\(k\) is a function.*define it in a cell/
  );
});

it("says that a library lives on the page, whether it is used whole or by a name of it", async () => {
  const d3 = await import("d3");
  expect(message(define("() => d3.mean([1])", {d3}))).toMatch(
    /^d3 is a library, which lives on the page.*Compute with it on the page and pass the result/
  );
  // As when a bundler makes an object of the module, and when one function was imported.
  const shortened = define("(values) => Bd(values)");
  for (const scope of [{d3: {mean: shortened}}, {mean: shortened}]) {
    expect(message(define(`() => ${Object.keys(scope)[0]}`, scope))).toMatch(
      /mean, which the training function uses, comes from a library.*lives on the page.*pass the result/
    );
  }
});

it("leaves what is the platform's to the worker, which has its own, and sends what a cell calls so", async () => {
  const code = "() => [globalThis, performance]";
  const {captured} = capture(define(code, {globalThis, performance: 7}), sources);
  expect(captured.functions[0].scope).toEqual({performance: 7});
});

it("explains names that are not there", () => {
  expect(message(define("() => nowhere", {}))).toMatch(/nowhere, which is not defined in the notebook/);
  expect(message(define("() => nowhere"))).toMatch(/nowhere, whose value cannot be seen/);
  expect(message(define("() => ops.mlp()", {}))).toMatch(/Take it from the argument/);
  expect(message(define("() => document.title", {}))).toMatch(/no page/);
  expect(message(define("() => display(1)", {}))).toMatch(/yield a row/);
  expect(message(define("() => Math.max(Infinity, performance.now())", {}))).toBe("captured");
  const helper = define("() => missing", {});
  expect(message(define("() => helper()", {helper}))).toMatch(
    /^helper, which the training function uses, uses missing/
  );
});

it("refuses to write to the page's variables, to import and to read what is not initialised", () => {
  expect(message(define("() => { best = 1; }", {best: 0}))).toMatch(/assigns to best/);
  expect(message(define("() => import('petri/kan')", {}))).toMatch(/import\(\.\.\.\)/);
  expect(message(define("() => __petri.import('petri/kan')", {}))).toMatch(/import\(\.\.\.\)/);
  const scope = Object.defineProperty({}, "late", {
    get() {
      throw new ReferenceError("Cannot access 'late' before initialization");
    },
    enumerable: true
  });
  expect(message(define("() => late", scope))).toMatch(/late, which cannot be read yet: Cannot access/);
});

it("finds the line and column of an error in the function that threw it", async () => {
  const helper = define("(x) => {\n  x.y.z;\n}", {});
  const {fn, scripts} = await travel(define("() => { helper({}); }", {helper}));
  try {
    fn(null);
    expect.unreachable();
  } catch (error) {
    // The helper is the second function; `.z` of undefined is at `z` in line 2.
    expect(frameOf(error, scripts)).toEqual({function: 1, line: 2, column: 7});
  }
  const first = await travel(define("() => { null.x; }", {}));
  try {
    first.fn(null);
    expect.unreachable();
  } catch (error) {
    expect(frameOf(error, first.scripts)).toEqual({function: 0, line: 1, column: 14});
  }
});
