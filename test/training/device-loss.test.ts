import {afterEach, expect, it} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import {type KeepTimes, RunKeeper} from "../../src/training/resume.ts";
import type {Run} from "../../src/training/run.ts";
import {LosableEngine} from "./support/losable-engine.ts";
import {closePages, fn, openPage, rejection, when} from "./support/page.ts";

afterEach(closePages);

/** A page whose worker opens these backends, one after the other; on the first, `ops.block()` never ends. */
function losable(
  names: readonly BackendName[] = ["webgpu", "webgpu"],
  keepTimes?: KeepTimes,
  refusesToRepeat = false
) {
  const engines: LosableEngine[] = [];
  const loadEngine = async (isBack: boolean) => {
    const name = names[engines.length];
    if (!name) throw new Error("no backend works here");
    expect(isBack).toBe(engines.length > 0);
    const engine = new LosableEngine(name);
    engine.blocks = engines.length === 0;
    engine.refusesToRepeat = refusesToRepeat;
    engines.push(engine);
    return engine;
  };
  const always = {everyMs: 0, worthMs: 0, costShare: 0};
  const page = openPage({service: {loadEngine, keepTimes: keepTimes ?? always}});
  const lose = (reason = "driver reset") => page.workers[0]?.lose(reason);
  return {...page, engines, lose};
}

const at = (run: Run, step: number) => when(run, ({last, ended}) => last?.step === step || ended);
const rowsOf = (run: Run) => ({step: [...run.rows.step], loss: [...(run.rows.columns.loss ?? [])]});
const notes = (run: Run) => run.logs.filter(({level}) => level === "note").map(({text}) => text);

const loop = fn(`async function* ({ops, log}) {
  const kept = ops.tensor(1, 2);
  for (let step = 1; step <= 6; ++step) {
    log("step", step);
    yield {step, loss: step * kept.size};
    if (step === 3) await ops.block();
  }
}`);
const fitted = fn(`async function* ({ops}) {
  for await (const row of ops.fit(4)) yield {...row, step: row.step};
  for await (const row of ops.fit(6)) {
    yield {...row, step: 4 + row.step};
    if (row.step === 3) await ops.block();
  }
}`);

it("computes a loop of its own again, and sends what is new", async () => {
  const {trainer, engines, lose, sink} = losable();
  const run = trainer.train(loop);
  await at(run, 3);
  lose();
  await run;
  expect(rowsOf(run)).toEqual({step: [1, 2, 3, 4, 5, 6], loss: [2, 4, 6, 8, 10, 12]});
  expect(run.logs.filter(({level}) => level === "log").map(({text}) => text)).toEqual(
    [1, 2, 3, 4, 5, 6].map((step) => `step ${step}`)
  );
  expect(notes(run)).toEqual([
    "The GPU was lost (driver reset) at step 3; computed again from its first step on webgpu."
  ]);
  expect(sink.statuses(run.record.runId)).not.toContain("interrupted");
  expect(engines.map(({alive}) => alive.size)).toEqual([0, 0]);
  // The same device computes the same: it may be answered.
  expect((await trainer.train(loop)) && trainer.train(loop).record.fingerprint).not.toMatch(/moved/);
});

it("goes on from where trainings were kept, and repeats their rows unsent", async () => {
  const {trainer, engines, lose} = losable();
  const run = trainer.train(fitted);
  await at(run, 7);
  lose();
  await run;
  expect(rowsOf(run)).toEqual({
    step: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    loss: [1, 3, 6, 10, 1, 3, 6, 10, 15, 21]
  });
  // The first training was over, the second at its third step.
  expect(engines[1]?.computed).toEqual([4, 5, 6]);
  expect(notes(run)).toEqual([
    "The GPU was lost (driver reset) at step 7; went on from step 3 of training 2 on webgpu."
  ]);
});

it("goes on on another backend, and is no answer for anybody else", async () => {
  const {trainer, lose} = losable(["webgpu", "wasm"]);
  const run = trainer.train(fitted);
  await at(run, 7);
  lose();
  await run;
  expect(run.record.status).toBe("completed");
  expect(run.record.backend?.name).toBe("wasm");
  expect(run.record.fingerprint).toMatch(/\+moved$/);
  expect(notes(run)[0]).toMatch(/on wasm \(fake\)\.$/);
  expect(trainer.status.backend?.name).toBe("wasm");
});

it("computes short trainings again", async () => {
  const {trainer, engines, lose} = losable(undefined, {everyMs: 1e9, worthMs: 1e9, costShare: 0});
  const run = trainer.train(fitted);
  await at(run, 7);
  lose();
  await run;
  expect(engines[1]?.computed).toEqual([1, 2, 3, 4, 1, 2, 3, 4, 5, 6]);
  expect(rowsOf(run).loss).toEqual([1, 3, 6, 10, 1, 3, 6, 10, 15, 21]);
});

it("begins again where what was kept leads nowhere", async () => {
  const {trainer, engines, lose} = losable(undefined, undefined, true);
  const run = trainer.train(fitted);
  await at(run, 7);
  lose();
  await run;
  expect(notes(run)[1]).toMatch(/computed again from its first step/);
  expect(engines[1]?.computed).toEqual([1, 2, 3, 4, 1, 2, 3, 4, 5, 6]);
  expect(rowsOf(run).loss).toEqual([1, 3, 6, 10, 1, 3, 6, 10, 15, 21]);
});

it("is told of the loss after the function has failed of it", async () => {
  const {trainer, lose} = losable();
  const run = trainer.train(
    fn("async function* ({ops}) { yield {step: 1, loss: 1}; await ops.fail(); yield {step: 2, loss: 2}; }")
  );
  await at(run, 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  lose();
  expect(await run).toEqual({step: 2, loss: 2});
});

it("goes on with all runs, and begins the next on the new device", async () => {
  const {trainer, engines, lose} = losable();
  const stepping = fn(`async function* ({ops, params}) {
    yield {step: 1, loss: params.i};
    while (ops.isBlocked()) yield;
    yield {step: 2, loss: params.i};
  }`);
  const runs = [1, 2, 3].map((i) => trainer.train(stepping, {params: {i}}));
  await Promise.all(runs.map((run) => at(run, 1)));
  lose();
  expect(await Promise.all(runs)).toEqual([1, 2, 3].map((loss) => ({step: 2, loss})));
  expect(runs.map((run) => rowsOf(run).step)).toEqual([1, 2, 3].map(() => [1, 2]));
  await trainer.train(fn("function* () { yield {loss: 1}; }"));
  expect(engines).toHaveLength(2);
});

it("interrupts a loop whose live values were changed, for its rows cannot come again", async () => {
  const {trainer, lose, workers} = losable();
  const run = trainer.train(loop, {live: {rate: 1}});
  await at(run, 3);
  run.setLive({rate: 2});
  await expect.poll(() => workers[0]?.received.some(({type}) => type === "live")).toBe(true);
  lose();
  expect(await rejection(run)).toMatchObject({
    status: "interrupted",
    message: expect.stringContaining("Live values had been changed before step 3")
  });
  expect(run.rows.total).toBe(3);
});

it("interrupts a function that comes to other rows the second time", async () => {
  for (const [steps, message] of [
    ["[1, 5]", "Row 3 of the function was of step 3 before and is of step 7 now"],
    ["[1]", "gave 3 rows before and came to its end after 1 now"]
  ]) {
    const {trainer, lose} = losable();
    const run = trainer.train(
      fn(`async function* ({ops}) {
        globalThis.petriTestTimes = (globalThis.petriTestTimes ?? 0) + 1;
        const steps = globalThis.petriTestTimes === 1 ? [1, 2, 3] : [...${steps}, 7].slice(0, ${steps}.length === 1 ? 1 : 3);
        for (const step of steps) yield {step, loss: 1};
        await ops.block();
      }`)
    );
    await at(run, 3);
    lose();
    expect(await rejection(run)).toMatchObject({
      status: "interrupted",
      message: expect.stringContaining(String(message))
    });
    delete (globalThis as {petriTestTimes?: number}).petriTestTimes;
  }
});

it("gives up when a step takes the device down again and again, or nothing else computes", async () => {
  const {trainer, engines, lose} = losable(["webgpu", "webgpu", "webgpu", "webgpu"]);
  const run = trainer.train(
    fn("async function* ({ops}) { yield {step: 1, loss: 1}; await new Promise(() => {}); }")
  );
  await at(run, 1);
  for (const opened of [2, 3]) {
    lose();
    await expect.poll(() => engines.length).toBe(opened);
    await expect.poll(() => notes(run).length).toBe(opened - 1);
  }
  lose();
  expect(await rejection(run)).toMatchObject({
    status: "interrupted",
    message: expect.stringContaining("?backend=wasm")
  });
  const alone = losable(["webgpu"]);
  const other = alone.trainer.train(loop);
  await at(other, 3);
  alone.lose();
  expect(await rejection(other)).toMatchObject({
    status: "interrupted",
    message: "The GPU was lost: driver reset. Nothing else can compute: no backend works here."
  });
});

it("ends a cancelled run that waits for its new device", async () => {
  const {trainer, lose} = losable();
  const run = trainer.train(loop);
  await at(run, 3);
  lose();
  run.cancel();
  await rejection(run);
  expect(run.record.status).toBe("cancelled");
});

it("fails the run whose command the device refused, and believes no number from then on", async () => {
  const {trainer, engines} = losable();
  const run = trainer.train(
    fn("async function* ({ops}) { yield {step: 1, loss: 1}; ops.refuse(); yield {step: 2, loss: 0}; }")
  );
  const refuse = () => {
    if (engines[0]) engines[0].fault = new Error("The GPU refused the kernel wrong.");
  };
  await expect.poll(() => engines.length).toBe(1);
  Object.assign(engines[0]?.ops as object, {refuse});
  expect(await rejection(run)).toMatchObject({
    status: "failed",
    message: "The GPU refused the kernel wrong."
  });
  expect(run.rows.total).toBe(1);
  // Also when the last step did it.
  const last = trainer.train(fn("async function* ({ops}) { yield {step: 1, loss: 1}; ops.refuse(); }"));
  expect(await rejection(last)).toMatchObject({status: "failed"});
});

it("keeps trainings every so often and no dearer than that, and lets old ones go when there are too many", () => {
  let now = 0;
  const keeper = new RunKeeper(() => now, {everyMs: 100, worthMs: 50, costShare: 10});
  const run = keeper.context();
  const training = run.nextTraining();
  const file = (bytes: number) => ({file: new Uint8Array(bytes), step: 1, rows: []});
  const wantedAt = (ms: number) => {
    now = ms;
    return training.wants(false);
  };
  expect([wantedAt(99), wantedAt(100)]).toEqual([false, true]);
  // It took 20 ms: the next is due after ten times that.
  now = 120;
  training.keep(file(8));
  expect([wantedAt(319), wantedAt(320)]).toEqual([false, true]);
  const short = run.nextTraining();
  now = 369;
  expect(short.wants(true)).toBe(false);
  now = 370;
  expect(short.wants(true)).toBe(true);
  expect(keeper.place).toEqual({step: 1, trainings: 1});
  short.keep(file(200 * 2 ** 20));
  run.nextTraining().keep(file(100 * 2 ** 20));
  const again = keeper.context();
  const sizes = [1, 2, 3].map(() => again.nextTraining().kept?.file.byteLength);
  expect(sizes).toEqual([undefined, undefined, 100 * 2 ** 20]);
});
