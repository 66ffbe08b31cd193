import {expect, test} from "vitest";
import type {CellContext, CellStatus} from "../../src/runtime/types.ts";
import {type TestInput, TestSession} from "./harness.ts";

/** Waits until a cell is in a state. */
async function until(t: TestSession, id: number, state: string): Promise<void> {
  while (t.state(id) !== state) {
    await new Promise((resolve) => t.session.addEventListener("status", resolve, {once: true}));
  }
}

test("stop aborts a cell and what waits for it, and keeps what is shown", async () => {
  const t = new TestSession([
    [1, "display('so far'); signal.onabort = () => note('aborted'); const a = await new Promise(() => {});"],
    [2, "a"],
    [3, "1"]
  ]);
  void t.session.run();
  await until(t, 1, "running");
  t.session.stop(1);
  await t.session.settled();
  expect(t.take()).toEqual(["aborted"]);
  expect(t.states()).toBe("stale stale done");
  expect(t.session.status(1)?.stopped).toBe(true);
  expect(t.shown(1)).toEqual(["so far"]);
});

test("a stopped cell that then rejects shows no error, and runs again when told to", async () => {
  const t = new TestSession([
    [
      1,
      "const a = await new Promise((resolve, reject) => { signal.onabort = () => reject(signal.reason); if (again) resolve(5); });"
    ],
    [2, "a"],
    [3, "const again = view(new TestInput(false));"]
  ]);
  void t.session.run();
  await until(t, 1, "running");
  t.session.stopAll();
  await t.session.settled();
  expect(t.states()).toBe("stale stale done");
  expect(t.failure(1)).toBeNull();
  expect(t.failure(2)).toBeNull();
  (t.shown(3)[0] as TestInput).set(true);
  await t.session.settled();
  expect(t.states()).toBe("done done done");
  expect(t.shown(2)).toEqual([5]);
});

test("stopAll ends animations and leaves inputs alone", async () => {
  const t = await new TestSession([
    [1, "(async function* () { for (let i = 0; ; ++i) { note(i); yield i; } })()"],
    [2, "const x = view(new TestInput(1));"],
    [3, "x"]
  ]).run();
  t.session.stopAll();
  await t.session.settled();
  t.take();
  (t.shown(2)[0] as TestInput).set(2);
  await t.session.settled();
  await t.session.settled();
  expect(t.take()).toEqual([]);
  expect(t.shown(3)).toEqual([2]);
});

test("what a cell says it waits for counts as running", async () => {
  let end = () => {};
  const task = new Promise<void>((resolve) => {
    end = resolve;
  });
  const t = new TestSession(
    [
      [1, "const run = start();"],
      [2, "run"]
    ],
    {
      cellBuiltins: {
        start: (context: CellContext) => () => {
          context.display("card");
          context.waitUntil(task);
          return "run";
        }
      }
    }
  );
  void t.session.run();
  await until(t, 2, "done");
  expect(t.state(1)).toBe("running");
  let settled = false;
  const waiting = t.session.settled().then(() => {
    settled = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(settled).toBe(false);
  end();
  await waiting;
  expect(t.state(1)).toBe("done");
  expect(t.shown(1)).toEqual(["card"]);
});

test("what a builtin showed for an expression is not replaced by its value", async () => {
  const t = await new TestSession(
    [
      [1, "start()"],
      [2, "(start(), 5)"]
    ],
    {
      cellBuiltins: {
        start:
          ({display, markCached}) =>
          () => {
            display("card");
            markCached();
            return Promise.resolve("last row");
          }
      }
    }
  ).run();
  expect(t.shown(1)).toEqual(["card"]);
  expect(t.states()).toBe("cached cached");
});

test("code replaced while it runs is aborted, and can show nothing any more", async () => {
  const t = new TestSession([
    [1, "await gate.first; try { display('old'); } catch (error) { note(error.name); } note(signal.aborted);"]
  ]);
  let open = (_: unknown) => {};
  const first = new Promise((resolve) => {
    open = resolve;
  });
  const u = new TestSession([[1, t.cells[0].value]], {builtins: {gate: {first}}});
  void u.session.run();
  await until(u, 1, "running");
  u.edit(1, "display('new');");
  await u.run([1]);
  open(null);
  await first;
  await u.session.settled();
  expect(u.shown(1)).toEqual(["new"]);
  expect(u.take()).toEqual(["AbortError", true]);
});

test("code replaced while it yields is returned", async () => {
  const t = await new TestSession([
    [1, "(async function* () { try { for (let i = 0; ; ++i) yield i; } finally { note('returned'); } })()"]
  ]).run();
  await t.rerun(1, "'new'");
  await t.session.settled();
  expect(t.take()).toEqual(["returned"]);
  expect(t.shown(1)).toEqual(["new"]);
});

test("lazy: a change marks what depends on it stale, and running that runs what it needs", async () => {
  const t = await new TestSession(
    [
      [1, "const x = view(new TestInput(1));"],
      [2, "const y = note(x * 10);"],
      [3, "const z = note(y + 1);"],
      [4, "note(z + 1)"],
      [5, "note(x)"]
    ],
    {execution: "lazy"}
  ).run();
  expect(t.take().sort()).toEqual([1, 10, 11, 12]);
  (t.shown(1)[0] as TestInput).set(2);
  await t.session.settled();
  expect(t.take()).toEqual([]);
  expect(t.states()).toBe("done stale stale stale stale");
  expect(t.shown(4)).toEqual([12]);
  await t.run([3]);
  expect(t.take()).toEqual([20, 21]);
  expect(t.states()).toBe("done done done stale stale");
});

test("lazy: nothing runs until it is told to", async () => {
  const t = new TestSession(
    [
      [1, "const a = note(1);"],
      [2, "const b = note(a + 1);"],
      [3, "note(9)"]
    ],
    {
      execution: "lazy"
    }
  );
  await t.run([2]);
  expect(t.take()).toEqual([1, 2]);
  expect(t.states()).toBe("done done idle");
});

test("status events tell of each cell once and of the end", async () => {
  const t = new TestSession([
    [1, "const a = 1;"],
    [2, "a"]
  ]);
  const seen: string[] = [];
  t.session.addEventListener("status", (event) => {
    const {id, state} = (event as CustomEvent<CellStatus>).detail;
    seen.push(`${id} ${state}`);
  });
  t.session.addEventListener("settled", () => seen.push("settled"));
  await t.run();
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen.filter((entry) => entry.endsWith("done")).sort()).toEqual(["1 done", "2 done"]);
  expect(seen.at(-1)).toBe("settled");
});

test("durations and starts are measured", async () => {
  let time = 1000;
  const t = await new TestSession([[1, "tick(); 1"]], {
    now: () => time,
    builtins: {
      tick: () => () => {
        time += 250;
      }
    }
  }).run();
  expect(t.session.status(1)).toMatchObject({startedAt: 1000, durationMs: 250});
});

test("a run can be awaited in its cell and passed on as it is", async () => {
  const run = {
    // biome-ignore lint/suspicious/noThenProperty: a run is awaitable
    then: (resolve: (value: string) => void) => resolve("last row"),
    async *[Symbol.asyncIterator]() {
      yield 1;
    }
  };
  const t = await new TestSession(
    [
      [1, "const run = start();"],
      [2, "run === it"],
      [3, "(await run) + '!'"]
    ],
    {
      builtins: {start: () => () => run, it: () => "never"},
      cellBuiltins: {it: () => run}
    }
  ).run();
  expect(t.shown(2)).toEqual([true]);
  expect(t.shown(3)).toEqual(["last row!"]);
});

test("a value that is asked for is that of the evaluation that comes to an end", async () => {
  const t = new TestSession(
    [
      [1, "const x = view(new TestInput(1));"],
      [2, "const y = x > 1 ? x : await new Promise(() => {}), z = 1;"]
    ],
    {builtins: {nine: 9}}
  );
  void t.session.run();
  const y = t.session.value("y");
  await until(t, 2, "running");
  (t.shown(1)[0] as TestInput).set(2);
  expect(await y).toBe(2);
  expect(await t.session.value("y")).toBe(2);
  expect(await t.session.value("nine")).toBe(9);
  await expect(t.session.value("nothing")).rejects.toThrow("nothing is not defined");
});
