// The cases of the test-suite of @observablehq/runtime (6.0), in our words, on our subclass.
import type {Variable} from "@observablehq/runtime";
import {describe, expect, test} from "vitest";
import {create, outcomeOf, pass, range, reachable, values} from "./observable-runtime.ts";

describe("variable.define", () => {
  test.each<[string, (variable: Variable) => Variable]>([
    ["name, inputs, function", (v) => v.define("foo", [], () => 42)],
    ["inputs, function", (v) => v.define([], () => 42)],
    ["name, function", (v) => v.define("foo", () => 42)],
    ["function", (v) => v.define(() => 42)],
    ["null, inputs, constant", (v) => v.define(null, [], 42)],
    ["inputs, constant", (v) => v.define([], 42)],
    ["name, constant", (v) => v.define("foo", 42)],
    ["constant", (v) => v.define(42)],
    ["a promise", (v) => v.define(() => new Promise((resolve) => setImmediate(resolve, 42)))],
    ["an async function", (v) => v.define(async () => 42)]
  ])("takes %s", async (_, define) => {
    expect(await outcomeOf(define(create().module().variable(true)))).toEqual({value: 42});
  });

  test("named variables can be read", async () => {
    const main = create().module();
    main.variable(true).define("foo", () => 42);
    expect(await values(main.variable(true).define("bar", ["foo"], (foo: number) => foo + 1))).toEqual([43]);
  });

  test("a missing input is an error until it is defined", async () => {
    const main = create().module();
    const foo = main.variable(true);
    const bar = main.variable(true).define("bar", ["foo"], (foo: unknown) => foo);
    expect(await values(foo, bar)).toEqual([undefined, "RuntimeError: foo is not defined"]);
    foo.define("foo", 1);
    expect(await values(foo, bar)).toEqual([1, 1]);
  });

  test("an erroneous input is passed on with its message", async () => {
    const main = create().module();
    const foo = main.variable(true).define("foo", ["baz"], () => 1);
    const bar = main.variable(true).define("bar", ["foo"], () => 2);
    const message = "RuntimeError: baz is not defined";
    expect(await values(foo, bar)).toEqual([message, message]);
  });

  test("duplicate names are errors until one is renamed", async () => {
    const main = create().module();
    const one = main.variable(true).define("foo", 1);
    const two = main.variable(true).define("foo", 2);
    const reader = main.variable(true).define(null, ["foo"], (foo: unknown) => foo);
    const message = "RuntimeError: foo is defined more than once";
    expect(await values(one, two, reader)).toEqual([message, message, message]);
    two.define("bar", 2);
    expect(await values(one, two, reader)).toEqual([1, 2, 1]);
  });

  test("three of a name heal only when one is left", async () => {
    const main = create().module();
    const [a, b, c] = [1, 2, 3].map((value) => main.variable(true).define("foo", value));
    const message = "RuntimeError: foo is defined more than once";
    expect(await values(a, b, c)).toEqual([message, message, message]);
    b.delete();
    expect(await values(a, c)).toEqual([message, message]);
    c.delete();
    expect(await values(a)).toEqual([1]);
  });

  test("reachability follows the references", async () => {
    const runtime = create();
    const main = runtime.module();
    const other = runtime.module();
    const quux = other.define("quux", [], () => 42);
    const baz = other.define("baz", ["quux"], (quux: unknown) => `baz-${quux}`);
    const bar = other.define("bar", ["quux"], (quux: unknown) => `bar-${quux}`);
    const foo = main.variable(true).define("foo", ["bar", "baz", "quux"], (...all: unknown[]) => all);
    for (const name of ["bar", "baz", "quux"]) main.variable().import(name, other);
    expect(await values(foo)).toEqual([["bar-42", "baz-42", 42]]);
    expect([quux, baz, bar, foo].map(reachable)).toEqual([true, true, true, true]);
    foo.define("foo", [], () => "foo");
    expect(await values(foo)).toEqual(["foo"]);
    expect([quux, baz, bar, foo].map(reachable)).toEqual([false, false, false, true]);
  });

  test("an unreachable circle is no error until it is reached, and then for all that read it", async () => {
    const runtime = create();
    const main = runtime.module();
    const other = runtime.module();
    let returned = false;
    const bar = other.define("bar", ["baz"], (baz: unknown) => `bar-${baz}`);
    const baz = other.define("baz", ["quux"], (quux: unknown) => `baz-${quux}`);
    const quux = other.define("quux", ["bar"], function* (bar: unknown) {
      try {
        while (true) yield `quux-${bar}`;
      } finally {
        returned = true;
      }
    });
    expect(await values(bar, baz, quux)).toEqual([undefined, undefined, undefined]);
    expect([bar, baz, quux].map(reachable)).toEqual([false, false, false]);
    main.variable().import("bar", other);
    const foo = main.variable(true).define("foo", ["bar"], (bar: unknown) => bar);
    const message = "RuntimeError: circular definition";
    expect(await values(bar, baz, quux, foo)).toEqual([message, message, message, message]);
    foo.define("foo", [], () => "foo");
    expect(await values(foo)).toEqual(["foo"]);
    expect([bar, baz, quux].map(reachable)).toEqual([false, false, false]);
    expect(returned).toBe(false);
  });

  test("a circle heals when it is broken, and a self-reference is one", async () => {
    const main = create().module();
    const a = main.variable(true).define("a", ["b"], (b: number) => b + 1);
    const b = main.variable(true).define("b", ["a"], (x: number) => x + 1);
    const self = main.variable(true).define("self", ["self"], (x: unknown) => x);
    const message = "RuntimeError: circular definition";
    expect(await values(a, b, self)).toEqual([message, message, message]);
    b.define("b", 1);
    expect(await values(a, b)).toEqual([2, 1]);
  });

  test("generators that become unreachable are returned, reachable ones are not", async () => {
    const runtime = create();
    const main = runtime.module();
    const other = runtime.module();
    let returned = false;
    const bar = other.define("bar", [], function* () {
      try {
        while (true) yield 1;
      } finally {
        returned = true;
      }
    });
    const foo = main.variable(true).define("foo", ["bar"], (bar: unknown) => bar);
    const baz = main.variable(true).define("baz", ["bar"], (bar: unknown) => bar);
    main.variable().import("bar", other);
    expect(await values(foo, baz)).toEqual([1, 1]);
    foo.define("foo", [], () => "foo");
    expect(await values(foo, baz)).toEqual(["foo", 1]);
    expect(returned).toBe(false);
    baz.define("baz", [], () => "baz");
    await pass(runtime);
    expect(returned).toBe(true);
    expect(reachable(bar)).toBe(false);
  });

  test("builtins can be masked, and come back", async () => {
    const main = create({color: "red"}).module();
    const mask = main.define("color", "green");
    const foo = main.variable(true).define(null, ["color"], (color: unknown) => color);
    expect(await values(foo)).toEqual(["green"]);
    mask.delete();
    expect(await values(foo)).toEqual(["red"]);
  });

  test.each<[string, () => unknown]>([
    ["generator functions", () => range(3)],
    ["promises of generators", async () => range(3)],
    [
      "generators of promises",
      function* () {
        for (const i of range(3)) yield Promise.resolve(i);
      }
    ],
    [
      "async generators",
      async function* () {
        yield* range(3);
      }
    ]
  ])("yields the values of %s one after another and keeps the last", async (_, definition) => {
    const foo = create().module().variable(true).define("foo", [], definition);
    const seen: unknown[] = [];
    for (let i = 0; i < 8; i++) {
      const [value] = await values(foo);
      if (seen.at(-1) !== value) seen.push(value);
    }
    expect(seen).toEqual([0, 1, 2]);
  });

  test("the yield expression is the value that was yielded", async () => {
    const runtime = create();
    const got: unknown[] = [];
    runtime
      .module()
      .variable(true)
      .define("foo", [], function* () {
        for (const i of range(2)) got.push(yield i);
      });
    await pass(runtime, 6);
    expect(got).toEqual([0, 1]);
  });

  test("dependants see every value of a synchronous generator in its own frame", async () => {
    const runtime = create();
    const main = runtime.module();
    const seen: unknown[] = [];
    main.define("foo", [], () => range(3));
    main.variable(true).define("bar", ["foo"], (foo: unknown) => void seen.push(foo));
    await pass(runtime, 8);
    expect(seen).toEqual([0, 1, 2]);
  });

  test("a generator that throws fails itself and its dependants", async () => {
    const runtime = create();
    const main = runtime.module();
    const failures: unknown[] = [];
    const observer = {rejected: (error: unknown, name: string | null) => failures.push(`${name}: ${error}`)};
    main.variable(observer).define("foo", [], function* () {
      yield 1;
      throw new Error("fooed");
    });
    main.variable(observer).define("bar", ["foo"], (foo: unknown) => foo);
    await pass(runtime, 6);
    expect(failures).toEqual(["foo: Error: fooed", "bar: RuntimeError: fooed"]);
  });

  test("a new definition takes the place of the old, for dependants too", async () => {
    const main = create().module();
    const foo = main.variable(true).define("foo", [], () => 1);
    const bar = main
      .variable(true)
      .define("bar", ["foo"], (foo: unknown) => new Promise((resolve) => setImmediate(resolve, foo)));
    expect(await values(foo, bar)).toEqual([1, 1]);
    foo.define("foo", [], () => 2);
    expect(await values(foo, bar)).toEqual([2, 2]);
  });

  test.each(["variable", "input"])("a late result of a redefined %s is ignored", async (which) => {
    const runtime = create();
    const main = runtime.module();
    let late: (value: string) => void = () => {};
    const bar = main.variable().define("bar", [], () => new Promise((resolve) => (late = resolve)));
    const seen: unknown[] = [];
    const foo = main
      .variable({fulfilled: (value) => seen.push(value)})
      .define("foo", ["bar"], (bar: unknown) => (which === "variable" ? new Promise(() => {}) : bar));
    await pass(runtime);
    if (which === "variable") foo.define("foo", [], () => "new");
    else bar.define("bar", [], () => "new");
    late("old");
    await pass(runtime);
    if (which === "input") expect(await values(foo)).toEqual(["new"]);
    expect(seen).not.toContain("old");
  });

  test("a redefined variable waits for its former computation, unless it is abandoned", async () => {
    const runtime = create();
    const main = runtime.module();
    const log: string[] = [];
    let end: () => void = () => {};
    const foo = main.variable(true).define("foo", [], async () => {
      log.push("first");
      await new Promise<void>((resolve) => (end = resolve));
      log.push("first ended");
    });
    await pass(runtime);
    foo.define("foo", [], () => void log.push("second"));
    await pass(runtime);
    expect(log).toEqual(["first"]);
    end();
    await pass(runtime);
    expect(log).toEqual(["first", "first ended", "second"]);
  });

  test("definitions that were replaced before their turn are never called", async () => {
    const runtime = create();
    const log: number[] = [];
    const foo = runtime.module().variable(true);
    for (const i of range(3)) foo.define("foo", [], () => void log.push(i));
    await pass(runtime);
    expect(log).toEqual([2]);
  });

  test("unreachable variables are not computed, whatever they read", async () => {
    const main = create().module();
    let evaluated = false;
    const foo = main.variable(true).define("foo", [], () => 1);
    const baz = main.variable().define("baz", ["foo"], () => (evaluated = true));
    expect(await values(foo, baz)).toEqual([1, undefined]);
    expect(evaluated).toBe(false);
  });

  test("each variable is computed once however its inputs meet", async () => {
    const runtime = create();
    const main = runtime.module();
    let count = 0;
    const a = main.variable(true).define("a", 1);
    main.define("b", ["a"], (a: number) => a + 1);
    main.define("c", ["a"], (a: number) => a + 2);
    const d = main.variable(true).define("d", ["b", "c"], (b: number, c: number) => ++count && b + c);
    expect(await values(d)).toEqual([5]);
    a.define("a", 2);
    expect(await values(d)).toEqual([7]);
    expect(count).toBe(2);
  });

  test("the former value is this", async () => {
    const runtime = create();
    const main = runtime.module();
    const a = main.variable(true).define("a", 1);
    const sum = main.variable(true).define("sum", ["a"], function (this: unknown, a: number) {
      return ((this as number | undefined) ?? 0) + a;
    } as never);
    expect(await values(sum)).toEqual([1]);
    a.define("a", 5);
    expect(await values(sum)).toEqual([6]);
  });

  test("globals are those that are allowed, read once, and can be overridden at any time", async () => {
    let magic = 0;
    const main = create(undefined, (name) => {
      if (name === "magic") return ++magic;
      throw new Error(`${name} thrown`);
    }).module();
    const foo = main.variable(true).define(["magic"], (magic: number) => magic * 2);
    const oops = main.variable(true).define(["oops"], (oops: unknown) => oops);
    expect(await values(foo, foo, oops)).toEqual([2, 2, "RuntimeError: oops thrown"]);
    main.variable().define("magic", [], () => 21);
    expect(await values(foo)).toEqual([42]);
  });

  test("the page's globals are there, other names are not", async () => {
    const main = create().module();
    const [math, magic] = ["Math", "magic"].map((name) =>
      main.variable(true).define([name], (x: unknown) => x)
    );
    expect(await values(math, magic)).toEqual([Math, "RuntimeError: magic is not defined"]);
  });

  test("invalidation resolves when the variable is computed again", async () => {
    const runtime = create();
    const main = runtime.module();
    const log: unknown[] = [];
    const a = main.variable(true).define("a", 1);
    main.variable(true).define(["a", "invalidation"], (a: number, invalidation: Promise<void>) => {
      void invalidation.then(() => log.push(a));
    });
    await pass(runtime);
    expect(log).toEqual([]);
    a.define("a", 2);
    await pass(runtime);
    expect(log).toEqual([1]);
  });

  test("visibility resolves at once where nothing can be seen; @variable is the variable", async () => {
    const main = create().module();
    const seen = main
      .variable(true)
      .define(["visibility"], (visibility: (x: number) => unknown) => visibility(7));
    const self = main.variable(true).define("self", ["@variable"], (variable: Variable) => variable._name);
    expect(await values(seen, self)).toEqual([7, "self"]);
  });
});
