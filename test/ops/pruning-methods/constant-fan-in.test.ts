import {beforeAll, describe, expect, test} from "vitest";
import {ops} from "../../../src/ops/index.ts";
import {uniform} from "../../../src/ops/pruning/distributions.ts";
import {NODE_BACKENDS, use, withoutLeak} from "../support.ts";
import {stateAt, stepped, trainedOnDigits, values} from "./sparse-training-support.ts";

const {tf} = ops;
const {constantFanIn} = ops.pruning;

const fanIns = (bits: readonly number[], neurons: number) =>
  Array.from({length: neurons}, (_, n) =>
    bits.reduce((sum, bit, i) => sum + (i % neurons === n ? bit : 0), 0)
  );

/** The rule in plain loops. */
function reference(
  {w, m, g}: {w: number[]; m: number[]; g: number[]},
  {neurons, fanIn, drop, ablation}: {neurons: number; fanIn: number; drop: number; ablation: number}
): number[] {
  const all = [...w.keys()];
  const inputs = w.length / neurons;
  const by = (f: (i: number) => number) => (a: number, b: number) => f(b) - f(a) || a - b;
  const active = all.filter((i) => m[i] === 1);
  const left = Math.round(active.length * (1 - drop));
  const kept = new Set([...active].sort(by((i) => Math.abs(w[i] as number))).slice(0, left));
  const slope = (i: number) => Math.abs(g[i] as number);
  const absent = all.filter((i) => m[i] === 0).sort(by(slope));
  const salient = new Set([...kept, ...absent.slice(0, active.length - left)]);
  const of = (n: number) => all.filter((i) => i % neurons === n);
  const before = Math.max(...fanIns(m, neurons));
  const enough = [...Array(neurons).keys()].filter(
    (n) => of(n).filter((i) => salient.has(i)).length >= ablation * before
  );
  const live = enough.length > 0 ? enough : [...Array(neurons).keys()];
  const share = Math.min(inputs, Math.floor((fanIn * neurons) / live.length));
  const mask = w.map(() => 0);
  for (const n of live) {
    const own = of(n).filter((i) => kept.has(i));
    const rest = of(n)
      .filter((i) => !kept.has(i))
      .sort(by(slope));
    own.sort(by((i) => Math.abs(w[i] as number)));
    for (const i of [...own, ...rest].slice(0, share)) mask[i] = 1;
  }
  return mask;
}

describe.each(NODE_BACKENDS)("SRigL on %s", (backend) => {
  beforeAll(() => use(backend));

  test.each([0, 0.3, 0.9])("ablation %d: changes are those of plain loops, step after step", (ablation) =>
    withoutLeak(async () => {
      const [inputs, neurons] = [20, 12];
      const options = {sparsity: 0.75, distribution: uniform, end: 100, every: 1, drop: () => 0.4, ablation};
      const optimizer = constantFanIn(ops.sgd({learningRate: 0.1}), options);
      const params = {w: ops.random.normal(ops.key(3), [inputs, neurons])};
      let state = stateAt(optimizer, params, {step: 1});
      let w = ops.tf.mul(params.w, state.masks.w as never) as typeof params.w;
      expect(fanIns(await values(state.masks.w), neurons)).toEqual(Array(neurons).fill(5));
      let sizes = new Set<number>();
      for (let step = 1; step < 6; ++step) {
        // Some neurons have larger gradients, so that others are left behind.
        const scale = ops.random.uniform(ops.key(50 + step), [1, neurons]);
        const grad = tf.mul(ops.random.normal(ops.key(step), [inputs, neurons]), tf.square(scale)) as never;
        const seen = {w: await values(w), m: await values(state.masks.w), g: await values(grad)};
        const next = stepped(optimizer, grad, state, {w});
        const mask = await values(next.state.masks.w);
        expect(mask).toEqual(reference(seen, {neurons, fanIn: 5, drop: 0.4, ablation}));
        sizes = new Set([...sizes, ...fanIns(mask, neurons)]);
        state = next.state;
        w = tf.mul(ops.random.normal(ops.key(90 + step), [inputs, neurons]), state.masks.w as never) as never;
      }
      if (ablation === 0) expect([...sizes]).toEqual([5]);
      if (ablation === 0.3) expect(sizes.has(0)).toBe(true);
    })()
  );

  test(
    "filters of convolutions are neurons",
    withoutLeak(async () => {
      const params = {w: ops.random.normal(ops.key(3), [3, 3, 4, 6])};
      const optimizer = constantFanIn(ops.adam(), {sparsity: 0.8, distribution: uniform, end: 9, every: 1});
      const next = stepped(optimizer, tf.ones([3, 3, 4, 6]), stateAt(optimizer, params, {step: 1}), params);
      expect(next.state.masks.w?.shape).toEqual([3, 3, 4, 6]);
      expect(fanIns(await values(next.state.masks.w), 6)).toEqual(Array(6).fill(7));
    })
  );
});

test("trains on digits, every neuron with as many inputs as the others", async () => {
  await use("wasm");
  const optimizer = constantFanIn(ops.adam({learningRate: 0.01}), {sparsity: 0.8, end: 120, every: 20});
  const {accuracy, sparsity, statistics} = await trainedOnDigits(optimizer);
  expect(accuracy).toBeGreaterThan(0.8);
  expect(Math.abs(sparsity - 0.8)).toBeLessThan(0.02);
  for (const [i, {active, deadUnits}] of statistics.entries())
    expect(active % ([48, 48, 10][i] as number) === 0 || deadUnits > 0).toBe(true);
});

test("wrong calls say what to pass", () => {
  expect(() => constantFanIn(ops.adam(), {sparsity: 1, end: 5})).toThrow(/sparsity/);
  expect(() => constantFanIn(ops.adam(), {sparsity: 0.5, end: 5, ablation: -1})).toThrow(/ablation/);
});
