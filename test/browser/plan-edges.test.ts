import {beforeAll, describe, expect, it} from "vitest";
import {
  type Leaf,
  PlannedSteps,
  type StepFunction,
  type StepInput
} from "../../src/gpu/plan/planned-steps.ts";
import {planned} from "../../src/ops/core/index.ts";
import {type Tensor, tf, tidy} from "../../src/ops/tf.ts";
import {use} from "../ops/support.ts";
import {bothWays} from "./support/both-ways.ts";

// As trainings of a page: without the checks that tests have.
beforeAll(() => use("webgpu", {checked: false}));

const input = (values: readonly number[]): StepInput => ({
  values: Float32Array.from(values),
  shape: [values.length]
});
/** Alternates between four rows and two. */
const inputAt = (step: number) => input(step % 2 === 0 ? [step, 1, 2, 3] : [step, 5]);

const tensors = (leaves: readonly Leaf[]) => leaves as readonly Tensor[];

describe("a plan gives what ordinary steps give", () => {
  it("where one kind of steps leaves a tensor alone that the other changes", async () => {
    const run: StepFunction = (state, [x]) =>
      tidy(() => {
        const [w, v] = tensors(state) as [Tensor, Tensor];
        const sum = tf.sum(x as Tensor);
        const next = (x as Tensor).size === 4 ? [tf.add(w, sum), v] : [w, tf.add(v, sum)];
        return {state: next, outputs: [tf.mul(w, v)]};
      });
    const report = await bothWays(
      run,
      () => [tf.tensor1d([1, 2]), tf.tensor1d([3, 4])],
      (step) => [inputAt(step)]
    );
    expect(report).toMatchObject({status: "recorded"});
  });

  it("where a number grows by more in one kind of steps than in the other", async () => {
    const run: StepFunction = ([rows, w], [x]) =>
      tidy(() => ({
        state: [(rows as number) + (x as Tensor).size, tf.add(w as Tensor, tf.sum(x as Tensor))],
        outputs: [tf.neg(w as Tensor)]
      }));
    const report = await bothWays(
      run,
      () => [0, tf.tensor1d([1])],
      (step) => [inputAt(step)]
    );
    expect(report).toMatchObject({status: "recorded"});
  });

  it("where an output is made on the CPU, with a number of its own in every step", async () => {
    let calls = 0;
    const run: StepFunction = (state, [x]) =>
      tidy(() => ({
        state: [tf.add(state[0] as Tensor, tf.sum(x as Tensor))],
        outputs: [tf.scalar(calls++ % 14)]
      }));
    const report = await bothWays(
      run,
      () => [tf.tensor1d([1])],
      (step) => [input([step, 1])]
    );
    expect(report).toMatchObject({status: "refused", reason: expect.stringContaining("number that changes")});
  });

  it("where a tensor of the state is made on the CPU, with a number of its own in every step", async () => {
    let calls = 0;
    const run: StepFunction = ([w], [x]) =>
      tidy(() => ({
        state: [tf.add(w as Tensor, tf.sum(x as Tensor)), tf.scalar(calls++ % 14)],
        outputs: [tf.neg(w as Tensor)]
      }));
    const report = await bothWays(
      run,
      () => [tf.tensor1d([1]), tf.scalar(0)],
      (step) => [input([step, 1])]
    );
    expect(report).toMatchObject({status: "refused"});
  });

  it("where a tensor from outside is another one at every step, in the memory of the one before", async () => {
    const base = tf.tensor1d([1, 2]);
    let scale = tf.mul(base, 0);
    const run: StepFunction = (state, [x]) =>
      tidy(() => ({
        state: [tf.add(state[0] as Tensor, tf.mul(x as Tensor, scale))],
        outputs: [tf.neg(state[0] as Tensor)]
      }));
    const report = await bothWays(
      run,
      () => [tf.tensor1d([1, 1])],
      (step) => [input([step, 1])],
      {
        before: async (step) => {
          scale.dispose();
          scale = tf.mul(base, step);
          // Given to the GPU, so that its memory is free for the next one.
          await scale.data();
        }
      }
    );
    expect(report).toMatchObject({status: "refused", reason: expect.stringContaining("other tensors")});
    tf.dispose([base, scale]);
  });

  it("where a tensor of the state has another shape after every other step", async () => {
    const run: StepFunction = ([, w], [x]) =>
      tidy(() => ({
        state: [tf.mul(x as Tensor, 2), tf.add(w as Tensor, tf.sum(x as Tensor))],
        outputs: [tf.neg(w as Tensor)]
      }));
    const report = await bothWays(
      run,
      () => [tf.zeros([4]), tf.tensor1d([1])],
      (step) => [inputAt(step)],
      {steps: 15}
    );
    expect(report).toMatchObject({status: expect.stringMatching(/recorded|refused/)});
  });

  it("where inputs of one shape are whole numbers at first", async () => {
    const run: StepFunction = (state, [x]) =>
      tidy(() => ({
        state: [tf.add(state[0] as Tensor, tf.cast(x as Tensor, "float32"))],
        outputs: [tf.neg(state[0] as Tensor)]
      }));
    const values = (step: number) => (step < 5 ? Int32Array.of(step, 7) : Float32Array.of(step, 0.5));
    await bothWays(
      run,
      () => [tf.tensor1d([1, 1])],
      (step) => [{values: values(step), shape: [2]}]
    );
  });

  it("where a step takes steps of another training", async () => {
    const inner = () =>
      new PlannedSteps(([w]) => tidy(() => ({state: [tf.add(w as Tensor, 1)], outputs: []})), [tf.scalar(0)]);
    let helper = inner();
    const run: StepFunction = (state, [x]) => {
      helper.step([]);
      const count = helper.state[0] as Tensor;
      return tidy(() => ({
        state: [tf.add(state[0] as Tensor, tf.mul(x as Tensor, count))],
        outputs: [tf.neg(state[0] as Tensor)]
      }));
    };
    await bothWays(
      run,
      () => [tf.tensor1d([1, 1])],
      (step) => [input([step, 1])],
      {
        before: (step) => {
          if (step > 0) return;
          helper.dispose();
          helper = inner();
        }
      }
    );
    helper.dispose();
  });

  it("where a step writes a tensor of the state out of another that it has just written", async () => {
    const run: StepFunction = (state, [x]) =>
      tidy(() => {
        const [a, b] = tensors(state) as [Tensor, Tensor];
        const next = tf.add(a, tf.sum(x as Tensor));
        return {state: [next, tf.mul(next, b)], outputs: [next]};
      });
    const report = await bothWays(
      run,
      () => [tf.tensor1d([1, 2]), tf.tensor1d([1, 1])],
      (step) => [input([step % 3, 0])]
    );
    expect(report).toMatchObject({status: "recorded"});
  });

  it("where the tensors of the state change places", async () => {
    const run: StepFunction = ([a, b], [x]) =>
      tidy(() => ({state: [b, tf.add(a as Tensor, x as Tensor)] as Leaf[], outputs: [tf.neg(a as Tensor)]}));
    await bothWays(
      run,
      () => [tf.tensor1d([1, 2]), tf.tensor1d([5, 6])],
      (step) => [input([step, 1])]
    );
  });

  it("where nothing is done at all", async () => {
    const loop = new PlannedSteps((state) => ({state, outputs: []}), [tf.tensor1d([1, 2])]);
    for (let step = 0; step < 12; ++step) loop.step([]);
    expect([...(await (loop.state[0] as Tensor).data())]).toEqual([1, 2]);
    loop.dispose();
  });
});

describe("planned", () => {
  it("finds outputs by the names that this kind of step gave", async () => {
    const loop = planned(
      ({w}: {w: Tensor}, [x]) => {
        const [sum, largest] = [tf.sum(x as Tensor), tf.max(x as Tensor)];
        const outputs = (x as Tensor).size === 4 ? {sum, largest} : {largest, sum};
        return {state: {w: tf.add(w, sum)}, outputs};
      },
      {w: tf.scalar(0)}
    );
    for (let step = 0; step < 12; ++step) {
      const {values, shape} = inputAt(step);
      loop.step({values, shape});
      const [sum, largest] = [loop.take("sum"), loop.take("largest")];
      expect((await sum.data())[0]).toBe((values as Float32Array).reduce((a, b) => a + b, 0));
      expect((await largest.data())[0]).toBe(Math.max(...values));
      tf.dispose([sum, largest]);
    }
    expect(loop.report.status).toBe("recorded");
    loop.dispose();
  });

  it("says what an input's values lack, before and after steps are replayed", async () => {
    const loop = planned(({w}: {w: Tensor}, [x]) => ({state: {w: tf.add(w, tf.sum(x as Tensor))}}), {
      w: tf.scalar(0)
    });
    const short = {values: new Float32Array(3), shape: [4]};
    expect(() => loop.step(short)).toThrow(/3 values.*4/);
    for (let step = 0; step < 4; ++step) loop.step(input([1, 2, 3, 4]));
    expect(loop.report.status).toBe("recorded");
    expect(() => loop.step(short)).toThrow(/3 values.*4/);
    loop.step(input([1, 2, 3, 4]));
    expect((await loop.state.w.data())[0]).toBe(50);
    loop.dispose();
  });

  it("goes on after a step that threw, while it is recorded and when it is replayed", async () => {
    let calls = 0;
    const loop = planned(
      ({w}: {w: Tensor}, [x]) => {
        if (++calls === 2) throw new Error("a slip");
        return {state: {w: tf.add(w, tf.sum(x as Tensor))}};
      },
      {w: tf.scalar(0)}
    );
    const before = tf.memory().numTensors;
    loop.step(input([1, 2]));
    expect(() => loop.step(input([1, 2]))).toThrow("a slip");
    expect(tf.memory().numTensors).toBe(before);
    for (let step = 0; step < 4; ++step) loop.step(input([1, 2]));
    expect((await loop.state.w.data())[0]).toBe(15);
    expect(loop.report.status).toBe("recorded");
    loop.dispose();
  });
});
