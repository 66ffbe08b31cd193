import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {FitRow} from "../../src/ops/core/fit-options.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {counterCurrent} from "../../src/ops/forward-forward/feedback/counter-current.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {distance, updatesOf} from "./ff-feedback-support.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf, tree, key, adam, grad, softmaxCrossEntropy} = ops;

type Dense = {kernel: Tensor; bias: Tensor};

const batch = () => ({x: ops.random.normal(key(2), [6, 2]), y: tf.tensor1d([0, 1, 2, 2, 0, 1], "int32")});
const tanhLayer = ({kernel, bias}: Dense, x: Tensor) => tf.tanh(tf.add(tf.matMul(x, kernel), bias));

/** Two networks in opposite directions. */
export function counterCurrentCases(backend: BackendName): void {
  describe(`counter-current learning on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "each layer of either network goes down its own distance to its counterpart, and the last down the loss",
      withoutLeak(async () => {
        const model = counterCurrent({layers: [5, 4, 3], match: "squared"});
        const params = model.init(key(1), [2]) as unknown as Record<string, Dense>;
        const {x, y} = batch();
        const {updates, learned} = updatesOf(model, params, x, y);
        const of = (name: string) => params[name] as Dense;
        const h1 = tanhLayer(of("layer1"), x);
        const h2 = tanhLayer(of("layer2"), h1);
        const b2 = tanhLayer(of("feedback1"), tf.cast(tf.oneHot(y, 3), "float32"));
        const b1 = tanhLayer(of("feedback2"), b2);
        const squared = (input: Tensor, wanted: Tensor) => (at: Dense) =>
          tf.div(tf.sum(tf.square(tf.sub(tanhLayer(at, input), wanted))), 12);
        const wanted = {
          layer1: grad(squared(x, b1))(of("layer1")),
          layer2: grad(squared(h1, b2))(of("layer2")),
          layer3: grad(({kernel, bias}: Dense) =>
            softmaxCrossEntropy(tf.add(tf.matMul(h2, kernel), bias), y)
          )(of("layer3")),
          feedback1: grad(squared(tf.cast(tf.oneHot(y, 3), "float32"), h2))(of("feedback1")),
          feedback2: grad(squared(b2, h1))(of("feedback2"))
        };
        for (const [name, grads] of Object.entries(wanted))
          expect(await distance(updates[name] as Params, grads), name).toBeLessThan(1e-6);
        expect(Object.keys(updates).toSorted()).toEqual(Object.keys(wanted).toSorted());
        const far = tf.div(tf.sum(tf.square(tf.sub(h2, b2))), 12);
        await expectClose(learned.figures?.[1] as Tensor, Array.from(await far.data()));
        tree.dispose(updates as Params);
      })
    );

    test(
      "by classes, products with the activations of every class tell whose an example is, as in the authors' code",
      withoutLeak(async () => {
        const model = counterCurrent({layers: [5, 4, 3], match: "classes"});
        const params = model.init(key(1), [2]) as unknown as Record<string, Dense>;
        const {x, y} = batch();
        const {updates, learned} = updatesOf(model, params, x, y);
        const of = (name: string) => params[name] as Dense;
        const h1 = tanhLayer(of("layer1"), x);
        const h2 = tanhLayer(of("layer2"), h1);
        const every = tf.tensor2d([1, 0, 0, 0, 1, 0, 0, 0, 1], [3, 3]);
        const b2 = tanhLayer(of("feedback1"), every);
        const b1 = tanhLayer(of("feedback2"), b2);
        // 6 examples by 3 classes.
        const apart = (a: Tensor, b: Tensor) => {
          const wrong = tf.sub(tf.matMul(a, tf.transpose(b)), tf.cast(tf.oneHot(y, 3), "float32"));
          return tf.mul(tf.sum(tf.square(wrong)), 128 / (a.shape[1] as number) / 18);
        };
        const forward = (input: Tensor, wanted: Tensor) => (at: Dense) => apart(tanhLayer(at, input), wanted);
        const back = (input: Tensor, wanted: Tensor) => (at: Dense) => apart(wanted, tanhLayer(at, input));
        const wanted = {
          layer1: grad(forward(x, b1))(of("layer1")),
          layer2: grad(forward(h1, b2))(of("layer2")),
          feedback1: grad(back(every, h2))(of("feedback1")),
          feedback2: grad(back(b2, h1))(of("feedback2"))
        };
        for (const [name, grads] of Object.entries(wanted))
          expect(await distance(updates[name] as Params, grads), name).toBeLessThan(1e-4);
        await expectClose(learned.figures?.[1] as Tensor, Array.from(await apart(h2, b2).data()));
        tree.dispose(updates as Params);
        const echo = tf.zeros([6, 3]);
        expect(() => updatesOf(model, params, x, echo)).toThrow(/"classes" needs labels/);
        expect(() => updatesOf(model, params, x, tf.zeros([5], "int32"))).toThrow(
          /\[6, 2\] and answers \[5\]/
        );
      })
    );

    test(
      "by cosine, activations in one place are far from everything, and those that differ alike are near",
      withoutLeak(async () => {
        const model = counterCurrent({layers: [3, 3]});
        const params = model.init(key(1), [2]) as unknown as Record<string, Dense>;
        const y = tf.tensor1d([0, 1, 2], "int32");
        // Forward and back give the same but for a shift and a scale.
        const forward = {kernel: tf.tensor2d([0.1, 0, 0, 0, 0.1, 0], [2, 3]), bias: tf.zeros([3])};
        const back = {kernel: tf.tensor2d([0.2, 0, 0, 0, 0.2, 0, 0, 0, 0], [3, 3]), bias: tf.zeros([3])};
        const x = tf.tensor2d([1, 0, 0, 1, 0, 0], [3, 2]);
        const same = {...params, layer1: forward, feedback1: back} as never;
        const near = updatesOf(model, same, x, y);
        const [close = NaN] = (await near.learned.figures?.[0]?.data()) ?? [];
        expect(close).toBeLessThan(0.01);
        const still = updatesOf(model, same, tf.ones([3, 2]), y);
        const [far = NaN] = (await still.learned.figures?.[0]?.data()) ?? [];
        expect(far).toBeCloseTo(1, 4);
        tree.dispose([near.updates, still.updates] as Params);
      })
    );

    test(
      "fit trains classes and targets by it",
      withoutLeak(async () => {
        const data = ops.datasets.gaussians({n: 96, classes: 3, seed: 5});
        const {labels: _, classes: __, ...plain} = data;
        // An autoencoder: what goes in is what shall come out.
        const echo = {...plain, targets: data.inputs as Float32Array, targetShape: [2]};
        for (const [given, outputs] of [
          [data, 3],
          [echo, 2]
        ] as const) {
          const rows: FitRow[] = [];
          const training = ops.fit(counterCurrent({layers: [12, outputs]}), given as typeof data, {
            batchSize: 32,
            steps: 60,
            logEvery: 1,
            optimizer: adam({learningRate: 0.02}),
            key: key(1)
          });
          for await (const row of training) rows.push(row);
          const [first, last] = [rows[0], rows.at(-1)] as [FitRow, FitRow];
          expect(last.loss).toBeLessThan(first.loss * 0.7);
          expect(last.match1).toBeLessThan(first.match1 as number);
          training.dispose();
        }
      })
    );

    test(
      "rows tell cosines of the layers forward alone, and 0 for a layer that nothing is asked of",
      withoutLeak(async () => {
        const data = ops.datasets.gaussians({n: 8, classes: 3, seed: 5});
        const model = counterCurrent({layers: [5, 3], cosines: true});
        // One example does not differ from the mean of its batch: its first layer has nothing to match.
        for (const [batchSize, most] of [
          [1, 0],
          [8, 1]
        ] as const) {
          const training = ops.fit(model, data, {batchSize, steps: 2, logEvery: 1});
          for await (const row of training) {
            expect(Math.abs(row.cosine1 as number)).toBeLessThanOrEqual(most);
            expect(row.cosine2).toBeCloseTo(1, 5);
            if (most > 0) expect(row.cosine1).not.toBe(0);
          }
          training.dispose();
        }
      })
    );

    test("wrong calls say what to pass instead", () => {
      expect(() => counterCurrent({layers: [3]})).toThrow(/needs a hidden layer.*\[64, 10\]/);
      expect(() => counterCurrent({layers: [{filters: 2, kernelSize: 3}, 3]})).toThrow(/dense layers alone/);
      expect(() => counterCurrent({layers: [4, 3], match: "l1" as never})).toThrow(
        /"cosine" or "squared" or "classes", got .l1/
      );
    });
  });
}
