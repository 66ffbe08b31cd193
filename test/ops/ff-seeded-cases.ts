import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {FitRow} from "../../src/ops/core/fit-options.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {
  gradientFromSeeds,
  seededDifferences,
  seededPerturbations
} from "../../src/ops/forward-forward/feedback/seeded-perturbations.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {distance, updatesOf} from "./ff-feedback-support.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf, tree, key, sgd, mlp, dense, batchNorm, sequential, valueAndGrad, softmaxCrossEntropy} = ops;

const batch = () => ({x: ops.random.normal(key(2), [6, 2]), y: tf.tensor1d([0, 1, 2, 2, 0, 1], "int32")});

/** Gradients from what losses say of seeds. */
export function seededCases(backend: BackendName): void {
  describe(`seeded perturbations on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "what a client sends are derivatives along the seeds' perturbations, one number each",
      withoutLeak(async () => {
        const model = mlp([2, 5, 3], {activation: "tanh"});
        const params = model.init(key(1));
        const {x, y} = batch();
        const options = {key: key(7), samples: 4, differences: "central", deviation: 0.003} as const;
        const sent = seededDifferences(model, params, x, y, options);
        expect(sent.shape).toEqual([4]);
        const [, grads] = valueAndGrad((at: typeof params) => softmaxCrossEntropy(model.apply(at, x), y))(
          params
        );
        // The server alone with one scalar at a time gives that seed's perturbation.
        const slopes = [];
        for (const s of [0, 1, 2, 3]) {
          const only = Float32Array.from({length: 4}, (_, i) => (i === s ? 4 : 0));
          const noise = gradientFromSeeds(params, tf.tensor1d(only), options);
          const products = tree.map((a: Tensor, _, b) => tf.sum(tf.mul(a, b as Tensor)), grads, noise);
          const [slope = NaN] = await tf.addN(tree.leaves<Tensor>(products)).data();
          slopes.push(slope);
        }
        await expectClose(sent, slopes, {rtol: 5e-3, atol: 5e-3});
      })
    );

    test(
      "the mean of clients' numbers is that of all their rows, and the server's sum is differences times perturbations",
      withoutLeak(async () => {
        const model = mlp([2, 5, 3], {activation: "tanh"});
        const params = model.init(key(1));
        const {x, y} = batch();
        const options = {key: key(7), samples: 3, deviation: 0.05};
        const whole = seededDifferences(model, params, x, y, options);
        const clients = [0, 1, 2].map((c) =>
          seededDifferences(
            model,
            params,
            tf.slice(x, [2 * c, 0], [2, 2]),
            tf.slice(y, [2 * c], [2]),
            options
          )
        );
        await expectClose(tf.div(tf.addN(clients), 3), Array.from(await whole.data()), {atol: 5e-5});
        // Of each seed alone, one number; together, their sum.
        const alone = [0, 1, 2].map((s) => tf.mul(whole, tf.oneHot(tf.scalar(s, "int32"), 3)));
        const parts = alone.map((differences) => gradientFromSeeds(params, differences, options) as Params);
        const sum = tree.map(
          (first: Tensor, _, ...others) => tf.addN([first, ...(others as Tensor[])]),
          parts[0] as Params,
          ...parts.slice(1)
        );
        const estimate = gradientFromSeeds(params, whole, options);
        expect(await distance(estimate as Params, sum)).toBeLessThan(1e-5);
        expect(await distance(estimate as Params, parts[0] as Params)).toBeGreaterThan(1e-3);
      })
    );

    test(
      "unbiased: many seeds together are the gradient",
      withoutLeak(async () => {
        const model = dense({units: 3});
        const params = model.init(key(1), [2]);
        const {x, y} = batch();
        const samples = 1200;
        const sent = seededDifferences(model, params, x, y, {key: key(5), samples, differences: "central"});
        const estimate = gradientFromSeeds(params, sent, {key: key(5)});
        const [, grads] = valueAndGrad((at: typeof params) => softmaxCrossEntropy(model.apply(at, x), y))(
          params
        );
        const flat = (of: Params) => tf.concat(tree.leaves<Tensor>(of).map((leaf) => tf.reshape(leaf, [-1])));
        const [truth, mean] = [flat(grads), flat(estimate)];
        const [along = 0] = await tf.div(tf.sum(tf.mul(mean, truth)), tf.sum(tf.square(truth))).data();
        expect(Math.abs(along - 1)).toBeLessThan(5 * Math.sqrt(2 / samples));
        const [off = 0] = await tf
          .div(tf.sum(tf.square(tf.sub(mean, truth))), tf.sum(tf.square(truth)))
          .data();
        expect(off).toBeLessThan((3 * truth.size) / samples);
      })
    );

    test(
      "fit trains any network by it, with its states, and more seeds lead further",
      withoutLeak(async () => {
        const data = ops.datasets.gaussians({n: 96, classes: 3, seed: 5});
        const network = sequential([dense({units: 8}), batchNorm(), dense({units: 3})]);
        const losses: number[] = [];
        for (const samples of [2, 30]) {
          const rows: FitRow[] = [];
          const model = seededPerturbations(network, {samples});
          const optimizer = sgd({learningRate: 0.03});
          const training = ops.fit(model, data, {
            batchSize: 32,
            steps: 30,
            logEvery: 30,
            optimizer,
            key: key(1)
          });
          for await (const row of training) rows.push(row);
          losses.push((rows.at(-1) as FitRow).loss);
          const means = (training.state.modelState as Record<string, Record<string, Tensor>>).batchNorm1
            ?.mean;
          const [moved = 0] = await tf.max(tf.abs(means as Tensor)).data();
          expect(moved).toBeGreaterThan(0);
          training.dispose();
        }
        expect(losses[1]).toBeLessThan(losses[0] as number);
      })
    );

    test("wrong calls say what to pass instead", () => {
      const model = mlp([2, 3]);
      expect(() => seededPerturbations(model, {samples: 0})).toThrow(/samples must be/);
      expect(() => seededPerturbations(model, {deviation: 0})).toThrow(/deviation must be/);
      expect(() => seededPerturbations(model, {differences: "both" as never})).toThrow(
        /"forward" or "central"/
      );
      expect(() => seededPerturbations(model, {sigma: 1} as never)).toThrow(/no option sigma/);
      tf.tidy(() => {
        const {x, y} = batch();
        const params = model.init(key(0));
        const noKey = {training: true, update: () => {}};
        const learn = () => seededPerturbations(model).learning?.learn(params, x, y, noKey);
        expect(learn).toThrow(/context's key/);
        const {updates} = updatesOf(seededPerturbations(model), params, x, y);
        expect(Object.keys(updates)).toEqual(["dense1"]);
        tree.dispose(updates as Params);
      });
    });
  });
}
