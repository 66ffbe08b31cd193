import {expect, test} from "vitest";
import {type TestInput, TestSession} from "./harness.ts";

test("computes cells in the order of the dataflow, wherever they stand", async () => {
  const t = await new TestSession([
    [1, "c + 1"],
    [2, "const c = a * b;"],
    [3, "const a = 2, b = 3;"]
  ]).run();
  expect(t.shown(1)).toEqual([7]);
  expect(t.states()).toBe("done done done");
  expect(t.session.status(3)?.defines).toEqual(["a", "b"]);
  expect(t.session.status(2)?.references).toEqual(["a", "b"]);
});

test("an edit computes the cell and what depends on it, nothing else", async () => {
  const t = await new TestSession([
    [1, "const a = note(1);"],
    [2, "note(a + 10)"],
    [3, "note(100)"],
    [4, "const b = note(1000);"]
  ]).run();
  t.take();
  await t.rerun(1, "const a = note(2);");
  expect(t.take()).toEqual([2, 12]);
  expect(t.shown(2)).toEqual([12]);
});

test("comments, formatting and the names of local variables re-run nothing", async () => {
  const t = await new TestSession([
    [1, "const a = note([1, 2].map((x) => x * 2));"],
    [2, "note(a.length)"]
  ]).run();
  t.take();
  await t.rerun(1, "// doubled\nconst a = note([1,2].map(value => value*2)) /* done */");
  expect(t.take()).toEqual([]);
  expect(t.session.status(1)?.edited).toBe(false);
  await t.rerun(1, "const a = note([1,2].map(value => value*3))");
  expect(t.take()).toEqual([[3, 6], 2]);
});

test("an input keeps its value when another cell is edited", async () => {
  const t = await new TestSession([
    [1, "const x = view(new TestInput(1));"],
    [2, "note(x + k)"],
    [3, "const k = 100;"]
  ]).run();
  const [input] = t.shown(1) as [TestInput];
  input.set(5);
  await t.session.settled();
  expect(t.take()).toEqual([101, 105]);
  await t.rerun(3, "const k = 200;");
  expect(t.take()).toEqual([205]);
  expect(t.shown(1)).toEqual([input]);
});

test("an input without a value is no reason not to be settled", async () => {
  const t = await new TestSession([
    [1, "const x = view(new TestInput());"],
    [2, "note(x)"]
  ]).run();
  expect(t.states()).toBe("done idle");
  (t.shown(1)[0] as TestInput).set("now");
  await t.session.settled();
  expect(t.take()).toEqual(["now"]);
});

test("a change does not wait for an evaluation that ignores its signal", async () => {
  const t = await new TestSession([
    [1, "const x = view(new TestInput(1));"],
    [2, "note(x); const y = x > 1 ? x : await new Promise(() => {});"],
    [3, "note(y * 10)"]
  ]);
  await t.session.run();
  await t.session.value("x");
  while (t.state(2) !== "running")
    await new Promise((resolve) => t.session.addEventListener("status", resolve, {once: true}));
  expect(t.state(3)).toBe("queued");
  (t.shown(1)[0] as TestInput).set(2);
  await t.session.settled();
  expect(t.take()).toEqual([1, 2, 20]);
  expect(t.states()).toBe("done done done");
});

test("the signal aborts when the evaluation is superseded", async () => {
  const t = await new TestSession([
    [1, "const x = view(new TestInput(1));"],
    [2, "signal.addEventListener('abort', () => note(`aborted ${x}`)); note(`started ${x}`)"]
  ]).run();
  (t.shown(1)[0] as TestInput).set(2);
  await t.session.settled();
  expect(t.take()).toEqual(["started 1", "aborted 1", "started 2"]);
});

test("display() appends, and the next evaluation replaces it", async () => {
  const t = await new TestSession([
    [1, "const x = view(new TestInput(1));"],
    [2, "display(x); display(x * 2); const y = x;"],
    [3, "if (x === 1) display(x);"]
  ]).run();
  expect(t.shown(2)).toEqual([1, 2]);
  expect(t.shown(3)).toEqual([1]);
  (t.shown(1)[0] as TestInput).set(3);
  await t.session.settled();
  expect(t.shown(2)).toEqual([3, 6]);
  expect(t.shown(3)).toEqual([]);
});

test("generators yield values to their dependants and count as done", async () => {
  const t = new TestSession(
    [
      [1, "const n = (async function* () { for (let i = 0; ; i++) { yield i; await gate(); } })();"],
      [2, "note(n)"]
    ],
    {builtins: {gate: () => () => new Promise(() => {})}}
  );
  await t.run();
  expect(t.take()).toEqual([0]);
  expect(t.states()).toBe("done done");
});

test("an animation that goes on for ever is no reason not to be settled", async () => {
  const t = new TestSession(
    [
      [1, "const n = (async function* () { for (let i = 0; ; i++) { yield i; await frame(); } })();"],
      [2, "const m = (function* () { for (let i = 0; ; i++) yield i; })();"],
      [3, "note(n + m)"]
    ],
    {builtins: {frame: () => () => new Promise((resolve) => setImmediate(resolve))}}
  );
  await t.run();
  await t.session.settled();
  expect(t.take().length).toBeGreaterThan(0);
  t.session.dispose();
});

test("cells run from the top of the notebook where the dataflow leaves it open", async () => {
  const t = await new TestSession([
    [1, "note(1)"],
    [2, "const a = note(2);"],
    [3, "note(a + 1)"],
    [4, "note(a + 2)"],
    [5, "note(5)"]
  ]).run();
  expect(t.take()).toEqual([1, 2, 5, 3, 4]);
});

test("a cell that waits to be seen is no reason not to be settled", async () => {
  const observed: ((entries: {isIntersecting: boolean}[]) => void)[] = [];
  class Observer {
    constructor(callback: (entries: {isIntersecting: boolean}[]) => void) {
      observed.push(callback);
    }
    observe() {}
    disconnect() {}
  }
  Object.assign(globalThis, {IntersectionObserver: Observer});
  try {
    const t = new TestSession([
      [1, "await visibility(); const a = note('seen');"],
      [2, "note(a)"]
    ]);
    for (const output of t.outputs.values()) Object.assign(output, {node: {}});
    await t.run();
    expect(t.states()).toBe("done idle");
    expect(t.take()).toEqual([]);
    for (const callback of observed) callback([{isIntersecting: true}]);
    await t.session.settled();
    expect(t.take()).toEqual(["seen", "seen"]);
    expect(t.states()).toBe("done done");
  } finally {
    Reflect.deleteProperty(globalThis, "IntersectionObserver");
  }
});
