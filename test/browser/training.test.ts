import {afterEach, beforeEach, expect, it} from "vitest";
import {RunError} from "../../src/training/errors.ts";
import type {Run} from "../../src/training/run.ts";
import {closePages, fn, openPage, rejection, when} from "./support/training-page.ts";

let page: ReturnType<typeof openPage>;
beforeEach(() => {
  page = openPage();
});
afterEach(closePages);

// One model and one batch size for all tests, so that the shaders of a step are compiled once.
const training = fn(`async function* ({ops, key, params}) {
  const {tf} = ops;
  const data = ops.datasets.twoMoons({n: 64, seed: 1});
  const rate = params.rate ?? 0.1;
  const model = ops.mlp([2, 8, 2], {activation: "tanh"});
  yield* ops.fit(model, data, {steps: params.steps ?? 1e9, batchSize: 32, logEvery: 1, key, optimizer: ops.sgd({learningRate: rate})});
}`);
const leaking = fn(`async function* ({ops: {tf}}) {
  const kept = tf.keep(tf.ones([64, 64]));
  const weights = tf.variable(tf.zeros([32, 32]));
  for (let step = 0; ; ++step) {
    const x = tf.add(weights, step);
    const loss = tf.tidy(() => tf.mean(tf.square(x)));
    yield {step, loss: (await loss.data())[0] / (step + 1) ** 2, kept: kept.size};
  }
}`);

const begun = (run: Run) => when(run, ({last, ended}) => last !== null || ended);

it("trains on the best backend that works here, and says which", async () => {
  const run = page.trainer.train(training, {params: {steps: 30}, steps: 30});
  const last = await run;
  expect(last).toMatchObject({step: 30, epoch: expect.any(Number)});
  expect(run.record.backend?.name).toBe("webgpu");
  expect(page.trainer.status.backend?.name).toBe("webgpu");
  expect(run.rows.total).toBe(30);
  expect(page.sink.ipcBytes).toBeGreaterThan(1000);
  const [first] = run.rows.columns.loss;
  expect(last?.loss).toBeLessThan(first);
});

it.each(["webgpu", "wasm", "cpu"] as const)(
  "gives tensors and bytes back over fifty cancellations on %s",
  async (backend) => {
    const {trainer} = openPage({backend});
    await trainer.train(training, {params: {steps: 2}});
    expect(trainer.status.backend).toMatchObject({name: backend, refused: []});
    const {tensors, sizeBytes} = trainer.status.memory;
    for (let i = 0; i < 50; ++i) {
      const run = trainer.train(i % 2 ? training : leaking, {params: {}, seed: i, steps: 1e9});
      await begun(run);
      expect(run.error).toBeNull();
      run.cancel();
      await rejection(run);
      expect(run.record.status).toBe("cancelled");
      expect(trainer.status.memory).toMatchObject({tensors, sizeBytes, byOwner: {}});
    }
    // Nothing that lives on was freed with them.
    expect(await trainer.train(training, {params: {steps: 2}, cache: false})).toMatchObject({step: 2});
  }
);

it("frees a recorded step and all its memory when its run is cancelled", async () => {
  const recorded = fn(`async function* ({ops, key}) {
    const moons = ops.datasets.twoMoons({n: 64, seed: 1});
    const training = ops.fit(ops.mlp([2, 8, 2], {activation: "tanh"}), moons, {steps: 1e9, batchSize: 32, logEvery: 1, key});
    for await (const row of training) yield {...row, recorded: Number(training.plan.status === "recorded")};
  }`);
  const run = page.trainer.train(recorded);
  await when(run, ({last, ended}) => ended || ((last?.step ?? 0) > 20 && last?.recorded === 1));
  expect(run.last).toMatchObject({recorded: 1});
  expect(page.trainer.status.memory.tensors).toBeGreaterThan(20);
  run.cancel();
  await rejection(run);
  expect(page.trainer.status.memory).toMatchObject({tensors: 0, sizeBytes: 0, byOwner: {}});
});

it("ends a run that diverges, with the step", async () => {
  const run = page.trainer.train(
    fn(`async function* ({ops: {tf}}) {
      for (let step = 0, x = 1; ; ++step) { x *= 1e20; yield {step, loss: tf.scalar(x)}; }
    }`)
  );
  expect(await rejection(run)).toMatchObject({
    status: "diverged",
    step: 1,
    message: "loss became Infinity at step 1."
  });
  expect(run.rows.total).toBe(2);
});

it("shows the line of an exception, through the library", async () => {
  const code =
    "async function* ({ops: {tf}}) {\n  yield {loss: 1};\n  const a = tf.zeros([2, 3]);\n  tf.matMul(a, a);\n}";
  const source = `const rate = 1;\nconst run = train(${code});`;
  const run = page.trainer.train(fn(code), {}, {cellId: 7, source});
  const error = await rejection(run);
  expect(error).toBeInstanceOf(RunError);
  expect(error).toMatchObject({status: "failed", cellId: 7, line: 5, column: 6, step: 0});
  expect(page.trainer.status.memory.tensors).toBe(0);
});

it("ends the worker of an endless loop, and the next run has a new one", async () => {
  const stuck = page.trainer.train(fn("async function* stuck() { yield {loss: 1}; for (;;); }"));
  await begun(stuck);
  stuck.cancel();
  page.elapse();
  expect(await rejection(stuck)).toMatchObject({status: "interrupted"});
  expect(await page.trainer.train(training, {params: {steps: 2}})).toMatchObject({step: 2});
  expect(page.workers.length).toBe(2);
});

it("says that an endless loop does not respond, and starts the other runs again once it is cancelled", async () => {
  let now = 0;
  const here = openPage({now: () => now});
  const other = here.trainer.train(fn("async function* other() { for (;;) yield {loss: 1}; }"));
  await begun(other);
  const stuck = here.trainer.train(fn("async function* stuck() { yield {loss: 1}; for (;;); }"));
  await begun(stuck);
  // Whatever was asked before the loop began may have been answered yet.
  await expect
    .poll(() => {
      here.elapse();
      now += 6000;
      return other.responding || stuck.responding;
    })
    .toBe(false);
  const waiting = here.trainer.train(training, {params: {steps: 2}});
  await when(waiting, ({record}) => record.fingerprint !== "");
  stuck.cancel();
  here.elapse();
  expect(await rejection(stuck)).toMatchObject({status: "interrupted"});
  await begun(other);
  expect(other.record.status).toBe("running");
  expect(other.responding).toBe(true);
  expect(await waiting).toMatchObject({step: 2});
  other.cancel();
  await rejection(other);
});

it("interrupts the runs of a worker that is gone, and goes on", async () => {
  const run = page.trainer.train(
    fn("async function* () { yield {loss: 1}; yield {loss: 1}; self.close(); await new Promise(() => {}); }")
  );
  expect(await rejection(run)).toMatchObject({
    status: "interrupted",
    message: expect.stringMatching(/crashed/)
  });
  expect(run.last).toMatchObject({loss: 1});
  expect(await page.trainer.train(training, {params: {steps: 2}})).toMatchObject({step: 2});
});

it("keeps the rows of a fit whose worker crashes in the middle of a recorded training", async () => {
  const crashing = fn(`async function* ({ops, key}) {
    const moons = ops.datasets.twoMoons({n: 64, seed: 1});
    const training = ops.fit(ops.mlp([2, 8, 2], {activation: "tanh"}), moons, {steps: 60, batchSize: 32, logEvery: 1, key});
    for await (const row of training) {
      yield {...row, recorded: Number(training.plan.status === "recorded")};
      if (row.step !== 25) continue;
      // Rows leave the worker a moment after their step.
      await new Promise((resolve) => setTimeout(resolve, 200));
      self.close();
      await new Promise(() => {});
    }
  }`);
  const run = page.trainer.train(crashing);
  expect(await rejection(run)).toMatchObject({status: "interrupted", step: 25});
  expect(run.last).toMatchObject({step: 25, recorded: 1});
  expect([...run.rows.step]).toEqual(Array.from({length: 25}, (_, i) => i + 1));
  expect(run.rows.columns.loss?.every(Number.isFinite)).toBe(true);
  const kept = page.sink.batches.filter(({runId}) => runId === run.record.runId);
  expect(kept.reduce((sum, {step}) => sum + step.length, 0)).toBe(25);
  expect(page.sink.statuses(run.record.runId).at(-1)).toBe("interrupted");
});

it("says when the worker's script cannot be loaded", async () => {
  const broken = openPage({address: "/no-such-worker.js"});
  expect(await rejection(broken.trainer.train(training))).toMatchObject({status: "interrupted"});
});

it("sends a slider's moves to the running function", async () => {
  const input = document.createElement("input");
  Object.assign(input, {type: "range", min: "0", max: "1", step: "0.01", value: "0.5"});
  const run = page.trainer.train(
    fn("async function* ({live}) { for (;;) yield {rate: Number(live.rate)}; }"),
    {live: {rate: input}}
  );
  await when(run, ({last}) => last?.rate === 0.5);
  input.value = "0.25";
  input.dispatchEvent(new Event("input"));
  await when(run, ({last}) => last?.rate === 0.25);
  run.cancel();
  await rejection(run);
});

it("gives modules of Petri by name, and the same numbers for the same seed", async () => {
  const {sparsityOf} = await import("../../src/ops/pruning/index.ts");
  const scoped = fn(
    "async function* ({ops, key}) { yield {same: Number(sparsityOf === ops.pruning.sparsityOf), x: key.uniform(1)[0]}; }"
  );
  const other = openPage({
    scopeOf: (value) => (value === scoped ? {sparsityOf} : undefined),
    moduleOf: (value) => (value === sparsityOf ? {specifier: "petri/pruning", name: "sparsityOf"} : undefined)
  });
  const one = await other.trainer.train(scoped, {seed: 3, cache: false});
  expect(one?.same).toBe(1);
  expect(await other.trainer.train(scoped, {seed: 3, cache: false})).toEqual(one);
  expect((await other.trainer.train(scoped, {seed: 4}))?.x).not.toBe(one?.x);
});

it("runs concurrent trainings to the same numbers as alone", async () => {
  const alone = await page.trainer.train(training, {params: {steps: 10}, cache: false});
  const runs = [0, 0, 1].map((seed) =>
    page.trainer.train(training, {params: {steps: 10}, seed, cache: false})
  );
  const [a, b, c] = await Promise.all(runs);
  expect(a).toEqual(alone);
  expect(b).toEqual(alone);
  expect(c?.loss).not.toBe(alone?.loss);
  expect(page.trainer.status.memory.tensors).toBe(0);
});
