import {afterEach, expect, it} from "vitest";
import type {RunStatus} from "../../src/training/types.ts";
import {closePages, fn, openPage, rejection, until, when} from "./support/page.ts";

afterEach(closePages);

const counting = fn(
  "async function* count({params}) { for (let step = 0; step < 3; ++step) yield {step, loss: params.rate}; }"
);
const endless = fn(
  "async function* endless({ops, params}) { for (;;) { ops.tensor(1); yield {loss: params?.rate ?? 1}; } }"
);
const waiting = fn(`async function* waiting({live, signal}) {
  for (;;) { yield {rate: live.rate ?? -1}; await new Promise((resolve) => setTimeout(resolve, 1)); }
}`);
const started = (sink: {history: {runId: string; status: RunStatus}[]}) =>
  new Set(sink.history.filter(({status}) => status === "running").map(({runId}) => runId)).size;

it("answers a finished run with the same fingerprint from the store", async () => {
  const {trainer, sink} = openPage();
  const first = trainer.train(counting, {params: {rate: 2}});
  await first;
  expect(first.fromCache).toBe(false);
  const again = trainer.train(counting, {params: {rate: 2}});
  expect(await again).toEqual({step: 2, loss: 2});
  expect(again.fromCache).toBe(true);
  expect(again.record.runId).toBe(first.record.runId);
  expect([...again.rows.step]).toEqual([0, 1, 2]);
  for (const options of [
    {params: {rate: 3}},
    {params: {rate: 2}, seed: 1},
    {params: {rate: 2}, data: [1]},
    {params: {rate: 2}, cache: false}
  ]) {
    const other = trainer.train(counting, options);
    await other;
    expect(other.fromCache).toBe(false);
  }
  expect(started(sink)).toBe(5);
});

it("does not answer from runs that were cancelled, nor share results of different data", async () => {
  const {trainer} = openPage();
  const run = trainer.train(endless);
  await when(run, ({last}) => last !== null);
  run.cancel();
  await rejection(run);
  const again = trainer.train(endless);
  await when(again, ({last}) => last !== null);
  expect(again.fromCache).toBe(false);
});

it("brings back what is not a number with a cached run, or runs again", async () => {
  const {trainer, sink} = openPage();
  const drawing = fn(
    "async function* ({checkpoint}) { yield {loss: 1, surface: new Float32Array(500).fill(3)}; await checkpoint([1]); }"
  );
  await trainer.train(drawing);
  const again = trainer.train(drawing);
  expect((await again)?.surface).toEqual(new Float32Array(500).fill(3));
  expect(again.fromCache).toBe(true);
  expect(again.checkpoints.get("latest")?.tree).toEqual([1]);
  expect(sink.history.at(-1)?.fingerprint).toMatch(/^[0-9a-f]{64}\+fields$/);
  // Another page with the same store, such as this one tomorrow.
  const elsewhere = openPage({sink}).trainer.train(drawing);
  expect((await elsewhere)?.surface).toEqual(new Float32Array(500).fill(3));
  expect(elsewhere.fromCache).toBe(true);
  expect(elsewhere.checkpoints.get("latest")?.tree).toEqual([1]);
  // A store that has lost them has the numbers only: it must not pretend.
  sink.content.length = 0;
  const lost = openPage({sink}).trainer.train(drawing);
  await lost;
  expect(lost.fromCache).toBe(false);
});

it("stays cancelled though the store has the answer", async () => {
  const {trainer} = openPage();
  await trainer.train(counting, {params: {rate: 2}});
  const run = trainer.train(counting, {params: {rate: 2}});
  run.cancel();
  await rejection(run);
  await trainer.train(counting, {params: {rate: 3}});
  expect(run.record.status).toBe("cancelled");
});

it("recomputes a cached run in place", async () => {
  const {trainer, sink} = openPage();
  await trainer.train(counting, {params: {rate: 2}});
  const run = trainer.train(counting, {params: {rate: 2}});
  await run;
  run.recompute();
  await when(run, ({ended, fromCache}) => ended && !fromCache);
  expect(run.record.status).toBe("completed");
  expect(started(sink)).toBe(2);
});

it("recomputes through the cell where there is one", async () => {
  const {trainer, sink} = openPage();
  const evaluate = () => {
    const abort = new AbortController();
    const rerun = () => {
      abort.abort();
      latest = evaluate();
    };
    return trainer.train(counting, {params: {rate: 2}}, {cellId: 1, signal: abort.signal, rerun});
  };
  let latest = evaluate();
  await latest;
  latest = evaluate();
  await latest;
  expect(latest.fromCache).toBe(true);
  latest.recompute();
  await latest;
  expect(latest.fromCache).toBe(false);
  latest = evaluate();
  await latest;
  expect(latest.fromCache).toBe(true);
  expect(started(sink)).toBe(2);
});

it("starts only the newest of a burst, after the old run has stopped and freed its tensors", async () => {
  const {trainer, sink, engines, workers} = openPage();
  let abort = new AbortController();
  const move = (rate: number) => {
    abort.abort();
    abort = new AbortController();
    return trainer.train(endless, {params: {rate}}, {cellId: 1, signal: abort.signal});
  };
  const first = move(0);
  await when(first, ({last}) => last !== null);
  const moves = Array.from({length: 30}, (_, i) => move(i + 1));
  const newest = moves[29];
  // Nothing of the old run may be alive when the new one begins.
  let aliveAtStart = -1;
  const stop = newest.subscribe(() => {
    if (newest.record.status === "running" && aliveAtStart < 0) aliveAtStart = trainer.status.memory.tensors;
  });
  await when(newest, ({last}) => last !== null);
  stop();
  expect(aliveAtStart).toBe(0);
  expect(newest.last).toMatchObject({loss: 30});
  expect(first.record.status).toBe("cancelled");
  expect(moves.slice(0, 29).map(({record}) => record.status)).toEqual(new Array(29).fill("cancelled"));
  expect(workers[0].received.filter(({type}) => type === "start").length).toBe(2);
  expect(new Set(sink.history.map(({runId}) => runId)).size).toBe(2);
  newest.cancel();
  await rejection(newest);
  expect(engines[0].alive.size).toBe(0);
});

it("lets the cell go on at once when it runs again, whatever the worker does", async () => {
  const {trainer} = openPage();
  const abort = new AbortController();
  const run = trainer.train(
    fn("async function* () { yield {loss: 1}; await new Promise(() => {}); }"),
    {},
    {cellId: 1, signal: abort.signal}
  );
  await when(run, ({last}) => last !== null);
  const reason = new Error("superseded");
  abort.abort(reason);
  expect(run.ended).toBe(false);
  expect(await rejection(run)).toBe(reason);
});

it("lets runs of one evaluation stand beside each other, and cells do not disturb one another", async () => {
  const {trainer} = openPage();
  const [one, two] = [new AbortController(), new AbortController()];
  const a = trainer.train(endless, {name: "a"}, {cellId: 1, signal: one.signal});
  const b = trainer.train(endless, {name: "b", seed: 1}, {cellId: 1, signal: one.signal});
  const c = trainer.train(endless, {name: "c"}, {cellId: 2, signal: two.signal});
  await Promise.all([a, b, c].map((run) => when(run, ({last}) => last !== null)));
  expect(trainer.active.map(({status}) => status)).toEqual(["running", "running", "running"]);
  one.abort();
  await Promise.all([a, b].map((run) => when(run, ({ended}) => ended)));
  expect(c.record.status).toBe("running");
});

it("does not start when its signal has fired already", async () => {
  const {trainer, workers} = openPage();
  const run = trainer.train(counting, {params: {}}, {signal: AbortSignal.abort()});
  expect((await rejection(run)).name).toBe("AbortError");
  expect(run.record.status).toBe("cancelled");
  expect(workers.length).toBe(0);
});

it("sends live values from inputs, async iterables and code to the running function", async () => {
  const {trainer} = openPage();
  const input = Object.assign(new EventTarget(), {value: 1});
  const run = trainer.train(waiting, {live: {rate: input}});
  await when(run, ({last}) => last?.rate === 1);
  input.value = 2;
  input.dispatchEvent(new Event("input"));
  await when(run, ({last}) => last?.rate === 2);
  run.setLive({rate: 3});
  await when(run, ({last}) => last?.rate === 3);
  run.cancel();
  await rejection(run);
  expect(run.record.fingerprint).toMatch(/\+live$/);
  const stream = trainer.train(waiting, {
    live: {
      rate: (async function* () {
        yield 7;
      })()
    }
  });
  await when(stream, ({last}) => last?.rate === 7);
  stream.cancel();
});

it("hands a run over to its cell's next evaluation when only live values differ", async () => {
  const {trainer, sink, elapse} = openPage();
  const one = new AbortController();
  const first = trainer.train(waiting, {live: {rate: 1}}, {cellId: 1, signal: one.signal});
  await when(first, ({last}) => last?.rate === 1);
  one.abort();
  const two = new AbortController();
  const second = trainer.train(waiting, {live: {rate: 2}}, {cellId: 1, signal: two.signal});
  await when(second, ({last}) => last?.rate === 2);
  elapse();
  expect(second.record.runId).toBe(first.record.runId);
  expect(second.record.status).toBe("running");
  expect(started(sink)).toBe(1);
  two.abort();
  elapse();
  await when(second, ({ended}) => ended);
  expect(second.record.status).toBe("cancelled");
});

it("listens to the newer call's inputs after a hand-over, and no longer to the older one's", async () => {
  const {trainer} = openPage();
  const input = (value: number) => Object.assign(new EventTarget(), {value});
  const [a, b] = [input(1), input(2)];
  const one = new AbortController();
  const call = (rate: EventTarget, signal: AbortSignal) =>
    trainer.train(waiting, {live: {rate, momentum: 0}}, {cellId: 1, signal});
  const first = call(a, one.signal);
  await when(first, ({last}) => last?.rate === 1);
  one.abort();
  const second = call(b, new AbortController().signal);
  await when(second, ({last}) => last?.rate === 2);
  b.value = 3;
  b.dispatchEvent(new Event("input"));
  a.value = 10;
  a.dispatchEvent(new Event("input"));
  await when(second, ({last}) => last?.rate !== 2);
  expect(second.last?.rate).toBe(3);
});

it("takes live values and cancels while the library is still loading", async () => {
  let load: (() => void) | undefined;
  const gate = new Promise<void>((resolve) => {
    load = resolve;
  });
  const page = openPage({
    service: {
      loadEngine: async () => {
        await gate;
        return page.engines[0];
      }
    }
  });
  const {trainer, workers, sink} = page;
  const unwanted = trainer.train(endless);
  const run = trainer.train(waiting, {live: {rate: 1}});
  await until(() => sink.history.length === 2);
  run.setLive({rate: 5});
  unwanted.cancel();
  await rejection(unwanted);
  await until(() =>
    ["live", "cancel"].every((wanted) => workers[0].received.some(({type}) => type === wanted))
  );
  load?.();
  await when(run, ({last}) => last !== null);
  expect([...run.rows.columns.rate]).toEqual([5]);
  run.cancel();
  await rejection(run);
  // The cancelled run came to its end in the worker too: nothing of it is left.
  expect(await trainer.train(counting, {params: {rate: 1}})).toMatchObject({step: 2});
  expect(page.engines[0].alive.size).toBe(0);
  expect(workers.length).toBe(1);
});

it("does not listen to a worker that it has given up", async () => {
  const {trainer, workers} = openPage();
  const lost = trainer.train(fn("async function* () { yield {loss: 1}; await new Promise(() => {}); }"));
  await when(lost, ({last}) => last !== null);
  const error = {message: "out of memory", preventDefault() {}};
  workers[0].emit("error", error);
  await rejection(lost);
  const run = trainer.train(endless);
  await when(run, ({last}) => last !== null);
  workers[0].emit("error", error);
  expect(run.record.status).toBe("running");
});

it("does not hand a run over when something structural differs, and starts live values afresh", async () => {
  const {trainer, sink} = openPage();
  const one = new AbortController();
  const first = trainer.train(waiting, {live: {rate: 1}}, {cellId: 1, signal: one.signal});
  await when(first, ({last}) => last !== null);
  one.abort();
  const second = trainer.train(
    waiting,
    {live: {rate: 1}, params: {width: 2}},
    {cellId: 1, signal: new AbortController().signal}
  );
  await when(second, ({last}) => last !== null);
  expect(first.record.status).toBe("cancelled");
  expect(started(sink)).toBe(2);
});

it("lets the newest call win though it takes longest to prepare", async () => {
  const {trainer} = openPage();
  const one = new AbortController();
  // Its live value keeps it from being cancelled at once: it might be handed over.
  const older = trainer.train(waiting, {live: {rate: 1}}, {cellId: 1, signal: one.signal});
  one.abort();
  // Hashing this takes long enough for the older call to be ready first.
  const data = new Float32Array(2 ** 23);
  const signal = new AbortController().signal;
  const newer = trainer.train(waiting, {data, live: {rate: 2}}, {cellId: 1, signal});
  await when(newer, ({last, ended}) => last?.rate === 2 || ended);
  expect(newer.record.status).toBe("running");
  expect(older.record.status).toBe("cancelled");
});

it("cancels a run with live values after all when its cell does not call again", async () => {
  const {trainer, elapse} = openPage();
  const abort = new AbortController();
  const run = trainer.train(waiting, {live: {rate: 1}}, {cellId: 1, signal: abort.signal});
  await when(run, ({last}) => last !== null);
  abort.abort();
  expect(run.cancelling).toBe(false);
  elapse();
  await when(run, ({ended}) => ended);
  expect(run.record.status).toBe("cancelled");
});

it("interrupts the runs of a worker that crashed, and goes on", async () => {
  const {trainer, workers, sink} = openPage();
  const run = trainer.train(fn("async function* () { yield {loss: 1}; await new Promise(() => {}); }"), {
    data: [1, 2]
  });
  await when(run, ({last}) => last !== null);
  workers[0].emit("error", {message: "out of memory", preventDefault() {}});
  expect(await rejection(run)).toMatchObject({status: "interrupted", step: 0});
  expect(sink.statuses(run.record.runId)).toEqual(["queued", "running", "interrupted"]);
  expect(run.last).toEqual({step: 0, loss: 1});
  // The new worker has not got the data of the old one.
  const next = trainer.train(fn("function* ({data}) { yield {sum: data[0] + data[1]}; }"), {data: [1, 2]});
  expect(await next).toMatchObject({sum: 3});
});

it("notices through a lock that a worker died without a word", async () => {
  const held = new Map<string, () => void>();
  const locks = {
    request: (name: string, ...rest: unknown[]) => {
      const callback = rest.at(-1) as () => Promise<unknown>;
      if (!held.has(name)) {
        held.set(name, () => undefined);
        return callback();
      }
      return new Promise((resolve) => held.set(name, () => resolve(callback())));
    }
  } as unknown as Pick<LockManager, "request">;
  const {trainer} = openPage({locks, service: {locks}});
  const run = trainer.train(fn("async function* () { yield {loss: 1}; await new Promise(() => {}); }"));
  await when(run, ({last}) => last !== null);
  for (const release of held.values()) release();
  expect(await rejection(run)).toMatchObject({
    status: "interrupted",
    message: expect.stringMatching(/crashed/)
  });
});

it("sends data once for all runs, and gives every run its own", async () => {
  const {trainer, workers} = openPage();
  const data = {inputs: new Float32Array(5000)};
  const reading = fn("function* ({data, params}) { yield {length: data.inputs.length, i: params.i}; }");
  for (let i = 0; i < 3; ++i)
    expect(await trainer.train(reading, {data, params: {i}})).toMatchObject({length: 5000, i});
  expect(workers[0].received.filter(({type}) => type === "data").length).toBe(1);
  for (let i = 0; i < 5; ++i)
    await trainer.train(reading, {data: {inputs: new Float32Array(i)}, params: {i}});
  expect(workers[0].received.filter(({type}) => type === "dropData").length).toBe(2);
  expect(await trainer.train(reading, {data, params: {i: 9}})).toMatchObject({length: 5000});
});

it("fails the run, not the page, when the library does not load, and tries again", async () => {
  let attempts = 0;
  const {trainer, engines} = openPage({
    service: {
      loadEngine: async () => {
        attempts += 1;
        if (attempts < 3) throw new Error("no backend works here");
        return engines[0];
      }
    }
  });
  // The worker tries once by itself when it starts.
  const run = trainer.train(counting, {params: {rate: 1}});
  expect(await rejection(run)).toMatchObject({
    status: "failed",
    message: expect.stringMatching(/could not start: no backend/)
  });
  const more = [trainer.train(counting, {params: {rate: 1}}), trainer.train(counting, {params: {rate: 1}})];
  const results = await Promise.allSettled(more);
  expect(results.some(({status}) => status === "fulfilled")).toBe(true);
});

it("shows only the newest row to a slow reader", async () => {
  const {trainer} = openPage();
  const run = trainer.train(
    fn(
      "async function* () { for (let step = 0; step < 200; ++step) { yield {step}; await new Promise((r) => setTimeout(r)); } }"
    )
  );
  const seen: number[] = [];
  for await (const {step} of run.latest()) {
    seen.push(step);
    if (seen.length === 2) await when(run, ({ended}) => ended);
  }
  expect(seen.at(-1)).toBe(199);
  expect(seen.length).toBe(3);
});

it("ends `latest` quietly when the run is cancelled and `for await` with an error", async () => {
  const {trainer} = openPage();
  const run = trainer.train(endless);
  const all = (async () => {
    for await (const _ of run);
  })();
  const newest = (async () => {
    for await (const _ of run.latest()) run.cancel();
  })();
  await newest;
  expect((await rejection(all)).name).toBe("AbortError");
});
