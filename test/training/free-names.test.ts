import {expect, it} from "vitest";
import {freeNames} from "../../src/training/capture/free-names.ts";
import {normalise, parseFunction} from "../../src/training/capture/parse.ts";

const parse = (source: string) => {
  const parsed = parseFunction(source);
  if (!parsed) throw new Error(`does not parse: ${source}`);
  return parsed;
};
const read = (source: string) => freeNames(parse(source).node).read;
const assigned = (source: string) => freeNames(parse(source).node).assigned;

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

it("gives equal text to code that differs only in layout, comments and spelling of literals", () => {
  const text = (source: string) => normalise(parse(source).node);
  expect(text("(a) => { return a + 0x10 /* sixteen */; }")).toBe(text("a=>{\n  return a+16\n}"));
  expect(text("(a) => a + 1")).not.toBe(text("(a) => a + 2"));
  expect(text("() => { return\n1; }")).not.toBe(text("() => { return 1; }"));
  expect(text("() => /a/g")).not.toBe(text("() => /a/i"));
  expect(text("() => 1n")).not.toBe(text("() => 2n"));
});
