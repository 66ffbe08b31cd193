import {expect, it} from "vitest";
import {freeNames} from "../../src/training/capture/free-names.ts";
import {normalise} from "../../src/training/capture/normalise.ts";
import {parseFunction} from "../../src/training/capture/parse.ts";

const parse = (source: string) => {
  const parsed = parseFunction(source);
  if (!parsed) throw new Error(`does not parse: ${source}`);
  return parsed;
};
const read = (source: string) => freeNames(parse(source).node).read.sort();
const assigned = (source: string) => freeNames(parse(source).node).assigned.sort();

it("finds the names a function reads but does not declare", () => {
  expect(read("() => a + b.c[d]")).toEqual(["a", "b", "d"]);
  expect(read("async function* f({ops, params: {width = w}}) { yield ops.mlp(width); f(); }")).toEqual(["w"]);
  expect(read("(x, ...rest) => { const {y, z: [q]} = x; return [y, q, rest, z]; }")).toEqual(["z"]);
});

it("keeps to block, function and catch scopes", () => {
  expect(read("() => { { let a = 1; } return a; }")).toEqual(["a"]);
  expect(read("() => { { var a = 1; } return a; }")).toEqual([]);
  expect(read("() => { try { go(); } catch (e) { e; } return e; }")).toEqual(["e", "go"]);
  expect(read("() => { for (const i of xs) i; return i; }")).toEqual(["i", "xs"]);
  expect(read("() => { switch (k) { case 1: let a = 2; } return a; }")).toEqual(["a", "k"]);
  expect(read("() => { inner(); function inner() { return arguments; } }")).toEqual([]);
  expect(read("() => arguments")).toEqual(["arguments"]);
});

it("does not take property names, labels and methods for names", () => {
  expect(read("() => { out: for (;;) { break out; } return {a: 1, b() { return c; }, [d]: 2, e}; }")).toEqual(
    ["c", "d", "e"]
  );
});

it("sees through classes", () => {
  expect(read("class A extends B { static x = A.y; #z = q; m() { return this.#z + A; } }")).toEqual([
    "B",
    "q"
  ]);
});

it("tells assignment from reading", () => {
  expect(assigned("() => { let a; a = 1; b = 2; c++; [d.e] = [f]; ({g} = h); }")).toEqual(["b", "c", "g"]);
});

it("does not count a name that only typeof asks about", () => {
  expect(read('() => typeof window === "undefined"')).toEqual([]);
});

it("parses methods, and nothing that is not a function", () => {
  expect(parse("async *train({ops}) { yield a; }").method).toBe(true);
  expect(read("async *train({ops}) { yield a; }")).toEqual(["a"]);
  expect(parseFunction("function push() { [native code] }")).toBeNull();
});

const text = (source: string, given: string[] = []) => normalise(parse(source).node, given);

it("gives equal text to code that differs only in layout, comments and spelling of literals", () => {
  expect(text("(a) => { return a + 0x10 /* sixteen */; }")).toBe(text("a=>{\n  return a+16\n}"));
  expect(text("(a) => a + 1")).not.toBe(text("(a) => a + 2"));
  expect(text("() => { return\n1; }")).not.toBe(text("() => { return 1; }"));
  expect(text("() => /a/g")).not.toBe(text("() => /a/i"));
  expect(text("() => 1n")).not.toBe(text("() => 2n"));
  expect(text("() => 1e999")).not.toBe(text("() => null"));
});

it("gives equal text to code that differs only in the names of its variables", () => {
  const one =
    "async function* train({ops, params: {rate}}) { for (let i = 0; i < 3; ++i) yield {step: i, loss: f(rate)}; function f(x) { return x; } }";
  const two =
    "async function* other({ops: o, params: {rate: r}}) { for (let step = 0; step < 3; ++step) yield {step, loss: g(r)}; function g(f) { return f; } }";
  expect(text(one)).toBe(text(two));
  expect(text("() => lr * Math.exp(x)", ["lr", "x"])).toBe(text("() => rate * Math.exp(y)", ["rate", "y"]));
  expect(text("() => { try { go(); } catch (e) { log(e); } }")).toBe(
    text("() => { try { go(); } catch (error) { log(error); } }")
  );
});

it("gives different text where names lead elsewhere", () => {
  expect(text("(a, b) => a - b")).not.toBe(text("(a, b) => b - a"));
  expect(text("(a, b) => a - b")).not.toBe(text("(b, a) => a - b"));
  expect(text("() => a - b", ["a", "b"])).not.toBe(text("() => b - a", ["a", "b"]));
  expect(text("(x) => { { let x = 1; } return x; }")).not.toBe(text("(x) => { { let x = 1; return x; } }"));
  expect(text("() => Math.exp(1)")).not.toBe(text("() => math.exp(1)"));
  expect(text("() => ({loss: 1})")).not.toBe(text("() => ({cost: 1})"));
  expect(text("(a) => a.loss")).not.toBe(text("(a) => a.cost"));
  // Twice in one, once in the other, for a tag that reads the raw text.
  expect(text("() => String.raw`\\n`")).not.toBe(text("() => String.raw`\n`"));
  expect(text("() => { function f(f) { return f; } return f(1); }")).not.toBe(
    text("() => { function f(g) { return f; } return f(1); }")
  );
});
