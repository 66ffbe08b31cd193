// The cases of the test-suite of @observablehq/runtime (6.0), in our words, on our subclass.
import {type Module, type Runtime, RuntimeError, type Variable} from "@observablehq/runtime";
import {describe, expect, test} from "vitest";
import type {ReactiveRuntime} from "../../src/runtime/reactive-runtime.ts";
import {create, pass, range, reachable, values} from "./observable-runtime.ts";

describe("variable.delete", () => {
  test("takes the name away", async () => {
    const main = create().module();
    const foo = main.variable(true).define("foo", [], () => 1);
    const bar = main.variable(true).define("bar", ["foo"], async (foo: unknown) => foo);
    expect(await values(foo, bar)).toEqual([1, 1]);
    foo.delete();
    expect(await values(foo, bar)).toEqual([undefined, "RuntimeError: foo is not defined"]);
  });
});

describe("variable.import", () => {
  function modules(): {runtime: ReactiveRuntime; main: Module; other: Module} {
    const runtime = create();
    return {runtime, main: runtime.module(), other: runtime.module()};
  }

  test("takes a variable of another module, under an alias or not", async () => {
    const {main, other} = modules();
    other.define("foo", [], () => 42);
    main.import("foo", other);
    main.import("foo", "baz", other);
    const bar = main.variable(true).define(["foo", "baz"], (foo: number, baz: number) => [foo, baz]);
    expect(await values(bar)).toEqual([[42, 42]]);
  });

  test("does not compute what is not read", async () => {
    const {runtime, main, other} = modules();
    let evaluated = false;
    const foo = other.define("foo", [], () => (evaluated = true));
    main.import("foo", other);
    await pass(runtime);
    expect([evaluated, reachable(foo)]).toEqual([false, false]);
  });

  test("modules may import from each other, unless their variables form a circle", async () => {
    const {main: a, other: b} = modules();
    a.define("foo", [], () => "foo");
    b.define("bar", [], () => "bar");
    a.import("bar", b);
    b.import("foo", a);
    a.import("loop", b);
    b.import("loop", a);
    const joined = a.variable(true).define(["foo", "bar"], (foo: string, bar: string) => foo + bar);
    const loop = a.variable(true).define(["loop"], (loop: unknown) => loop);
    const [value, error] = await values(joined, loop);
    expect(value).toBe("foobar");
    expect(error).toMatch(/RuntimeError/);
  });

  test("a variable can import itself once its module is there", async () => {
    const runtime = create();
    let loaded: (define: (runtime: Runtime) => Module) => void = () => {};
    const module = new Promise<(runtime: Runtime) => void>((resolve) => (loaded = resolve));
    const main = runtime.module();
    main.define("module", async () => runtime.module(await module));
    main.define("a", ["module", "@variable"], (other: Module, variable: Variable) =>
      variable.import("a", other)
    );
    const a = main.variable(true).define("copy", ["a"], (a: unknown) => a);
    await pass(runtime);
    loaded((runtime) => {
      const other = runtime.module();
      other.define("a", [], () => 1);
      return other;
    });
    await pass(runtime);
    expect(await values(a)).toEqual([1]);
  });

  test("import-with may be circular when its variables are not", async () => {
    const runtime = create();
    const found: Record<string, Variable> = {};
    function one(): void {
      const main = runtime.module();
      found.a1 = main.variable(true).define("a", () => 1);
      found.b1 = main.variable(true).define(["b"], (b: unknown) => b);
      main.import("b", runtime.module(two).derive(["a"], main));
    }
    function two(): void {
      const main = runtime.module();
      found.b2 = main.variable(true).define("b", () => 2);
      found.a2 = main.variable(true).define(["a"], (a: unknown) => a);
      main.import("a", runtime.module(one).derive(["b"], main));
    }
    one();
    expect(await values(found.a1, found.b1, found.a2, found.b2)).toEqual([1, 2, 1, 2]);
  });
});

describe("module.derive", () => {
  test("injects variables into a copy", async () => {
    const runtime = create();
    const original = runtime.module();
    const a = original.variable(true).define("a", [], () => 1);
    const b = original.variable(true).define("b", [], () => 2);
    const c = original.variable(true).define("c", ["a", "b"], (a: number, b: number) => a + b);
    const main = runtime.module();
    const copy = original.derive([{name: "d", alias: "b"}], main);
    const c1 = copy.variable(true).define(null, ["c"], (c: unknown) => c);
    const d = main.define("d", [], () => 42);
    expect(await values(a, b, c, c1, d)).toEqual([1, 2, 3, 43, 42]);
  });

  test("copies the module's own builtins", async () => {
    const original = create().module();
    original.builtin("a", 1);
    const copy = original.derive([], original);
    expect(await values(copy.variable(true).define("c", ["a"], (a: number) => a + 2))).toEqual([3]);
  });

  test("injects into modules that inject", async () => {
    const runtime = create();
    const [A, B, C] = [runtime.module(), runtime.module(), runtime.module()];
    A.define("a", 1);
    A.define("b", 2);
    A.define("c", ["a", "b"], (a: number, b: number) => a + b);
    B.define("d", 3);
    B.import("c", "e", A.derive([{name: "d", alias: "b"}], B));
    C.define("f", 4);
    const g = C.variable(true).import("e", "g", B.derive([{name: "f", alias: "d"}], C));
    expect(await values(g)).toEqual([5]);
  });

  test("shares what it does not inject into", async () => {
    const runtime = create();
    const [A, B, C] = [runtime.module(), runtime.module(), runtime.module()];
    A.define("a", () => ({}));
    B.import("a", A);
    const one = C.variable(true).import("a", "one", B.derive([], C));
    const two = C.variable(true).import("a", "two", A);
    const [first, second] = await values(one, two);
    expect(first).toBe(second);
  });
});

describe("shadows", () => {
  test("stand before the module's variables, each variable's own", async () => {
    const main = create().module();
    main.define("val", [], 1000);
    const read = (val: unknown) => val;
    const a = main.variable(true, {shadow: {val: 100}}).define("a", ["val"], read);
    const b = main.variable(true, {shadow: {val: 200}}).define("b", ["val", "a"], (...all: unknown[]) => all);
    const c = main.variable(true).define("c", ["val", "a"], (...all: unknown[]) => all);
    const d = main.variable(true, {shadow: {nowhere: 5}}).define("d", ["nowhere"], read);
    expect(await values(a, b, c, d)).toEqual([100, [200, 100], [1000, 100], 5]);
  });
});

describe("module.value", () => {
  test.each<[string, unknown]>([
    ["functions", () => 42],
    ["promises", async () => 42],
    ["constants", 42]
  ])("resolves to the value of %s, and makes the variable reachable", async (_, definition) => {
    const main = create().module();
    main.define("foo", [], definition);
    expect(await main.value("foo")).toBe(42);
  });

  test("does not compute again what was observed", async () => {
    const main = create().module();
    let count = 0;
    main.variable(true).define("foo", [], () => ++count);
    expect([await main.value("foo"), await main.value("foo")]).toEqual([1, 1]);
  });

  test("resolves to the next value of a generator", async () => {
    const main = create().module();
    main.variable(true).define("foo", [], () => range(3));
    const seen = new Set<unknown>();
    for (let i = 0; i < 8; i++) seen.add(await main.value("foo"));
    expect([...seen]).toEqual([0, 1, 2]);
  });

  test("rejects for missing names and for errors", async () => {
    const main = create().module();
    main.define("foo", [], () => {
      throw new Error("42");
    });
    await expect(main.value("foo")).rejects.toThrow("42");
    await expect(main.value("bar")).rejects.toThrow("bar is not defined");
  });

  test("does not tell of a value that is stale", async () => {
    const runtime = create();
    const main = runtime.module();
    let resolve: (value: string) => void = () => {};
    const foo = main.define("foo", [], () => new Promise((y) => (resolve = y)));
    const value = main.value("foo");
    await pass(runtime);
    foo.define("foo", [], () => "fresh");
    resolve("stale");
    expect(await value).toBe("fresh");
  });
});

describe("module.redefine", () => {
  test("redefines normal and implicit variables", async () => {
    const main = create({foo: 42}).module();
    const bar = main.variable(true).define("bar", ["foo"], (foo: number) => foo + 1);
    main.redefine("foo", [], () => 43);
    expect(await values(bar)).toEqual([44]);
    expect(main.redefine("bar", [], () => 1)).toBe(bar);
    expect(await values(bar)).toEqual([1]);
  });

  test("refuses duplicates and names that are not there", () => {
    const main = create().module();
    main.variable(true).define("foo", 1);
    main.variable(true).define("foo", 2);
    expect(() => main.redefine("foo", [], () => 3)).toThrow(
      new RuntimeError("foo is defined more than once")
    );
    expect(() => main.redefine("bar", [], () => 3)).toThrow(new RuntimeError("bar is not defined"));
  });
});

describe("builtins", () => {
  test.each<[string, unknown]>([
    ["constants", "red"],
    ["promises", Promise.resolve("red")],
    ["functions", () => "red"],
    ["async functions", async () => "red"]
  ])("may be %s", async (_, color) => {
    const main = create({color}).module();
    expect(await values(main.variable(true).define(null, ["color"], (c: unknown) => c))).toEqual(["red"]);
  });

  test("may be generators", async () => {
    const runtime = create({i: () => range(3)});
    const seen: unknown[] = [];
    runtime
      .module()
      .variable({fulfilled: (value) => seen.push(value)})
      .define(null, ["i"], (i: unknown) => i);
    await pass(runtime, 8);
    expect(seen).toEqual([0, 1, 2]);
  });

  test("of a module go before the runtime's and behind its variables", async () => {
    const main = create({foo: 1}).module();
    main.builtin("foo", 42);
    main.builtin("bar", 0);
    main.variable(true).define("bar", [], () => 7);
    const sum = main.variable(true).define(["foo", "bar"], (foo: number, bar: number) => foo + bar);
    expect(await values(sum)).toEqual([49]);
  });
});

describe("runtime.dispose", () => {
  test("invalidates variables, returns generators, computes nothing more", async () => {
    const runtime = create();
    const main = runtime.module();
    const log: string[] = [];
    main.variable(true).define(["invalidation"], (invalidation: Promise<void>) => {
      void invalidation.then(() => log.push("invalidated"));
    });
    main.variable(true).define(function* () {
      try {
        while (true) yield;
      } finally {
        log.push("returned");
      }
    });
    await pass(runtime);
    runtime.dispose();
    main.variable(true).define(() => log.push("computed"));
    await new Promise((resolve) => setImmediate(resolve));
    expect(log.sort()).toEqual(["invalidated", "returned"]);
  });
});
