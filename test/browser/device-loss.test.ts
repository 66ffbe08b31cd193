import {afterEach, expect, it} from "vitest";
import type {Run} from "../../src/training/run.ts";
import {closePages, fn, openPage, rejection, when} from "./support/training-page.ts";

afterEach(closePages);

// At the step `loseAt` the run takes its own device away, once; before, it waits long enough to be kept.
const training = fn(`async function* ({ops, key, params}) {
  const digits = ops.datasets.twoMoons({n: 64, seed: 1});
  const model = ops.mlp([2, 8, 2], {activation: "tanh"});
  const options = {steps: 60, batchSize: 32, logEvery: 1, key, optimizer: ops.adam({learningRate: 0.05})};
  for await (const row of ops.fit(model, digits, {...options, test: digits, evaluateEvery: 7})) {
    yield row;
    if (globalThis.petriLost || row.step > params.loseAt) continue;
    if (row.step === params.loseAt - 20) await new Promise((resolve) => setTimeout(resolve, 2100));
    if (row.step !== params.loseAt) continue;
    globalThis.petriLost = true;
    if (params.refused) navigator.gpu.requestAdapter = async () => null;
    ops.tf.backend().device.destroy();
  }
}`);

const notes = (run: Run) => run.logs.filter(({level}) => level === "note").map(({text}) => text);
const numbers = ({rows: {step, columns}}: Run) => ({step: [...step], loss: [...(columns.loss ?? [])]});

it("goes on from where it was kept on a new device, to the same numbers, and says so", async () => {
  const {trainer} = openPage();
  const whole = trainer.train(training, {params: {loseAt: 100}});
  const last = await whole;
  const broken = trainer.train(training, {params: {loseAt: 40}});
  expect(await broken).toEqual(last);
  expect(numbers(broken)).toEqual(numbers(whole));
  expect(notes(broken)).toEqual([
    expect.stringMatching(/^The GPU was lost \(.+\) at step \d+; went on from step 21 on webgpu\.$/)
  ]);
  expect(broken.record).toMatchObject({status: "completed", backend: {name: "webgpu"}});
  expect(trainer.status.memory.tensors).toBe(0);
  // The new device serves the next run as well.
  expect(await trainer.train(training, {params: {loseAt: 200}})).toEqual(last);
});

it("goes on on WebAssembly where no device can be had any more, and says so", async () => {
  const {trainer} = openPage();
  const whole = trainer.train(training, {params: {loseAt: 100}});
  await whole;
  const broken = trainer.train(training, {params: {loseAt: 40, refused: true}});
  await broken;
  expect(numbers(broken).step).toEqual(numbers(whole).step);
  const [loss, wanted] = [broken, whole].map((run) => numbers(run).loss.at(-1) as number);
  expect(loss).toBeCloseTo(wanted as number, 4);
  expect(notes(broken)[0]).toMatch(/at step \d+; went on from step 21 on wasm \(WebAssembly/);
  expect(broken.record).toMatchObject({status: "completed", backend: {name: "wasm"}});
  expect(trainer.status.backend).toMatchObject({
    name: "wasm",
    refused: [{name: "webgpu", reason: expect.stringContaining("no adapter")}]
  });
}, 60_000);

// The device goes while the second step is written down, the first that a plan compares: nothing has been replayed yet.
const recording = fn(`async function* ({ops, key, params}) {
  const moons = ops.datasets.twoMoons({n: 64, seed: 1});
  let calls = 0;
  const loss = (outputs, wanted) => {
    if (++calls === params.loseAt && !globalThis.petriLost) {
      globalThis.petriLost = true;
      ops.tf.backend().device.destroy();
    }
    return ops.softmaxCrossEntropy(outputs, wanted);
  };
  const training = ops.fit(ops.mlp([2, 8, 2]), moons, {steps: 40, batchSize: 32, logEvery: 1, key, loss});
  // Long enough that the first step is kept.
  if (params.kept) await new Promise((resolve) => setTimeout(resolve, 2100));
  // Rows that only come again come before any step is done.
  for await (const row of training) yield {...row, recorded: Number(training.plan?.status === "recorded")};
}`);

it.each([
  ["goes on from the step before", true, "at step 1; went on from step 1 on webgpu."],
  ["begins again", false, "before its first row; computed again from its first step on webgpu."]
])(
  "%s when the device is lost while a step is recorded, and says so",
  async (_, kept, note) => {
    const {trainer} = openPage();
    const whole = trainer.train(recording, {params: {loseAt: 0, kept}});
    await whole;
    const broken = trainer.train(recording, {params: {loseAt: kept ? 2 : 1, kept}});
    await broken;
    expect(numbers(broken)).toEqual(numbers(whole));
    expect(notes(broken)).toEqual([expect.stringMatching(/^The GPU was lost \(.+\) /)]);
    expect(notes(broken)[0]).toContain(note);
    expect(broken.record).toMatchObject({status: "completed", backend: {name: "webgpu"}});
    // On the new device steps are recorded again.
    expect(broken.last).toMatchObject({recorded: 1});
    expect(trainer.status.memory.tensors).toBe(0);
  },
  60_000
);

it("fails a run whose shader is wrong, with the name of its kernel", async () => {
  const {trainer} = openPage();
  const run = trainer.train(
    fn(`async function* ({ops: {tf}}) {
      const {device} = tf.backend();
      yield {step: 1, loss: await tf.scalar(2).data()};
      const module = device.createShaderModule({label: "crooked", code: "fn main( {}"});
      device.createComputePipeline({label: "crooked", layout: "auto", compute: {module}});
      yield {step: 2, loss: await tf.square(tf.scalar(3)).data()};
    }`)
  );
  expect(await rejection(run)).toMatchObject({
    status: "failed",
    message: expect.stringMatching(/GpuError: The GPU refused the kernel crooked.+\?backend=wasm/s)
  });
  expect(run.rows.total).toBe(1);
});

it("says whose the memory is, and tells when there is none left", async () => {
  const {trainer} = openPage();
  const run = trainer.train(
    fn(`async function* ({ops: {tf}}) {
      const kept = tf.ones([1000, 1000]);
      yield {step: 1, loss: (await kept.sum().data())[0]};
      while (!self.petriGo) { await new Promise((resolve) => setTimeout(resolve, 10)); yield; self.petriGo = true; }
      const error = new self.GPUOutOfMemoryError("Failed to allocate");
      tf.backend().device.dispatchEvent(new self.GPUUncapturedErrorEvent("uncapturederror", {error}));
      yield {step: 2, loss: 1};
    }`),
    {name: "greedy"}
  );
  await when(run, ({last, ended}) => last !== null || ended);
  expect(trainer.status.memory.byOwner?.greedy?.sizeBytes).toBeGreaterThanOrEqual(4e6);
  expect(await rejection(run)).toMatchObject({
    status: "failed",
    message: expect.stringMatching(/GpuError: The GPU is out of memory: tensors take \S+ MB \(greedy \S+ MB/)
  });
  expect(trainer.status.memory.byOwner).toEqual({});
});
