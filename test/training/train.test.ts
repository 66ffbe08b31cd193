import {afterEach, expect, it} from "vitest";
import {RunError} from "../../src/training/errors.ts";
import type {FromWorker} from "../../src/training/protocol.ts";
import {closePages, fn, openPage, rejection, until, when} from "./support/page.ts";

afterEach(closePages);

const counting = fn(`async function* count({params}) {
  for (let step = 0; step < params.steps; ++step) yield {step, loss: 1 / (step + 1)};
}`);
const endless = fn(`async function* endless({ops}) {
  for (let step = 0; ; ++step) { ops.tensor(step); yield {step, loss: 1}; }
}`);

it("gives rows as columns, as objects, one after another and at last", async () => {
  const {trainer, sink} = openPage();
  const run = trainer.train(counting, {params: {steps: 5}, steps: 5});
  const rows: unknown[] = [];
  for await (const row of run) rows.push(row);
  expect(rows).toEqual([0, 1, 2, 3, 4].map((step) => ({step, loss: 1 / (step + 1)})));
  expect(await run).toEqual({step: 4, loss: 0.2});
  expect([...run.rows.step]).toEqual([0, 1, 2, 3, 4]);
  expect(run.progress.fraction).toBe(1);
  expect(sink.statuses(run.record.runId)).toEqual(["queued", "running", "completed"]);
  expect(run.record).toMatchObject({name: "count", status: "completed", lastStep: 4, backend: {name: "cpu"}});
  expect(sink.ipcBytes).toBe(40);
});

it("steps functions that wait, functions that do not, and functions that return rows", async () => {
  const {trainer} = openPage();
  const sync = trainer.train(fn("function* ({key}) { yield {seed: key.seed}; }"), {seed: 7});
  expect(await sync).toEqual({step: 0, seed: 7});
  const made = trainer.train(fn("async () => [{loss: 3}, {loss: 2}]"));
  expect(await made).toEqual({step: 1, loss: 2});
  expect(await trainer.train(fn("function* () {}"))).toBeNull();
});

it("frees all that a run made, however it ends", async () => {
  const {trainer, engines} = openPage();
  const ends = [
    "function* ({ops}) { ops.tensor(1); yield {loss: 1}; }",
    "function* ({ops}) { ops.tensor(1); yield {loss: NaN}; }",
    "function* ({ops}) { ops.tensor(1); yield {loss: 1}; throw new Error('no'); }"
  ];
  for (const code of ends) {
    const run = trainer.train(fn(code));
    await when(run, ({ended}) => ended);
    expect(engines[0].alive.size).toBe(0);
  }
  expect(engines[0].sweeps).toBe(3);
});

it("cancels at a step boundary, lets the function clean up, and keeps the rows", async () => {
  const {trainer, engines, sink} = openPage();
  const run = trainer.train(
    fn(`async function* ({ops, signal, log}) {
      try { for (;;) { ops.tensor(1); yield {loss: 1}; } } finally { log("cleaned", signal.aborted); }
    }`)
  );
  await when(run, ({last}) => last !== null);
  run.cancel();
  expect(run.cancelling).toBe(true);
  expect((await rejection(run)).name).toBe("AbortError");
  expect(run.record.status).toBe("cancelled");
  expect(run.rows.total).toBeGreaterThan(0);
  expect(run.logs.map(({text}) => text)).toEqual(["cleaned true"]);
  expect(engines[0].alive.size).toBe(0);
  expect(sink.statuses(run.record.runId)).toEqual(["queued", "running", "cancelled"]);
});

it("lets a cancel in although the function never waits", async () => {
  const {trainer} = openPage();
  const run = trainer.train(endless);
  await when(run, ({last}) => last !== null);
  run.cancel();
  await rejection(run);
  expect(run.record.status).toBe("cancelled");
});

it("leaves a cancelled function that waits for ever, and goes on with others", async () => {
  const {trainer, engines} = openPage();
  const stuck = trainer.train(
    fn("async function* ({ops}) { ops.tensor(1); yield {loss: 1}; await new Promise(() => {}); }")
  );
  await when(stuck, ({last}) => last !== null);
  const next = trainer.train(counting, {params: {steps: 3}});
  const behind = trainer.train(endless, {name: "behind"});
  await when(behind, ({record}) => record.status === "running");
  // It waits for its turn, which the first run holds.
  behind.cancel();
  await rejection(behind);
  stuck.cancel();
  await rejection(stuck);
  expect(stuck.record.status).toBe("cancelled");
  expect(await next).toMatchObject({step: 2});
  expect(engines[0].alive.size).toBe(0);
  expect(engines.length).toBe(1);
});

it("hands the signal to the function, so that it can stop what it waits for", async () => {
  const {trainer} = openPage();
  const run = trainer.train(
    fn(`async function* ({signal}) {
      yield {loss: 1};
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    }`)
  );
  await when(run, ({last}) => last !== null);
  run.cancel();
  expect((await rejection(run)).name).toBe("AbortError");
});

it("ends a run that diverges, with the step and the row", async () => {
  const {trainer} = openPage();
  const diverging = fn(
    "function* () { for (let step = 0; ; ++step) yield {step, loss: step < 3 ? 1 : Infinity, note: NaN}; }"
  );
  const run = trainer.train(diverging, {diverge: ["loss"]});
  const error = await rejection(run);
  expect(error).toBeInstanceOf(RunError);
  expect(error).toMatchObject({status: "diverged", step: 3, message: "loss became Infinity at step 3."});
  expect(run.last).toMatchObject({step: 3, loss: Number.POSITIVE_INFINITY});
  const all = trainer.train(diverging);
  expect(await rejection(all)).toMatchObject({step: 0, message: "note became NaN at step 0."});
  const none = trainer.train(fn("function* () { yield {loss: NaN}; yield {loss: 1}; }"), {diverge: false});
  expect(await none).toMatchObject({loss: 1});
});

it("finds the line of an exception in the cell, also in a helper from another cell", async () => {
  const helper = fn("(x) => {\n  return x.missing.name;\n}");
  const main = fn("async function* () {\n  yield {loss: 1};\n  helper({});\n}");
  const {trainer} = openPage({
    scopeOf: (value) => (value === main ? {helper} : {}),
    originOf: (value) =>
      value === helper ? {cellId: 4, line: 10, column: 16} : {cellId: 5, line: 2, column: 7}
  });
  const run = trainer.train(main, {}, {cellId: 5});
  const error = await rejection(run);
  expect(error).toMatchObject({status: "failed", cellId: 4, line: 11, column: 20, step: 0});
  expect(error.message).toMatch(/^TypeError: Cannot read properties of undefined/);
  expect(run.record).toMatchObject({status: "failed", lastStep: 0});
});

it("finds the line in the cell's source when nothing else says where the function is", async () => {
  const {trainer} = openPage();
  const code = "function* () { throw new Error('here'); }";
  const source = `// A cell\nconst run = train(${code});`;
  const run = trainer.train(fn(code), {}, {cellId: 1, source});
  const throwsAt = source.split("\n")[1].indexOf("new Error") + 1;
  expect(await rejection(run)).toMatchObject({message: "here", line: 2, column: throwsAt});
});

it("names the cell of a helper that fails", async () => {
  const helper = fn("(x) => {\n  x.y.z;\n}");
  const trains = fn("function* () { helper({}); }");
  for (const [place, line] of [
    [{cellId: 3, line: 4, column: 7}, 5],
    [{cellId: 3, line: 4, column: 7, lines: [4, 9, 10]}, 9]
  ] as const) {
    const {trainer} = openPage({
      scopeOf: (value) => (value === trains ? {helper} : {}),
      originOf: (value) => (value === helper ? place : undefined)
    });
    const run = trainer.train(trains, {}, {cellId: 1});
    const error = await rejection(run);
    expect(error).toMatchObject({cellId: 3, line, column: line === 5 ? 7 : undefined});
    expect(error.message).toMatch(new RegExp(`\\(in cell 3, line ${line}\\)$`));
    expect(run.record.error).toBe(error.message);
  }
});

it("says what is wrong with a row or a function", async () => {
  const {trainer} = openPage();
  const messageOf = async (code: string) => (await rejection(trainer.train(fn(code)))).message;
  expect(await messageOf("function* () { yield 3; }")).toMatch(
    /yield takes a row such as .* it got a number/
  );
  expect(await messageOf("function* () { yield {f: () => 1}; }")).toMatch(
    /A row's field f is a function, which cannot be sent to the page\. Yield/
  );
  expect(await messageOf("() => 3")).toMatch(/takes a generator function/);
  expect(await messageOf("function* ({live}) { yield {x: live.rate}; }")).toMatch(/live\.rate is not among/);
  expect(await messageOf("function* ({live}) { live.rate = 1; }")).toMatch(/read-only/);
  expect(await messageOf("function* () { throw 'plain text'; }")).toBe("plain text");
  expect(await messageOf("function* () { throw {code: 5}; }")).toBe('The function threw {"code":5}');
});

it("reads tensors in rows and frees them, keeps small fields for every row and large ones for the newest", async () => {
  const {trainer, engines} = openPage();
  const run = trainer.train(
    fn(`function* ({ops}) {
      for (let step = 0; step < 20; ++step) {
        yield {step, loss: ops.tensor(step), phase: "p" + step, surface: new Float32Array(1000).fill(step), alive: ops.tensor(1, 2)};
      }
    }`)
  );
  const last = await run;
  expect(last).toMatchObject({step: 19, loss: 19, phase: "p19", alive: Float32Array.of(1, 2)});
  expect(last?.surface).toEqual(new Float32Array(1000).fill(19));
  const rows: {step: number; phase?: unknown; surface?: Float32Array}[] = [];
  for await (const row of run) rows.push(row as (typeof rows)[number]);
  expect(rows.map(({phase}) => phase)).toEqual(rows.map(({step}) => `p${step}`));
  // The first row leaves at once; of the others only the newest brings its surface.
  expect(rows.filter(({surface}) => surface).map(({step}) => step)).toContain(19);
  expect(rows.filter(({surface}) => surface).length).toBeLessThan(10);
  expect(engines[0].alive.size).toBe(0);
});

it("frees a tensor that was yielded, at once", async () => {
  const {trainer, engines} = openPage();
  const run = trainer.train(fn("async function* ({ops}) { for (;;) yield {loss: ops.tensor(1)}; }"));
  await when(run, ({rows}) => rows.total > 50);
  expect(engines[0].alive.size).toBeLessThan(3);
});

it("keeps small fields for the newest thousand rows", async () => {
  const {trainer} = openPage();
  const run = trainer.train(fn("function* () { for (let i = 0; i < 1500; ++i) yield {phase: 'p' + i}; }"));
  await run;
  const rows: unknown[] = [];
  for await (const {phase} of run) rows.push(phase);
  expect([rows[0], rows[499], rows[500], rows[1499]]).toEqual([undefined, undefined, "p500", "p1499"]);
});

it("waits for the device now and then, so that work does not pile up", async () => {
  const {trainer, engines} = openPage();
  const run = trainer.train(endless);
  await when(run, ({rows: {timeMs}}) => timeMs[timeMs.length - 1] - timeMs[0] > 600);
  expect(engines[0].drains).toBeGreaterThanOrEqual(2);
  expect(engines[0].drains).toBeLessThan(10);
});

it("pauses a run while the page does not take in what it sends, and can cancel it then", async () => {
  const {trainer, workers} = openPage();
  const large = fn(
    "async function* ({params}) { for (;;) yield {surface: new Float64Array(2 ** 18), i: params.i}; }"
  );
  const first = trainer.train(large, {params: {i: 1}});
  await when(first, ({last}) => last !== null);
  workers[0].deaf = "ack";
  const isOfFirst = (message: FromWorker) => message.type === "rows" && message.runId === first.record.runId;
  const seen = workers[0].sent.filter(isOfFirst).length;
  const sent = () => workers[0].sent.filter(isOfFirst).length - seen;
  // Four batches of 2 MiB, or some that were on their way less, fill what may be under way.
  await until(() => sent() >= 2);
  const beside = trainer.train(endless);
  await when(beside, ({rows: {timeMs}}) => timeMs[timeMs.length - 1] - timeMs[0] > 600);
  expect(sent()).toBeLessThanOrEqual(5);
  first.cancel();
  await rejection(first);
  expect(first.record.status).toBe("cancelled");
});

it("shows what fails outside of a run's steps in its log", async () => {
  const {trainer, workers} = openPage();
  const run = trainer.train(endless);
  await when(run, ({last}) => last !== null);
  let isPrevented = false;
  const preventDefault = () => {
    isPrevented = true;
  };
  workers[0].emitInside("unhandledrejection", {reason: new Error("nobody waited"), preventDefault});
  await when(run, ({logs}) => logs.length > 0);
  expect(run.logs[0]).toMatchObject({level: "error", text: "Error: nobody waited"});
  expect(isPrevented).toBe(true);
});

it("sends only what a view in a row shows of its buffer", async () => {
  const {trainer} = openPage();
  const run = trainer.train(
    fn("function* () { yield {head: new Float32Array(1e5).fill(2).subarray(0, 100)}; }")
  );
  const head = (await run)?.head as Float32Array;
  expect([head[0], head.length, head.buffer.byteLength]).toEqual([2, 100, 400]);
});

it("takes a bare yield as a place to stop at", async () => {
  const {trainer} = openPage();
  const run = trainer.train(fn("function* () { yield; yield {loss: 1}; yield null; }"));
  await run;
  expect(run.rows.total).toBe(1);
});

it("sends checkpoints and log lines", async () => {
  const {trainer} = openPage();
  const run = trainer.train(
    fn(`async function* ({ops, checkpoint, log}) {
      log("starts", {at: 1}, new Float32Array(20));
      yield {loss: 1};
      await checkpoint("best", {layer: [ops.tensor(1, 2), 3]});
      await checkpoint(ops.tensor(4));
    }`)
  );
  await run;
  expect(run.logs[0]).toMatchObject({step: null, level: "log"});
  expect(run.logs[0].text).toMatch(/^starts {"at":1} Float32Array\(20\) \[0, 0, .*…\]$/);
  expect(run.checkpoints.get("best")).toMatchObject({
    step: 0,
    tree: {layer: [{shape: [2], dtype: "float32", values: Float32Array.of(1, 2)}, 3]}
  });
  expect(run.checkpoints.get("latest")?.tree).toMatchObject({shape: []});
  const latest = run.checkpoints.get("latest")?.tree;
  expect(latest && (latest as {values: Float32Array}).values.buffer.byteLength).toBe(4);
});

it("knows progress from options and from rows", async () => {
  const {trainer} = openPage();
  const half = trainer.train(
    fn("async function* () { yield {step: 5, progress: 0.25}; await new Promise(() => {}); }")
  );
  await when(half, ({last}) => last !== null);
  expect(half.progress).toMatchObject({step: 5, fraction: 0.25});
  expect(half.last).toEqual({step: 5});
  half.cancel();
  const told = trainer.train(
    fn("async function* () { yield {step: 5, totalSteps: 50}; await new Promise(() => {}); }")
  );
  await when(told, ({last}) => last !== null);
  expect(told.progress).toMatchObject({totalSteps: 50, fraction: 0.1});
});

it("lets runs take turns", async () => {
  const {trainer} = openPage();
  const runs = ["a", "b", "c"].map((name) => trainer.train(endless, {name}));
  await Promise.all(runs.map((run) => when(run, ({rows}) => rows.total > 100)));
});

it("refuses senseless options", () => {
  const {trainer, workers} = openPage();
  const call = (options: object) => () => trainer.train(counting, options);
  expect(() => trainer.train("text" as never)).toThrow(/takes a function first.*string/);
  expect(call({parms: {}})).toThrow(/no option parms/);
  expect(call({params: [1]})).toThrow(/params must be an object/);
  expect(call({steps: 0})).toThrow(/steps must be a number over 0/);
  expect(call({seed: 0.5})).toThrow(/seed must be a whole number/);
  expect(call({params: {seed: -1}})).toThrow(/seed must be a whole number/);
  expect(call({params: {f: () => 1}})).toThrow(
    /params\.f is a function, which cannot be sent.*define it in a cell/
  );
  expect(workers.length).toBe(0);
});
