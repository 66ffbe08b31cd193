import {afterEach, expect, it} from "vitest";
import {storedBackend} from "../../src/training/expected-backend.ts";
import {closePages, fn, openPage, rejection, until, when} from "./support/page.ts";

afterEach(closePages);

const counting = fn(
  "async function* count({params}) { for (let step = 0; step < 3; ++step) yield {step, loss: params?.rate ?? 1}; }"
);
const memory = (name: "webgpu" | "wasm" | "cpu" | null) => {
  const written: string[] = [];
  return {written, read: () => name, write: (backend: string) => void written.push(backend)};
};

it("says on the run what it belongs to, and tells the store what its metrics mean", async () => {
  const {trainer, sink} = openPage({tab: "tab-1"});
  const sweep = trainer.train(counting, {name: "sweep"});
  const metrics = {loss: {goal: "minimize", unit: "nats"}} as const;
  const options = {experiment: "tickets", tags: {phase: "ablation", fold: 2}, metrics, parent: sweep};
  const run = trainer.train(counting, options, {notebook: "quickstart", cellId: 3, execId: "e1"});
  await run;
  expect(run.record).toMatchObject({
    experiment: "tickets",
    tags: {phase: "ablation", fold: "2"},
    parentRunId: sweep.record.runId,
    cellExecId: "e1",
    tab: "tab-1",
    attempt: 1
  });
  expect(sink.definitions).toEqual({tickets: metrics});
  const plain = trainer.train(counting, {params: {rate: 3}}, {notebook: "quickstart"});
  expect(plain.record).toMatchObject({
    experiment: "quickstart",
    tags: {},
    parentRunId: null,
    cellExecId: null
  });
  await plain;
});

it("keeps apart runs with rows that have no number: their numbers do not tell whether all rows are there", async () => {
  const {trainer, sink} = openPage();
  const pausing = fn(
    "async function* pausing() { yield {step: 0, loss: 1}; yield {step: 1}; yield {step: 2, loss: 2}; }"
  );
  await trainer.train(counting);
  await trainer.train(pausing);
  const completed = () => sink.history.filter(({status}) => status === "completed");
  await until(() => completed().at(-1)?.fingerprint !== "");
  expect(completed()[0].fingerprint).toMatch(/^[0-9a-f]{64}$/);
  expect(completed().at(-1)?.fingerprint).toMatch(/^[0-9a-f]{64}\+fields$/);
  const again = trainer.train(pausing);
  await again;
  expect(again.fromCache).toBe(true);
});

it("refuses options that say nothing, by name", () => {
  const {trainer} = openPage();
  const refused = (options: object) => () => trainer.train(counting, options);
  expect(refused({experiment: ""})).toThrow("experiment must be a name; it is empty.");
  expect(refused({tags: {a: {}}})).toThrow("tags.a must be text, a number or a boolean; it is object.");
  expect(refused({tags: ["a"]})).toThrow("tags must be an object of values by name");
  expect(refused({parent: {}})).toThrow("parent must be a run");
  expect(refused({metrics: {loss: "minimize"}})).toThrow(
    'metrics.loss must be an object such as {goal: "maximize"'
  );
  expect(refused({metrics: {loss: {goal: "down"}}})).toThrow(
    "metrics.loss.goal must be minimize or maximize; it is down."
  );
  expect(refused({metrics: {loss: {target: 1}}})).toThrow("metrics.loss has no field target");
  expect(refused({metrics: {loss: {summary: "best"}}})).toThrow("needs a goal");
});

it("neither name, tags, experiment nor metrics make another run of it", async () => {
  const {trainer} = openPage();
  await trainer.train(counting);
  const again = trainer.train(counting, {
    name: "other",
    experiment: "other",
    tags: {a: 1},
    metrics: {loss: {goal: "minimize"}}
  });
  await again;
  expect(again.fromCache).toBe(true);
});

it("answers at once under the backend of the last time, before any worker has opened one", async () => {
  const first = openPage({backendMemory: memory("cpu")});
  await first.trainer.train(counting);
  const second = openPage({
    sink: first.sink,
    backendMemory: memory("cpu"),
    service: {loadEngine: () => new Promise(() => undefined)}
  });
  const again = second.trainer.train(counting);
  expect(await again).toEqual({step: 2, loss: 1});
  expect(again.fromCache).toBe(true);
});

it("does not answer with what another backend computed, and remembers the one it got", async () => {
  const {trainer, sink} = openPage();
  const first = trainer.train(counting);
  await first;
  const remembered = memory("webgpu");
  let load: (() => void) | undefined;
  const gate = new Promise<void>((resolve) => {
    load = resolve;
  });
  const other = openPage({
    sink,
    backendMemory: remembered,
    service: {
      loadEngine: async () => {
        await gate;
        return other.engines[0];
      }
    }
  });
  const run = other.trainer.train(counting);
  await until(() => sink.history.some(({runId}) => runId === run.record.runId));
  load?.();
  await run;
  expect(run.fromCache).toBe(false);
  expect(remembered.written).toEqual(["cpu"]);
  // It is filed under the backend it had, not the one that was expected.
  expect(run.record.fingerprint).toBe(first.record.fingerprint);
});

it("waits for the worker only when the store may have the answer", async () => {
  let load: (() => void) | undefined;
  const gate = new Promise<void>((resolve) => {
    load = resolve;
  });
  const {sink} = openPage();
  const page = openPage({
    sink,
    service: {
      loadEngine: async () => {
        await gate;
        return page.engines[0];
      }
    }
  });
  const unknown = page.trainer.train(counting);
  await until(() => sink.history.length === 1);
  expect(unknown.record.status).toBe("queued");
  load?.();
  await unknown;
  const known = openPage({sink}).trainer.train(counting);
  await known;
  expect(known.fromCache).toBe(true);
});

it("answers every run that holds the same job, and none whose live values went on", async () => {
  const {trainer, sink} = openPage();
  await trainer.train(counting, {live: {rate: 1}});
  const ask = sink.find.bind(sink);
  let answer: (() => void) | undefined;
  sink.find = async (fingerprint) => {
    await new Promise<void>((resolve) => {
      answer = resolve;
    });
    return ask(fingerprint);
  };
  const run = trainer.train(counting, {live: {rate: 1}});
  await until(() => answer !== undefined);
  run.setLive({rate: 2});
  sink.find = ask;
  answer?.();
  await run;
  expect(run.fromCache).toBe(false);
  expect(run.record.fingerprint).toMatch(/\+live$/);
});

it("trains when the store cannot answer", async () => {
  const {trainer, sink} = openPage();
  await trainer.train(counting);
  sink.find = () => Promise.reject(new Error("the disk is on fire"));
  const run = trainer.train(counting);
  expect(await run).toEqual({step: 2, loss: 1});
  expect(run.fromCache).toBe(false);
  let asked = false;
  sink.find = () => {
    asked = true;
    return new Promise(() => undefined);
  };
  const page = openPage({sink});
  const later = page.trainer.train(counting);
  await until(() => asked);
  page.elapse();
  expect(await later).toEqual({step: 2, loss: 1});
});

it("recomputes once what was answered, whatever the expected backend was", async () => {
  const {trainer} = openPage();
  const signal = () => new AbortController().signal;
  const reruns: number[] = [];
  const context = {notebook: "n", cellId: 1, rerun: () => void reruns.push(1)};
  await trainer.train(counting, {}, {...context, signal: signal()});
  const answered = trainer.train(counting, {}, {...context, signal: signal()});
  await answered;
  expect(answered.fromCache).toBe(true);
  answered.recompute();
  expect(reruns).toEqual([1]);
  const computed = trainer.train(counting, {}, {...context, signal: signal()});
  await computed;
  expect(computed.fromCache).toBe(false);
  const third = trainer.train(counting, {}, {...context, signal: signal()});
  await third;
  expect(third.record.runId).toBe(computed.record.runId);
});

it("keeps checkpoints of runs that were cancelled, and brings logs back with cached ones", async () => {
  const {trainer, sink} = openPage();
  const endless = fn("async function* ({checkpoint}) { await checkpoint([1]); for (;;) yield {loss: 1}; }");
  const cancelled = trainer.train(endless);
  await when(cancelled, ({last}) => last !== null);
  cancelled.cancel();
  await rejection(cancelled);
  await until(() => sink.content.length === 1);
  expect(sink.content[0]).toMatchObject({
    runId: cancelled.record.runId,
    type: "checkpoint",
    name: "checkpoint/latest"
  });
  const talking = fn("async function* ({log}) { log('hello'); yield {loss: 1}; }");
  await trainer.train(talking);
  await until(() => sink.content.length === 2);
  const elsewhere = openPage({sink}).trainer.train(talking);
  await elsewhere;
  expect([elsewhere.fromCache, elsewhere.logs.map(({text}) => text)]).toEqual([true, ["hello"]]);
});

it("stores checkpoints while the run goes, the newest of each name, at most every couple of seconds", async () => {
  const {trainer, sink, elapse} = openPage();
  const steps = () => sink.content.map(({name, manifest}) => `${name} ${manifest.step}`);
  const endless = fn(
    `async function* ({checkpoint, live}) {
      for (let step = 0; ; ++step) {
        if (step < 50 || live.more) await checkpoint("best", [step]);
        yield {step, loss: 1};
      }
    }`
  );
  const run = trainer.train(endless, {live: {more: false}});
  await when(run, () => (run.checkpoints.get("best")?.step ?? 0) === 48);
  await until(() => sink.content.length === 1);
  // The first at once, the others not before their time: then the newest of them.
  expect(steps()).toEqual(["checkpoint/best null"]);
  elapse();
  await until(() => sink.content.length === 2);
  elapse();
  elapse();
  expect(steps()).toEqual(["checkpoint/best null", "checkpoint/best 48"]);
  expect(sink.content.every(({inPlace}) => inPlace)).toBe(true);
  run.setLive({more: true});
  await when(run, () => (run.checkpoints.get("best")?.step ?? 0) > 48);
  run.cancel();
  await rejection(run);
  const newest = run.checkpoints.get("best")?.step;
  await until(() => steps().at(-1) === `checkpoint/best ${newest}`);
  elapse();
  expect(sink.content.length).toBeLessThanOrEqual(4);
});

it("answers nobody with a run before all of it is stored", async () => {
  const {trainer, sink} = openPage();
  const keep = sink.keepArtifact.bind(sink);
  let open: (() => void) | undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  sink.keepArtifact = async (artifact) => {
    await gate;
    return keep(artifact);
  };
  const saving = fn("async function* ({checkpoint}) { yield {loss: 1}; await checkpoint('end', [1]); }");
  const run = trainer.train(saving);
  await run;
  expect(sink.statuses(run.record.runId).at(-1)).toBe("completed");
  expect(await sink.find(run.record.fingerprint)).toBeNull();
  // The page that made it waits for it instead of computing it again.
  const again = trainer.train(saving);
  open?.();
  await again;
  expect([again.fromCache, (await sink.find(run.record.fingerprint))?.run.runId]).toEqual([
    true,
    run.record.runId
  ]);
});

it("says on the run which checkpoint the store does not have", async () => {
  const {trainer, sink} = openPage();
  sink.keepArtifact = () => Promise.reject(new Error("the disk is full."));
  const run = trainer.train(fn("async function* ({checkpoint}) { await checkpoint([1]); yield {loss: 1}; }"));
  await run;
  const note = "The store does not have checkpoint/latest of this run: the disk is full.";
  await when(run, () => run.logs.some(({text}) => text === note));
});

it("remembers a backend by what was asked for, and does without storage", () => {
  const items = new Map<string, string>();
  const storage = () => ({
    getItem: (name: string) => items.get(name) ?? null,
    setItem: (name: string, value: string) => void items.set(name, value)
  });
  storedBackend(storage, undefined).write("webgpu");
  expect(storedBackend(storage, undefined).read()).toBe("webgpu");
  expect(storedBackend(storage, "wasm").read()).toBeNull();
  items.set("petri-backend-wasm", "gone");
  expect(storedBackend(storage, "wasm").read()).toBeNull();
  const forbidden = storedBackend(() => {
    throw new DOMException("no", "SecurityError");
  }, undefined);
  forbidden.write("cpu");
  expect(forbidden.read()).toBeNull();
});
