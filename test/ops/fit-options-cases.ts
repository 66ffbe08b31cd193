import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {FitOptions, FitRow} from "../../src/ops/core/fit-options.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Dataset} from "../../src/ops/datasets/dataset.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {use, withoutLeak} from "./support.ts";

const {tf} = ops;
const moons = ops.datasets.twoMoons({n: 120, seed: 1});

/** y = 2 a - b + 0.5 for 40 points; one number a row. */
const plane: Dataset = (() => {
  const inputs = ops.key(4).normal(80);
  const targets = Float32Array.from(
    {length: 40},
    (_, i) => 2 * at(inputs, 2 * i) - at(inputs, 2 * i + 1) + 0.5
  );
  return {name: "plane", inputs, inputShape: [2], labels: new Int32Array(), classes: 0, targets};
})();

/** 0 1 2 0 1 2 ...: the next token follows from the last. */
const cycle: Dataset = {
  name: "cycle",
  inputs: new Float32Array(),
  inputShape: [4],
  labels: new Int32Array(),
  classes: 3,
  tokens: Int32Array.from({length: 60}, (_, i) => i % 3)
};

function at(values: Float32Array, i: number): number {
  return values[i] as number;
}

async function rowsOf(model: Layer, data: Dataset, options: FitOptions): Promise<FitRow[]> {
  const training = ops.fit(model, data, options);
  const rows: FitRow[] = [];
  for await (const row of training) rows.push(row);
  training.dispose();
  return rows;
}

const small = () => ops.mlp([2, 8, 2]) as Layer;
const normed = () => ops.sequential([ops.batchNorm() as Layer, ops.dense({units: 2}) as Layer]) as Layer;

/** What fit can be asked for. */
export function fitOptionsCases(backend: BackendName): void {
  describe(`options of fit on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "regression: outputs [batch, 1] meet targets [batch] one by one, and there is no accuracy",
      withoutLeak(async () => {
        const optimizer = ops.adam({learningRate: 0.05});
        const metrics = {r2: rSquared};
        const rows = await rowsOf(ops.dense({units: 1}) as Layer, plane, {
          optimizer,
          metrics,
          epochs: 120,
          batchSize: 16,
          test: plane
        });
        const last = rows.at(-1) as FitRow;
        expect(last).not.toHaveProperty("accuracy");
        expect(last).not.toHaveProperty("testAccuracy");
        expect(last.testLoss).toBeLessThan(1e-3);
        expect(last.testR2).toBeGreaterThan(0.999);
        expect(last.r2).toBeGreaterThan(0.99);
      })
    );

    test(
      "sequences: the loss is the mean over all positions",
      withoutLeak(async () => {
        const model = ops.zoo.rnnLanguageModel({vocabulary: 3, features: 4, units: 8}) as Layer;
        const rows = await rowsOf(model, cycle, {
          steps: 60,
          batchSize: 19,
          optimizer: ops.adam({learningRate: 0.03}),
          test: cycle
        });
        expect(Math.abs((rows[0] as FitRow).loss - Math.log(3))).toBeLessThan(0.4);
        expect(rows.at(-1)?.testLoss).toBeLessThan(0.2);
        expect(rows.at(-1)?.testAccuracy).toBe(1);
      })
    );

    test(
      "a metric sees all rows at once, whatever the batches of the evaluation",
      withoutLeak(async () => {
        const model = ops.dense({units: 1});
        const params = model.init(ops.key(1), [2]);
        const seen: number[][] = [];
        const spread = (outputs: Tensor) => {
          seen.push(outputs.shape);
          return tf.sub(tf.max(outputs), tf.min(outputs));
        };
        const whole = await ops.evaluate(model, params, plane, {metrics: {spread}});
        const parts = await ops.evaluate(model, params, plane, {metrics: {spread}, batchSize: 7});
        expect(seen).toEqual([[40], [40]]);
        expect(parts.spread).toBeCloseTo(whole.spread, 5);
        expect(parts.loss).toBeCloseTo(whole.loss, 5);
        const outputs = ops.predict(model, params, plane, {batchSize: 7});
        expect(outputs.shape).toEqual([40, 1]);
        outputs.dispose();
        ops.tree.dispose(params);
      })
    );

    test(
      "a batch taken in pieces gives the update of the whole batch",
      withoutLeak(async () => {
        const weightsAfter = async (accumulate: number) => {
          const training = ops.fit(small(), moons, {steps: 6, batchSize: 50, accumulate, logEvery: 1});
          const losses: number[] = [];
          for await (const {loss} of training) losses.push(loss);
          const weights = ops.tree
            .leaves(await ops.tree.data(training.params))
            .map((leaf) => Array.from(leaf));
          training.dispose();
          return [losses, ...weights].flat();
        };
        const [whole, pieces] = [await weightsAfter(1), await weightsAfter(3)];
        expect(pieces.length).toBe(whole.length);
        pieces.forEach((value, i) => {
          expect(value).toBeCloseTo(whole[i] as number, 4);
        });
      })
    );

    test(
      "threads the running statistics of batchNorm through training, and evaluates with them",
      withoutLeak(async () => {
        const shifted = {...moons, inputs: moons.inputs.map((x) => x + 5)};
        const training = ops.fit(normed(), shifted, {steps: 80, batchSize: 60, test: shifted});
        let last: FitRow | undefined;
        for await (const row of training) last = row;
        const {mean} = training.state.modelState.batchNorm1 as {mean: Tensor};
        const first = Array.from({length: 120}, (_, i) => shifted.inputs[2 * i] as number);
        expect((await mean.data())[0]).toBeCloseTo(first.reduce((sum, x) => sum + x, 0) / 120, 1);
        expect(Math.abs((last?.testLoss as number) - (last?.loss as number))).toBeLessThan(0.1);
        training.dispose();
      })
    );

    test(
      "stops when the figure gets no better, and goes back to the best state",
      withoutLeak(async () => {
        // A rate that grows: the loss falls first, and then rises without end.
        const optimizer = ops.sgd({learningRate: (step) => (step < 20 ? 0.3 : 40)});
        const states: number[] = [];
        const training = ops.fit(small(), moons, {
          steps: 500,
          batchSize: 120,
          optimizer,
          test: moons,
          evaluateEvery: 2,
          earlyStopping: {patience: 3}
        });
        let best = Infinity;
        for await (const {step, testLoss} of training) {
          states.push(step);
          if (testLoss !== undefined && testLoss < best) best = testLoss;
        }
        expect(training.stopped?.by).toBe("early stopping");
        expect(states.at(-1)).toBeLessThan(100);
        const {loss} = await ops.evaluate(small(), training.params as never, moons);
        expect(loss).toBeCloseTo(best, 6);
        expect(training.state.step).toBeLessThan(states.at(-1) as number);
        training.dispose();
      })
    );

    test(
      "evaluates every dataset at its own times, and all after the last step",
      withoutLeak(async () => {
        const rows = await rowsOf(small(), moons, {
          steps: 25,
          batchSize: 40,
          logEvery: 100,
          test: moons,
          evaluations: {
            validation: {data: moons, every: 10},
            doubling: {data: moons, every: (step) => Number.isInteger(Math.log2(step))}
          }
        });
        const stepsWith = (name: string) =>
          rows.filter((row) => row[name] !== undefined).map(({step}) => step);
        expect(stepsWith("testLoss")).toEqual([3, 6, 9, 12, 15, 18, 21, 24, 25]);
        expect(stepsWith("validationAccuracy")).toEqual([10, 20, 25]);
        expect(stepsWith("doublingLoss")).toEqual([1, 2, 4, 8, 16, 25]);
      })
    );

    test(
      "calls back after steps, epochs and evaluations, and ends when one says so",
      withoutLeak(async () => {
        const calls: string[] = [];
        const rows = await rowsOf(small(), moons, {
          epochs: 50,
          batchSize: 60,
          test: moons,
          onStep: ({step}) => void calls.push(`step ${step}`),
          onEpoch: (_state, epoch) => void calls.push(`epoch ${epoch}`),
          onEvaluate: ({step}) => {
            calls.push(`evaluated ${step}`);
            return step < 4;
          }
        });
        const epoch = (n: number) => [
          `step ${2 * n - 1}`,
          `step ${2 * n}`,
          `epoch ${n}`,
          `evaluated ${2 * n}`
        ];
        expect(calls).toEqual([...epoch(1), ...epoch(2)]);
        expect(rows.at(-1)?.step).toBe(4);
      })
    );

    test(
      "tells the learning rate of a schedule, also behind a clipping",
      withoutLeak(async () => {
        const scheduled = ops.adam({learningRate: (step) => 0.1 / (step + 1)});
        const optimizer = ops.chain(ops.clipByGlobalNorm(1), scheduled);
        const rows = await rowsOf(small(), moons, {steps: 3, logEvery: 1, optimizer});
        expect(rows.map(({learningRate}) => learningRate)).toEqual([0.1, 0.05, 0.1 / 3]);
        const [plain] = await rowsOf(small(), moons, {steps: 1, optimizer: ops.adam({learningRate: 0.1})});
        expect(plain).not.toHaveProperty("learningRate");
      })
    );

    test(
      "clips gradients through the optimizer: a step is as long as the norm allows",
      withoutLeak(async () => {
        const clipped = ops.chain(ops.clipByGlobalNorm(0.01), ops.sgd({learningRate: 1}));
        const params = small().init(ops.key(1), [2]);
        const training = ops.fit(small(), moons, {steps: 1, params, optimizer: clipped});
        for await (const _ of training);
        const length = tf.tidy(() => {
          const moved = ops.tree.leaves(
            ops.tree.map(
              (a: Tensor, _path, b) => tf.sum(tf.square(tf.sub(a, b as Tensor))),
              params,
              training.params
            )
          );
          return tf.sqrt(tf.addN(moved as Tensor[]));
        });
        expect((await length.data())[0]).toBeCloseTo(0.01, 5);
        length.dispose();
        ops.tree.dispose(params);
        training.dispose();
      })
    );

    const none = {...moons, inputs: new Float32Array(), labels: new Int32Array()};
    test.each<[string, object, string]>([
      ["an option that there is not", {learningRate: 0.1}, "fit has no option learningRate"],
      ["no rows a batch", {batchSize: 0}, "batchSize must be a whole number"],
      ["a number for a key", {key: 5}, "such as key(5), got 5"],
      ["a name for an optimizer", {optimizer: "adam"}, "such as adam(), got adam"],
      ["a name for a loss", {loss: "mse"}, "loss must be a function"],
      ["a metric that gives nothing", {metrics: {nothing: () => undefined}}, "metric nothing must give"],
      ["nothing to evaluate on", {test: none}, "rows of two moons"],
      [
        "a wrong name in an evaluation",
        {evaluations: {late: {data: moons, evry: 2}}},
        "late has no option evry"
      ],
      ["early stopping without evaluations", {earlyStopping: {}}, "Pass a `test` dataset"],
      [
        "a figure that nothing gives",
        {test: moons, earlyStopping: {metric: "valLoss"}},
        "There are testLoss"
      ],
      ["a wrong name in early stopping", {test: moons, earlyStopping: {patince: 2}}, "no option patince"],
      ["a rate that is no number", {optimizer: ops.adam({learningRate: () => NaN})}, "learningRate must be"]
    ])("a call that cannot be meant is told by what is wrong: %s", (_what, options, message) =>
      withoutLeak(async () => {
        const calling = async () => void (await ops.fit(small(), moons, {steps: 2, ...options}).next());
        await expect(calling()).rejects.toThrow(ops.ArgumentError);
        await expect(calling()).rejects.toThrow(message);
      })()
    );

    test(
      "without rows there is nothing to train on, to evaluate or to predict",
      withoutLeak(async () => {
        const params = small().init(ops.key(0), [2]);
        expect(() => ops.fit(small(), none)).toThrow("The number of rows of two moons");
        await expect(ops.evaluate(small(), params, none)).rejects.toThrow("The number of rows of two moons");
        expect(() => ops.predict(small(), params, none)).toThrow("The number of rows of two moons");
        ops.tree.dispose(params);
      })
    );
  });
}

function rSquared(outputs: Tensor, targets: Tensor): Tensor {
  const residual = tf.sum(tf.squaredDifference(outputs, targets));
  return tf.sub(1, tf.div(residual, tf.sum(tf.squaredDifference(targets, tf.mean(targets)))));
}
