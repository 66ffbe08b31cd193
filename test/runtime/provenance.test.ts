import {createHash} from "node:crypto";
import {afterEach, beforeEach, expect, test, vi} from "vitest";
import type {EvaluatedCell} from "../../src/runtime/evaluated-cell.ts";
import type {CellContext} from "../../src/runtime/types.ts";
import {type CellSpec, TestInput, TestSession} from "./harness.ts";

beforeEach(() => void vi.useFakeTimers({toFake: ["setTimeout", "clearTimeout"]}));
afterEach(() => void vi.useRealTimers());

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** A session that notes what is told of its evaluations; `train()` in a cell keeps the evaluation. */
class Told extends TestSession {
  readonly told: EvaluatedCell[] = [];
  contexts: CellContext[] = [];
  time = 1000;

  static of(specs: CellSpec[], keeps = true): Told {
    let self: Told | null = null;
    const at = () => self as unknown as Told;
    self = new Told(specs, {
      now: () => self?.time ?? 1000,
      cellBuiltins: {
        train: (context) => {
          at().contexts.push(context);
          return (value: unknown) => {
            expect(context.execId).not.toBeNull();
            if (keeps) context.keep();
            return value;
          };
        }
      },
      provenance: {
        onEvaluated: (evaluated) => at().told.push(...evaluated),
        digest: async (text) => sha256(text),
        describe: (value) => (value instanceof TestInput ? {kind: "element"} : null),
        wakes: new Set(["train"])
      }
    });
    return self;
  }

  /** Lets time pass, and what is due be told. */
  async pass(ms: number): Promise<EvaluatedCell[]> {
    this.time += ms;
    vi.advanceTimersByTime(ms);
    await new Promise((resolve) => setImmediate(resolve));
    return this.told.splice(0);
  }
}

const ids = (evaluated: EvaluatedCell[]) => evaluated.map(({source}) => source.id).sort();

test("an evaluation is told with its source, what it read, and what it came to", async () => {
  const t = Told.of([
    [1, "const lr = 0.1;"],
    [2, "train({lr, big: data.length}) // why"],
    [3, "const data = Array.from({length: 2000}, (_, i) => i);"]
  ]);
  await t.run();
  const [lr, result, data] = (await t.pass(1000)).sort((a, b) => a.source.id - b.source.id);
  expect(result).toMatchObject({
    source: {id: 2, value: "train({lr, big: data.length}) // why", mode: "js"},
    position: 1,
    outcome: "done",
    startedAt: 1000,
    endedAt: 1000,
    error: null,
    result: {kind: "object", sha256: sha256('{"lr":0.1,"big":2000}')}
  });
  expect(result.reads?.filter(({name}) => name !== "train")).toEqual([
    {name: "lr", execId: lr.execId, json: "0.1", sha256: sha256("0.1")},
    {name: "data", execId: data.execId, json: null, sha256: null}
  ]);
  expect(data.result).toEqual({kind: "array", rows: 2000, sha256: null});
  expect(result.execId).toMatch(/^[0-9a-f]{32}$/);
  expect(t.contexts[0].execId).toBe(result.execId);
});

test("a notebook that keeps nothing tells nothing", async () => {
  const t = Told.of([[1, "1"]]);
  await t.run();
  expect(await t.pass(10_000)).toEqual([]);
  await t.session.tellEvaluated();
  expect(t.told).toEqual([]);
});

test("what stood too short a time is left out, unless something refers to it", async () => {
  const t = Told.of(
    [
      [1, "const x = 1;"],
      [2, "train(x)"]
    ],
    false
  );
  await t.run();
  for (const x of [2, 3, 4]) {
    await t.pass(50);
    await t.rerun(1, `const x = ${x};`);
  }
  t.contexts[1].keep();
  const told = await t.pass(1000);
  expect(told.map(({source, reads}) => source.id === 2 && reads?.[0].json).filter(Boolean)).toEqual([
    "2",
    "4"
  ]);
  // Its input too, which was superseded as well.
  expect(told.filter(({source}) => source.id === 1).map(({source}) => source.value)).toEqual([
    "const x = 2;",
    "const x = 4;"
  ]);
});

test("equal code on equal inputs has an equal key, whatever the session, the comments and the names of locals", async () => {
  const specs = (body: string): CellSpec[] => [
    [1, "const x = Array.from({length: 9000}, (_, i) => i);"],
    [2, body],
    [3, "train(y)"]
  ];
  const keys: string[] = [];
  for (const body of [
    "const y = new Map(x.map((v) => [v, 1]));",
    "/* a map */ const y = new Map( x.map((value) => [value, 1]) );",
    "const y = new Map(x.map((v) => [v, 2]));"
  ]) {
    const t = Told.of(specs(body));
    await t.run();
    keys.push((await t.pass(1000)).find(({source}) => source.id === 3)?.cacheKey ?? "");
  }
  expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(keys[1]).toBe(keys[0]);
  expect(keys[2]).not.toBe(keys[0]);
});

test("values of one input element are told apart where they are small, and never taken for equal where they are large", async () => {
  const t = Told.of([
    [1, "const input = new TestInput([1]);"],
    [2, "const x = view(input);"],
    [3, "train(x)"]
  ]);
  await t.run();
  const small = (await t.pass(1000)).find(({source}) => source.id === 3);
  expect(small?.reads?.find(({name}) => name === "x")).toMatchObject({json: "[1]"});
  const input = (await t.session.value("input")) as TestInput;
  const keys: (string | undefined)[] = [];
  for (const size of [5000, 6000]) {
    input.set(Array.from({length: size}, (_, i) => i));
    await t.session.settled();
    keys.push((await t.pass(1000)).find(({source}) => source.id === 3)?.cacheKey);
  }
  expect(keys[0]).toBeDefined();
  expect(keys[0]).not.toBe(keys[1]);
});

test("errors, stops and the store's answers are told", async () => {
  const t = Told.of([
    [1, "train(1); throw new Error('no such layer')"],
    [2, "train(1); await new Promise(() => {})"],
    [3, "train(1)"]
  ]);
  await t.session.run();
  await new Promise((resolve) => setImmediate(resolve));
  await t.pass(0);
  t.session.stop(2);
  t.contexts.find(({cellId}) => cellId === 3)?.markCached();
  const told = await t.pass(1000);
  expect(told.find(({source}) => source.id === 2)).toMatchObject({outcome: "stopped", reads: null});
  expect(told.find(({source}) => source.id === 3)).toMatchObject({
    outcome: "cached",
    result: {kind: "number", sha256: sha256("1")}
  });
});

test("an evaluation that goes on is told as running first", async () => {
  const t = Told.of([[2, "train(1); await new Promise(() => {})"]]);
  await t.session.run();
  await new Promise((resolve) => setImmediate(resolve));
  expect(await t.pass(0)).toMatchObject([{outcome: "running", endedAt: null, result: null}]);
  await t.session.run([2], {force: true});
  await new Promise((resolve) => setImmediate(resolve));
  const told = await t.pass(0);
  expect(told.map(({outcome}) => outcome).sort()).toEqual(["running", "superseded"]);
});

test("an error is told with its message", async () => {
  const t = Told.of([[1, "train(1); throw new Error('no such layer')"]]);
  await t.run();
  expect(await t.pass(0)).toMatchObject([{outcome: "error", error: "no such layer", result: null}]);
});

test("a cell that never rests is told of now and then", async () => {
  const t = Told.of(
    [
      [1, "const x = 0;"],
      [2, "train(x)"]
    ],
    false
  );
  await t.run();
  let count = 0;
  for (let x = 1; x < 100; x++) {
    count += (await t.pass(500)).filter(({source}) => source.id === 2).length;
    await t.rerun(1, `const x = ${x};`);
  }
  expect(count).toBeGreaterThan(20);
  expect(count).toBeLessThan(30);
});

test("a result that is shown again without running keeps the evaluation it came from", async () => {
  const t = Told.of([
    [1, "const a = Math.random();"],
    [2, "train(a)"]
  ]);
  await t.run();
  const first = (await t.pass(1000)).find(({source}) => source.id === 1);
  await t.rerun(1, "const b = Math.random();");
  await t.rerun(2, "train(b)");
  const told = await t.pass(1000);
  expect(ids(told)).toEqual([2]);
  expect(told[0].reads?.[0]).toMatchObject({name: "b", execId: first?.execId});
});

test("a large notebook is told of in parts, each name with the evaluation it came from", async () => {
  const specs: CellSpec[] = Array.from({length: 300}, (_, i) => [
    i + 1,
    i === 0 ? "const x1 = train(0);" : `const x${i + 1} = x${i} + 1;`
  ]);
  const t = Told.of(specs);
  await t.run();
  const first = await t.pass(1000);
  await t.session.tellEvaluated();
  const byId = new Map([...first, ...t.told].map((each) => [each.source.id, each]));
  expect(byId.size).toBe(300);
  const last = byId.get(300);
  expect(last).toMatchObject({position: 299, result: {kind: "number"}});
  expect(last?.reads?.[0]).toMatchObject({name: "x299", execId: byId.get(299)?.execId, json: "298"});
});
