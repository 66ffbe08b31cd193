import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Optimizer, OptimizerState} from "../../src/ops/core/optimizers/optimizer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf} = ops;

/** Ways to make, change and combine optimizers, against plain float64 arithmetic. */
export function transformationCases(backend: BackendName): void {
  describe(`transformations on ${backend}`, () => {
    beforeAll(() => use(backend));
    lionCases();
    gradientCases();
    combinationCases();
    averageCases();
    argumentCases();
    leakCases();
  });
}

const KERNEL = [0.5, -1.5, 2, -0.25];
const BIAS = [1, -2];
const GRADS = [
  {kernel: [1, -2, 0.5, 0], bias: [-1, 3]},
  {kernel: [-0.3, 0.4, 0.1, 2], bias: [0.5, -0.1]},
  {kernel: [0.2, 0.2, -0.9, -1], bias: [0, 1]}
] as const;
type Network = {dense1: {kernel: Tensor; bias: Tensor}};

const network = (kernel: readonly number[] = KERNEL, bias: readonly number[] = BIAS): Network => ({
  dense1: {kernel: tf.tensor2d([...kernel], [2, 2]), bias: tf.tensor1d([...bias])}
});
const gradsAt = (step: number) => network(GRADS[step]?.kernel, GRADS[step]?.bias);

/** The network and the state after all gradients, by step or by update. */
function train(
  optimizer: Optimizer,
  way: "step" | "update" = "step"
): {params: Network; state: OptimizerState} {
  let params = network();
  let state = optimizer.init(params);
  for (const step of GRADS.keys()) {
    if (way === "step") ({params, state} = ops.stepOptimizer(optimizer, gradsAt(step), state, params));
    else {
      const next = optimizer.update(gradsAt(step), state, params);
      [params, state] = [ops.applyUpdates(params, next.updates), next.state];
    }
  }
  return {params, state};
}

/** What becomes of one gradient. */
function updatesOf(transformation: Optimizer, grads = gradsAt(0)): Network {
  const params = network();
  return transformation.update(grads, transformation.init(params), params).updates as Network;
}

async function expectNetwork(
  {dense1}: Network,
  kernel: readonly number[],
  bias: readonly number[]
): Promise<void> {
  await expectClose(dense1.kernel, kernel);
  await expectClose(dense1.bias, bias);
}

/** `values` after every gradient by one rule for an element and its moment. */
function plainly(
  values: readonly number[],
  name: "kernel" | "bias",
  rule: (p: number, g: number, m: number) => [p: number, m: number]
): number[] {
  return values.map((value, i) => {
    let [p, m] = [value, 0];
    for (const grads of GRADS) [p, m] = rule(p, grads[name][i] as number, m);
    return p;
  });
}

function lionCases(): void {
  test.each(["step", "update"] as const)("lion by %s, kernels decaying", (way) =>
    withoutLeak(async () => {
      const optimizer = ops.lion({
        learningRate: 0.1,
        beta1: 0.8,
        beta2: 0.7,
        weightDecay: 0.5,
        mask: "*kernel"
      });
      const rule = (decay: number) => (p: number, g: number, m: number) =>
        [p - 0.1 * (Math.sign(0.8 * m + 0.2 * g) + decay * p), 0.7 * m + 0.3 * g] as [number, number];
      const {params} = train(optimizer, way);
      await expectNetwork(params, plainly(KERNEL, "kernel", rule(0.5)), plainly(BIAS, "bias", rule(0)));
    })()
  );

  test(
    "sgd takes its momentum from a schedule",
    withoutLeak(async () => {
      const optimizer = ops.sgd({learningRate: 0.1, momentum: (step) => step / 4});
      const plain = (values: readonly number[], name: "kernel" | "bias") =>
        values.map((value, i) => {
          const g = GRADS.map((grads) => grads[name][i] as number) as [number, number, number];
          const v2 = 0.25 * g[0] + g[1];
          return value - 0.1 * (g[0] + v2 + 0.5 * v2 + g[2]);
        });
      await expectNetwork(train(optimizer).params, plain(KERNEL, "kernel"), plain(BIAS, "bias"));
    })
  );
}

function gradientCases(): void {
  test(
    "addDecayedWeights and adamw leave out what the mask leaves out",
    withoutLeak(async () => {
      const decayed = updatesOf(ops.addDecayedWeights(0.5, {mask: /kernel$/}));
      await expectNetwork(decayed, [1.25, -2.75, 1.5, -0.125], GRADS[0].bias);
      const options = {learningRate: 0.1, weightDecay: 0.3};
      const masked = train(
        ops.adamw({...options, mask: (path, param) => path === "dense1/kernel" && param.rank === 2})
      );
      const [plain, full] = [train(ops.adam({learningRate: 0.1})), train(ops.adamw(options))];
      await expectNetwork(
        masked.params,
        Array.from(await full.params.dense1.kernel.data()),
        Array.from(await plain.params.dense1.bias.data())
      );
      expect(Array.from(await plain.params.dense1.kernel.data())).not.toEqual(
        Array.from(await full.params.dense1.kernel.data())
      );
    })
  );

  test(
    "clipping by value, by norm and by global norm",
    withoutLeak(async () => {
      await expectNetwork(updatesOf(ops.clipByValue(0.75)), [0.75, -0.75, 0.5, 0], [-0.75, 0.75]);
      const kernelNorm = Math.sqrt(1 + 4 + 0.25);
      const by = (factor: number) => ({
        kernel: GRADS[0].kernel.map((g) => g * factor),
        bias: GRADS[0].bias.map((g) => g * factor)
      });
      await expectNetwork(updatesOf(ops.clipByNorm(2.5)), by(1).kernel, by(2.5 / Math.sqrt(10)).bias);
      await expectNetwork(
        updatesOf(ops.clipByNorm(2)),
        by(2 / kernelNorm).kernel,
        by(2 / Math.sqrt(10)).bias
      );
      const all = by(2 / Math.sqrt(15.25));
      await expectNetwork(updatesOf(ops.clipByGlobalNorm(2)), all.kernel, all.bias);
      await expectNetwork(updatesOf(ops.clipByGlobalNorm(4)), by(1).kernel, by(1).bias);
      await expectNetwork(
        updatesOf(ops.clipByGlobalNorm(4), network([0, 0, 0, 0], [0, 0])),
        [0, 0, 0, 0],
        [0, 0]
      );
    })
  );

  test(
    "scale and scaleBySchedule",
    withoutLeak(async () => {
      await expectNetwork(updatesOf(ops.scale(-2)), [-2, 4, -1, 0], [2, -6]);
      const scheduled = ops.chain(
        ops.sgd({learningRate: 1}),
        ops.scaleBySchedule((step) => 10 ** -step)
      );
      const plain = (values: readonly number[], name: "kernel" | "bias") =>
        values.map((value, i) =>
          GRADS.reduce((p, grads, step) => p - 10 ** -step * (grads[name][i] as number), value)
        );
      await expectNetwork(train(scheduled).params, plain(KERNEL, "kernel"), plain(BIAS, "bias"));
    })
  );
}

function combinationCases(): void {
  test.each(["step", "update"] as const)("perPath gives each parameter to its optimizer, by %s", (way) =>
    withoutLeak(async () => {
      const optimizer = ops.perPath([
        ["dense1/bias", ops.sgd({learningRate: 0.5})],
        ["*", ops.adam({learningRate: 0.1})]
      ]);
      const {params} = train(optimizer, way);
      const adam = train(ops.adam({learningRate: 0.1})).params.dense1.kernel;
      await expectNetwork(params, Array.from(await adam.data()), [1.25, -3.95]);
      const frozen = ops.perPath([
        [/bias/, ops.freeze()],
        ["dense1", ops.sgd({learningRate: 1})]
      ]);
      await expectNetwork(train(frozen, way).params, [-0.4, -0.1, 2.3, -1.25], BIAS);
    })()
  );

  test(
    "perPath begins where its optimizers do, and is irregular when one of them is",
    withoutLeak(async () => {
      const halving: Optimizer = {
        ...ops.sgd({learningRate: 1}),
        init: () => ({step: 0}),
        start: (params) => ops.tree.map((leaf: Tensor) => tf.mul(leaf, 0.5), params),
        isIrregular: (state) => (state as {step: number}).step === 3
      };
      const optimizer = ops.perPath([
        ["*bias", halving],
        ["*", ops.sgd({learningRate: 1})]
      ]);
      const params = network();
      const state = optimizer.init(params);
      const begun = optimizer.start?.(params, state) as ReturnType<typeof network>;
      await expectNetwork(
        begun,
        KERNEL,
        BIAS.map((value) => value / 2)
      );
      expect(optimizer.isIrregular?.(state)).toBe(false);
      expect(optimizer.isIrregular?.([{step: 3}, {step: 0}])).toBe(true);
    })
  );

  test.each([
    ["dense1", [1, 0]],
    ["dense1*", [1, 1]],
    ["*kernel", [1, 1]],
    ["kernel", [0, 0]],
    ["dense1.", [0, 0]],
    [/0\/k/g, [0, 1]]
  ])("the filter %s matches whole names or what its stars allow", (mask, matched) =>
    withoutLeak(async () => {
      const both = (value: number) => ({
        dense1: {kernel: tf.scalar(value)},
        dense10: {kernel: tf.scalar(value)}
      });
      const {updates} = ops.addDecayedWeights(1, {mask}).update(both(0), [], both(1));
      await expectClose(tf.stack(ops.tree.leaves<Tensor>(updates)), matched);
    })()
  );

  test.each(["step", "update"] as const)(
    "accumulate makes one step with the mean of several gradients, by %s",
    (way) =>
      withoutLeak(async () => {
        const rates: number[] = [];
        const learningRate = (step: number) => rates.push(step) / 10;
        const {params, state} = train(ops.accumulate(2, ops.sgd({learningRate})), way);
        const mean = (name: "kernel" | "bias") =>
          GRADS[0][name].map((g, i) => (g + (GRADS[1][name][i] as number)) / 2);
        const after = (values: readonly number[], name: "kernel" | "bias") =>
          values.map((value, i) => value - 0.1 * (mean(name)[i] as number));
        await expectNetwork(params, after(KERNEL, "kernel"), after(BIAS, "bias"));
        expect(rates).toEqual([0]);
        const {mean: waiting} = state as {mean: Network};
        await expectNetwork(
          waiting,
          GRADS[2].kernel.map((g) => g / 2),
          GRADS[2].bias.map((g) => g / 2)
        );
      })()
  );
}

function averageCases(): void {
  test.each(["step", "update"] as const)("ema averages the parameters after each update, by %s", (way) =>
    withoutLeak(async () => {
      const track = (values: readonly number[], name: "kernel" | "bias", decay: (step: number) => number) =>
        values.map((value, i) => {
          let [p, average] = [value, value];
          for (const [step, grads] of GRADS.entries()) {
            p -= 0.1 * (grads[name][i] as number);
            average = decay(step) * average + (1 - decay(step)) * p;
          }
          return average;
        });
      const running = (step: number) => (step + 1) / (step + 2);
      for (const decay of [() => 0.9, running]) {
        const inner = ops.sgd({learningRate: 0.1});
        const optimizer = ops.chain(ops.scale(1), ops.ema(inner, {decay}));
        const {params, state} = train(optimizer, way);
        await expectNetwork(ops.emaParams(state), track(KERNEL, "kernel", decay), track(BIAS, "bias", decay));
        await expectNetwork(
          params,
          track(KERNEL, "kernel", () => 0),
          track(BIAS, "bias", () => 0)
        );
      }
      const mean = track(KERNEL, "kernel", running);
      const first = KERNEL[0] as number;
      expect(mean[0]).toBeCloseTo((first + (first - 0.1) + (first - 0.07) + (first - 0.09)) / 4, 10);
    })()
  );

  test("optimizers report the learning rate of what they wrap", () => {
    tf.tidy(() => {
      const rate = (step: number) => 0.5 ** step;
      const optimizer = ops.accumulate(1, ops.ema(ops.chain(ops.scale(1), ops.sgd({learningRate: rate}))));
      const {state} = train(optimizer);
      expect(optimizer.learningRate?.(state)).toBe(0.125);
    });
  });
}

function argumentCases(): void {
  test("says which arguments are wrong", () => {
    const wrong: [() => unknown, RegExp][] = [
      [() => ops.chain(), /at least one/],
      [() => ops.lion({beta1: 1.5}), /beta1/],
      [() => ops.lion({weightDecay: -1}), /weightDecay/],
      [() => ops.lion({mask: ""}), /path filter/],
      [() => ops.adamw({mask: 3 as unknown as string}), /path filter/],
      [() => ops.rmsprop({decay: 2}), /decay/],
      [() => ops.rmsprop({eps: -1}), /eps/],
      [() => ops.adagrad({initialAccumulator: -1}), /initialAccumulator/],
      [() => ops.sgd({learningRate: 1, momentum: 2}), /momentum/],
      [() => ops.clipByValue(-1), /limit/],
      [() => ops.clipByNorm(0), /maxNorm/],
      [() => ops.clipByGlobalNorm(Number.NaN), /maxNorm/],
      [() => ops.scale(Number.NaN), /factor/],
      [() => ops.scaleBySchedule(3 as unknown as () => number), /function/],
      [() => updatesOf(ops.scaleBySchedule(() => Number.NaN)), /step 0/],
      [() => train(ops.sgd({learningRate: () => -1})), /learningRate/],
      [() => train(ops.sgd({learningRate: 1, momentum: () => 3})), /momentum/],
      [() => ops.ema(ops.adam(), {decay: 2}), /decay/],
      [() => ops.emaParams(ops.adam().init(network())), /found no average/],
      [() => ops.accumulate(0, ops.adam()), /every/],
      [() => ops.perPath([]), /at least one rule/],
      [() => ops.perPath([["*kernel", ops.adam()]]).init(network()), /no rule for "dense1\/bias"/],
      [
        () =>
          ops
            .perPath([
              ["dens1", ops.adam()],
              ["*", ops.adam()]
            ])
            .init(network()),
        /dens1.*dense1\/kernel/
      ]
    ];
    for (const [make, words] of wrong) {
      const attempt = () => tf.tidy(() => void make());
      expect(attempt, String(words)).toThrow(ops.ArgumentError);
      expect(attempt).toThrow(words);
    }
  });
}

function leakCases(): void {
  const optimizers: Record<string, () => Optimizer> = {
    sgd: () => ops.sgd({learningRate: 0.1, momentum: 0.9}),
    lion: () => ops.lion(),
    adagrad: () => ops.adagrad(),
    rmsprop: () => ops.rmsprop({centered: true, momentum: 0.5}),
    "a chain": () =>
      ops.chain(
        ops.clipByGlobalNorm(1),
        ops.clipByNorm(1),
        ops.clipByValue(1),
        ops.addDecayedWeights(0.1),
        ops.adam()
      ),
    "clipping alone": () => ops.clipByGlobalNorm(1),
    "decay alone": () => ops.addDecayedWeights(1),
    scaled: () =>
      ops.chain(
        ops.adam(),
        ops.scale(2),
        ops.scaleBySchedule(() => 1)
      ),
    perPath: () =>
      ops.perPath([
        ["*bias", ops.freeze()],
        ["*", ops.adamw()]
      ]),
    accumulate: () => ops.accumulate(2, ops.ema(ops.adam()))
  };

  test.each(Object.entries(optimizers))("%s leaves nothing behind", (_name, make) => {
    const [loss, optimizer] = [
      (at: Network, x: Tensor) => tf.sum(tf.add(tf.mul(at.dense1.kernel, x), at.dense1.bias)),
      make()
    ];
    const x = tf.scalar(2);
    const before = tf.memory().numTensors;
    const step = ops.trainStep(loss, optimizer);
    const params = network();
    let state = ops.initTrainState(params, optimizer);
    const counts = [0, 0, 0, 0].map(() => {
      const next = step(state, x);
      state = next.state;
      next.loss.dispose();
      return tf.memory().numTensors;
    });
    expect(counts[3]).toBe(counts[1]);
    ops.disposeState(state);
    ops.tree.dispose(params);
    expect(tf.memory().numTensors).toBe(before);
    // And without anybody's tidy.
    const [start, grads] = [network(), gradsAt(0)];
    const first = optimizer.init(start);
    const next = optimizer.update(grads, first, start);
    ops.tree.dispose([next.updates, next.state, first, start, grads] as Params);
    expect(tf.memory().numTensors).toBe(before);
    x.dispose();
  });
}
