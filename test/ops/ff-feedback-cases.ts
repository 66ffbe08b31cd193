import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {FitRow} from "../../src/ops/core/fit-options.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {gradientCosines} from "../../src/ops/forward-forward/feedback/cosines.ts";
import {
  directFeedbackAlignment,
  quantizedError,
  ternaryError
} from "../../src/ops/forward-forward/feedback/direct-feedback-alignment.ts";
import {feedbackAlignment} from "../../src/ops/forward-forward/feedback/feedback-alignment.ts";
import {forwardGradient} from "../../src/ops/forward-forward/feedback/forward-gradient.ts";
import {kolenPollack} from "../../src/ops/forward-forward/feedback/kolen-pollack.ts";
import {pepita} from "../../src/ops/forward-forward/feedback/pepita.ts";
import {productFeedback} from "../../src/ops/forward-forward/feedback/product-feedback.ts";
import {stack, stackLayer} from "../../src/ops/forward-forward/stack.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {distance, turned, updatesOf} from "./ff-feedback-support.ts";
import {expectClose, fixture, kernel, numbers, tensor, use, withoutLeak} from "./support.ts";

const {tf, tree, key, sgd, initState, valueAndGrad, softmaxCrossEntropy} = ops;

const images = [{filters: 3, kernelSize: 3, strides: 2}, {filters: 4, kernelSize: 3}, 6, 3] as const;

/** Rules that send errors back by ways of their own. */
export function feedbackCases(backend: BackendName): void {
  describe(`feedback on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "fa-dfa-step: what feedback and direct feedback ask of the kernels, and a step of descent",
      withoutLeak(async () => {
        const {inputs, outputs} = fixture("forward-forward/fa-dfa-step");
        const options = {layers: [6, 4, 3], activation: "tanh", useBias: false} as const;
        const params = Object.fromEntries(
          [0, 1, 2].map((i) => [`layer${i + 1}`, {kernel: kernel(inputs[`w${i}`])}])
        );
        const y = tf.argMax(tensor(inputs.target), 1);
        for (const [rule, make] of [
          ["fa", feedbackAlignment],
          ["dfa", directFeedbackAlignment]
        ] as const) {
          const model = make(options);
          const state = {
            [model.name]: {
              layer2: tensor(inputs[`B_${rule}1`]),
              layer3: tensor(inputs[`B_${rule}2`])
            }
          };
          const {updates, learned} = updatesOf(model, params, tensor(inputs.x), y, {state});
          await expectClose(tf.softmax(learned.outputs()), outputs.output);
          for (const i of [0, 1, 2]) {
            const grad = updates[`layer${i + 1}`]?.kernel as Tensor;
            await expectClose(grad, turned(outputs[`${rule}_grad${i}`]));
            const after = tf.sub(params[`layer${i + 1}`]?.kernel as Tensor, tf.mul(grad, 0.1));
            await expectClose(after, turned(outputs[`${rule}_w${i}_after`]));
          }
          const cosines = await gradientCosines(model, params, {x: tensor(inputs.x), y, state});
          const wanted = numbers(outputs[`${rule}_cosine_to_bp`]);
          for (const [i, {path, cosine}] of cosines.toReversed().entries()) {
            expect(path).toBe(`layer${i + 1}/kernel`);
            expect(cosine).toBeCloseTo(wanted[i] as number, 4);
          }
          tree.dispose(updates as Params);
        }
      })
    );

    test(
      "fit records the steps of rules that keep, draw and learn feedback",
      withoutLeak(async () => {
        const data = ops.datasets.gaussians({n: 32, classes: 3, seed: 5});
        const layers = [6, 3];
        for (const model of [
          directFeedbackAlignment({layers, errorForm: ternaryError(), cosines: true}),
          productFeedback({layers}),
          pepita({layers, dropout: 0.2, mirroring: {}}),
          forwardGradient({layers, perturb: "activities", samples: 2})
        ]) {
          const options = {batchSize: 8, steps: 6, logEvery: 3, key: key(2)};
          const training = ops.fit(model, data, options);
          for await (const {loss} of training) expect(Number.isFinite(loss)).toBe(true);
          if (backend === "webgpu") expect(training.plan).toMatchObject({status: "recorded"});
          training.dispose();
        }
      })
    );
    if (backend === "webgpu") return;

    test(
      "products back through a stack of convolutions and dense layers are backpropagation with its own kernels",
      withoutLeak(async () => {
        for (const activation of ["tanh", "gelu"] as const) {
          const model = feedbackAlignment({layers: images, activation});
          const params = model.init(key(1), [5, 6, 2]);
          const state = {
            feedbackAlignment: {
              layer2: params.layer2?.kernel,
              layer3: params.layer3?.kernel,
              layer4: params.layer4?.kernel
            }
          } as never;
          const x = ops.random.normal(key(2), [3, 5, 6, 2]);
          const y = tf.tensor1d([0, 2, 1], "int32");
          const {updates, learned} = updatesOf(model, params, x, y, {state});
          const exact = valueAndGrad((at: typeof params) => softmaxCrossEntropy(model.apply(at, x), y));
          const [loss, grads] = exact(params);
          expect(await distance(updates as Params, grads as Params)).toBeLessThan(2e-6);
          await expectClose(learned.loss, Array.from(await loss.data()));
          await expectClose(learned.outputs(), Array.from(await model.apply(params, x).data()));
          tree.dispose(updates as Params);
        }
      })
    );

    test(
      "direct feedback reaches convolutions, and hidden layers alone see the coarser error",
      withoutLeak(async () => {
        const options = {layers: images, activation: "tanh"} as const;
        const params = directFeedbackAlignment(options).init(key(1), [5, 6, 2]);
        const state = initState(directFeedbackAlignment(options), [5, 6, 2], key(4));
        const x = ops.random.normal(key(2), [3, 5, 6, 2]);
        const y = tf.tensor1d([0, 2, 1], "int32");
        const threshold = 0.3;
        const exact = updatesOf(directFeedbackAlignment(options), params, x, y, {state}).updates;
        const coarse = directFeedbackAlignment({...options, errorForm: ternaryError({threshold})});
        const {updates, learned} = updatesOf(coarse, params, x, y, {state});
        // The last hidden layer, by hand: h2^T (e B^T (1 - h3^2)).
        const made = stack(options);
        const passed = made.forward(params, x);
        const probabilities = tf.softmax(learned.outputs());
        const error = (await tf.sub(probabilities, tf.oneHot(y, 3)).data()) as Float32Array;
        const signs = Array.from(error, (e) => (Math.abs(e) > threshold ? Math.sign(e) : 0) / 3);
        const sent = tf.matMul(
          tf.tensor2d(signs, [3, 3]),
          (state.directFeedbackAlignment as Record<string, Tensor>).layer4 as Tensor,
          false,
          true
        );
        const h = passed.activations[2] as Tensor;
        const delta = tf.mul(sent, tf.sub(1, tf.square(h)));
        const wanted = tf.matMul(tf.reshape(passed.inputs[2] as Tensor, [3, -1]), delta, true, false);
        await expectClose(updates.layer3?.kernel as Tensor, Array.from(await wanted.data()));
        expect(await distance(updates.layer4 as Params, exact.layer4 as Params)).toBe(0);
        expect(await distance(updates.layer1 as Params, exact.layer1 as Params)).toBeGreaterThan(1e-3);
        tree.dispose([updates, exact] as Params);
      })
    );

    test(
      "errors are rounded to three values, or to so many bits",
      withoutLeak(async () => {
        const error = tf.tensor2d([0.5, -0.05, -0.11, 0, 0.2, -0.4], [2, 3]);
        await expectClose(ternaryError()(error), [1, 0, 0, 0, 0, -1]);
        await expectClose(ternaryError({threshold: 0.1})(error), [1, 0, -1, 0, 1, -1]);
        await expectClose(ternaryError({threshold: 0.3})(error), [1, 0, 0, 0, 0, -1]);
        // Three bits: thirds of the largest of each row.
        await expectClose(quantizedError({bits: 3})(error), [0.5, 0, -0.5 / 3, 0, 0.8 / 3, -0.4]);
      })
    );

    test(
      "Kolen-Pollack: what kernels and feedback differ in shrinks by 1 - rate x decay a step",
      withoutLeak(async () => {
        const data = ops.datasets.gaussians({n: 48, classes: 3, seed: 5});
        const model = kolenPollack({layers: [7, 3], activation: "tanh", decay: 0.2});
        const params = model.init(key(1), [2]);
        const [rate, steps] = [0.25, 6];
        const training = ops.fit(model, data, {
          params,
          batchSize: 16,
          steps,
          optimizer: sgd({learningRate: rate})
        });
        for await (const _ of training);
        const between = (at: unknown) => {
          const {kernel: own, feedback} = (at as Record<string, Record<string, Tensor>>).layer2 ?? {};
          return tf.sub(own as Tensor, feedback as Tensor);
        };
        const left = tf.mul(between(params), (1 - rate * 0.2) ** steps);
        await expectClose(between(training.params), Array.from(await left.data()), {atol: 1e-6});
        expect(Object.keys(params.layer1 as object)).not.toContain("feedback");
        training.dispose();
      })
    );

    test(
      "product feedback: with orthonormal rows the product follows the kernel, and no half does",
      withoutLeak(async () => {
        const data = ops.datasets.gaussians({n: 48, classes: 3, seed: 5});
        const rows = (k: ReturnType<typeof key>, shape: readonly number[]) => ops.orthogonal()(k, shape);
        const model = productFeedback({
          layers: [7, 3],
          activation: "tanh",
          decay: 0.2,
          expansion: 3,
          randomInit: rows
        });
        const params = model.init(key(1), [2]);
        const [rate, steps] = [0.25, 6];
        const training = ops.fit(model, data, {
          params,
          batchSize: 16,
          steps,
          optimizer: sgd({learningRate: rate})
        });
        for await (const _ of training);
        const state = training.state.modelState as Record<string, Record<string, Tensor>>;
        const random = state.productFeedback?.layer2 as Tensor;
        expect(random.shape).toEqual([3, 9]);
        const between = (at: unknown) => {
          const {kernel: own, feedback} = (at as Record<string, Record<string, Tensor>>).layer2 ?? {};
          return tf.sub(own as Tensor, tf.matMul(feedback as Tensor, random, false, true));
        };
        const left = tf.mul(between(params), (1 - rate * 0.2) ** steps);
        await expectClose(between(training.params), Array.from(await left.data()), {atol: 1e-6});
        training.dispose();
      })
    );

    test(
      "product feedback sends errors through both halves, in convolutions too",
      withoutLeak(async () => {
        const model = productFeedback({layers: images, activation: "tanh", decay: 0});
        const params = model.init(key(1), [5, 6, 2]) as Record<string, Record<string, Tensor>>;
        const state = initState(model, [5, 6, 2], key(4)) as Record<string, Record<string, Tensor>>;
        // Where B R^T is the kernel, it is backpropagation.
        const fitting = Object.fromEntries(
          Object.entries(params).map(([name, {kernel: own, bias, feedback}]) => {
            if (!feedback) return [name, {kernel: own, bias}];
            const random = state.productFeedback?.[name] as Tensor;
            const flat = tf.reshape(feedback, [-1, feedback.shape.at(-1) as number]);
            const product = tf.matMul(flat, random, false, true);
            return [name, {kernel: tf.reshape(product, own?.shape as number[]), bias, feedback}];
          })
        ) as typeof params;
        const x = ops.random.normal(key(2), [3, 5, 6, 2]);
        const y = tf.tensor1d([0, 2, 1], "int32");
        const cosines = await gradientCosines(model, fitting as never, {x, y, state});
        expect(cosines.length).toBe(8);
        for (const {path, cosine} of cosines) expect(cosine, path).toBeCloseTo(1, 4);
      })
    );

    test(
      "fit trains by each, tells cosines where they are asked for, and keeps fixed feedback as it is",
      withoutLeak(async () => {
        const data = ops.datasets.gaussians({n: 96, classes: 3, seed: 5});
        for (const make of [feedbackAlignment, directFeedbackAlignment, kolenPollack, productFeedback]) {
          const model = make({layers: [12, 8, 3], activation: "tanh", cosines: true});
          const rows: FitRow[] = [];
          const training = ops.fit(model, data, {
            batchSize: 32,
            steps: 30,
            logEvery: 1,
            optimizer: sgd({learningRate: 0.3})
          });
          const before = tree.map((leaf: Tensor) => tf.clone(leaf), training.state.modelState as Params);
          for await (const row of training) rows.push(row);
          expect((rows.at(-1) as FitRow).loss).toBeLessThan((rows[0] as FitRow).loss * 0.7);
          const last = rows.at(-1) as FitRow & Record<string, number>;
          expect(last.cosine3).toBeCloseTo(1, 3);
          expect(Math.abs(last.cosine1 as number)).toBeLessThanOrEqual(1.0001);
          if (tree.leaves(before).length > 0)
            expect(await distance(before, training.state.modelState as Params)).toBe(0);
          training.dispose();
        }
      })
    );

    test(
      "the stack shows its layers to taps, and flattens where dense layers begin",
      withoutLeak(async () => {
        const model = stackLayer("stack", stack({layers: images}));
        const params = model.init(key(1), [5, 6, 2]);
        const seen: string[] = [];
        const y = model.apply(params, tf.ones([2, 5, 6, 2]), {
          tap: (path, at) => {
            seen.push(`${path} ${at.shape.slice(1)}`);
            return at;
          }
        });
        expect(y.shape).toEqual([2, 3]);
        expect(seen).toEqual(["layer1 3,3,3", "layer2 3,3,4", "layer3 6", "layer4 3"]);
      })
    );

    test("wrong calls say what to pass instead", () => {
      expect(() => feedbackAlignment({layers: []})).toThrow(/e\.g\. \[300, 100, 10\]/);
      expect(() => feedbackAlignment({layers: [3, {filters: 2, kernelSize: 3}, 2]})).toThrow(
        /convolution after a dense layer/
      );
      expect(() => feedbackAlignment({layers: [{filters: 2, kernelSize: 3}]})).toThrow(/must be a number/);
      expect(() => feedbackAlignment({layers: [3], decay: 1} as never)).toThrow(/no option decay/);
      expect(() => kolenPollack({layers: [3], decay: NaN})).toThrow(/decay must be a number.*NaN/);
      expect(() => productFeedback({layers: [3], expansion: 0})).toThrow(/expansion must be.*at least 1/);
      expect(() => ternaryError({threshold: NaN})).toThrow(/threshold must be a number.*NaN/);
      expect(() => quantizedError({bits: 1})).toThrow(/bits must be.*at least 2/);
      expect(() => directFeedbackAlignment({layers: [3], errorForm: "sign" as never})).toThrow(
        /ternaryError/
      );
      const model = feedbackAlignment({layers: [4, 2]});
      tf.tidy(() => {
        const params = model.init(key(0), [3]);
        const y = tf.tensor1d([0, 1], "int32");
        expect(() => updatesOf(model, params, tf.ones([2, 3]), y)).toThrow(/what initState gives/);
      });
    });
  });
}
