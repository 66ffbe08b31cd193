import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {FitRow} from "../../src/ops/core/fit-options.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {gradientCosines} from "../../src/ops/forward-forward/feedback/cosines.ts";
import {forwardGradient} from "../../src/ops/forward-forward/feedback/forward-gradient.ts";
import {forwardEstimate, pushForward} from "../../src/ops/forward-forward/feedback/forward-mode.ts";
import {outputError} from "../../src/ops/forward-forward/feedback/output-error.ts";
import {type StackParams, stack} from "../../src/ops/forward-forward/stack.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {turned, type Updates, updatesOf} from "./ff-feedback-support.ts";
import {expectClose, fixture, kernel, tensor, use, withoutLeak} from "./support.ts";

const {tf, tree, key, sgd, jvp, valueAndGrad, softmaxCrossEntropy} = ops;

const images = [{filters: 3, kernelSize: 3, strides: 2}, 6, 3] as const;
const labels = () => tf.tensor1d([0, 2, 1, 1], "int32");
const normalLike = (params: Params, seed: number) => {
  let count = 0;
  return tree.map(({shape}: Tensor) => ops.random.normal(key(seed).fold(count++), shape), params);
};

/** Gradients from derivatives along directions. */
export function forwardGradientCases(backend: BackendName): void {
  describe(`forward gradients on ${backend}`, () => {
    beforeAll(() => use(backend));

    for (const [name, widths] of [
      ["forward-gradient", [6, 4, 3]],
      ["forward-gradient-b", [7, 2]]
    ] as const) {
      test(
        `${name}: for given directions of weights and of activities`,
        withoutLeak(async () => {
          const {inputs, outputs} = fixture(`forward-forward/${name}`);
          const layers = stack({layers: widths, activation: "tanh"});
          const named = (prefix: string) =>
            Object.fromEntries(
              widths.map((_, i) => [
                `layer${i + 1}`,
                {kernel: kernel(inputs[`${prefix}w${i}`]), bias: tensor(inputs[`${prefix}b${i}`])}
              ])
            );
          const params = named("");
          const passed = layers.forward(params, tensor(inputs.x));
          const y = tf.cast(tensor(inputs.y), "int32");
          const {loss, error} = outputError(passed.activations.at(-1) as Tensor, y);
          const way = {layers, params, passed, error};
          await expectClose(loss, outputs.loss);
          const weights = named("v_");
          const slope = tf.sum(tf.mul(error, pushForward(way, {weights})));
          await expectClose(slope, outputs.directional_derivative);
          const sums = widths.map((_, i) => tensor(inputs[`v_a${i}`]));
          const slopes = tf.sum(tf.mul(tf.mul(error, y.size), pushForward(way, {sums})), 1);
          await expectClose(slopes, outputs.activity_directional_derivative);
          for (const [direction, of] of [
            [{weights}, "fgrad_"],
            [{sums}, "fgrad_act_"]
          ] as const) {
            const estimate = forwardEstimate(way, direction, false);
            for (const i of widths.keys()) {
              const {kernel: own, bias} = estimate[`layer${i + 1}`] as {kernel: Tensor; bias: Tensor};
              await expectClose(own, turned(outputs[`${of}w${i}`]));
              await expectClose(bias, outputs[`${of}b${i}`]);
            }
          }
        })
      );
    }

    if (backend === "webgpu") return;

    test(
      "the pass forward is jvp, and the limit of differences, for convolutions and dense layers",
      withoutLeak(async () => {
        for (const activation of ["tanh", "silu"] as const) {
          const layers = stack({layers: images, activation});
          const params = layers.init(key(1), [4, 4, 2]);
          const direction = normalLike(params, 7) as StackParams;
          const x = ops.random.normal(key(2), [4, 4, 4, 2]);
          const given = (at: StackParams) => layers.forward(at, x).activations.at(-1) as Tensor;
          const pushed = pushForward(
            {layers, params, passed: layers.forward(params, x)},
            {weights: direction}
          );
          const [, exact] = jvp(given, [params], [direction]);
          await expectClose(pushed, Array.from(await exact.data()), {atol: 2e-5});
          const step = 3e-3;
          const moved = (by: number) =>
            given(
              tree.map(
                (p: Tensor, _, v) => tf.add(p, tf.mul(v as Tensor, by)),
                params as Params,
                direction as Params
              ) as StackParams
            );
          const differences = tf.div(tf.sub(moved(step), moved(-step)), 2 * step);
          await expectClose(pushed, Array.from(await differences.data()), {rtol: 2e-3, atol: 2e-2});
        }
      })
    );

    for (const perturb of ["weights", "activities"] as const) {
      for (const apart of [false, true]) {
        test(
          `unbiased: the mean over many draws of ${perturb}${apart ? ", layers apart," : ""} is the gradient`,
          withoutLeak(async () => {
            const draws = 1500;
            const model = forwardGradient({
              layers: [3, 2],
              activation: "tanh",
              perturb,
              apart,
              samples: draws
            });
            const params = model.init(key(1), [2]);
            const x = ops.random.normal(key(2), [4, 2]);
            const y = tf.tensor1d([0, 1, 1, 0], "int32");
            const {updates} = updatesOf(model, params, x, y, {stepKey: key(11)});
            const [, exact] = valueAndGrad((at: StackParams) => softmaxCrossEntropy(model.apply(at, x), y))(
              params
            );
            const flat = async (of: Params) => {
              const parts = await Promise.all(tree.leaves<Tensor>(of).map((leaf) => leaf.data()));
              return parts.flatMap((part) => Array.from(part));
            };
            const [mean, truth] = [await flat(updates as Params), await flat(exact as Params)];
            const dot = (a: number[], b: number[]) =>
              a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
            // Along the gradient the estimate has mean 1 and a deviation of at most sqrt(2 / draws), given all at once.
            const size = dot(truth, truth);
            expect(Math.abs(dot(mean, truth) / size - 1)).toBeLessThan(5 * Math.sqrt(2 / draws));
            // Beside it every number has a deviation of about |gradient| / sqrt(draws).
            const off = mean.map((value, i) => value - (truth[i] as number));
            expect(dot(off, off)).toBeLessThan((3 * truth.length * size) / draws);
            tree.dispose(updates as Params);
          })
        );
      }
    }

    test(
      "a local guess: the gradient's part along it, which is all of the gradient where heads are the rest of the network",
      withoutLeak(async () => {
        for (const perturb of ["weights", "activities"] as const) {
          const model = forwardGradient({
            layers: [5, 3],
            activation: "tanh",
            useBias: false,
            perturb,
            guess: "local"
          });
          const params = model.init(key(1), [2]) as Updates;
          const x = ops.random.normal(key(2), [4, 2]);
          const same = {...params, layer1: {...params.layer1, head: params.layer2?.kernel as Tensor}};
          const {updates} = updatesOf(model, same as never, x, labels());
          const [, exact] = valueAndGrad((at: StackParams) =>
            softmaxCrossEntropy(model.apply(at, x), labels())
          )(same as never);
          for (const name of ["layer1", "layer2"]) {
            const wanted = Array.from(await (exact[name] as {kernel: Tensor}).kernel.data());
            await expectClose(updates[name]?.kernel as Tensor, wanted);
          }
          const headed = await gradientCosines(model, params as never, {x, y: labels()});
          expect(headed.find(({path}) => path === "layer1/kernel")?.cosine).toBeLessThan(0.999);
          // The head learns by its own loss.
          const [, byHead] = valueAndGrad((head: Tensor) =>
            softmaxCrossEntropy(
              tf.matMul(tf.tanh(tf.matMul(x, params.layer1?.kernel as Tensor)), head),
              labels()
            )
          )(params.layer1?.head as Tensor);
          const own = updatesOf(model, params as never, x, labels()).updates;
          await expectClose(own.layer1?.head as Tensor, Array.from(await byHead.data()));
          tree.dispose([updates, own] as Params);
        }
      })
    );

    test(
      "apart, the part of the gradient along a guess cannot turn round, and the last guess is the gradient",
      withoutLeak(async () => {
        const model = forwardGradient({layers: images, perturb: "activities", guess: "local", apart: true});
        const params = model.init(key(1), [4, 4, 2]);
        const x = ops.random.normal(key(2), [4, 4, 4, 2]);
        // Of one example: projected onto a line, its part of the sums' gradient cannot turn round.
        const one = tf.slice(x, [0, 0, 0, 0], [1, 4, 4, 2]);
        const cosines = await gradientCosines(model, params, {x: one, y: tf.tensor1d([2], "int32")});
        expect(cosines.map(({path}) => path)).toContain("layer1/bias");
        const of = (wanted: string) => cosines.find(({path}) => path === wanted)?.cosine;
        expect(of("layer3/bias")).toBeCloseTo(1, 4);
        expect(of("layer2/bias")).toBeGreaterThan(0);
        expect(of("layer2/bias")).toBeLessThan(0.999);
      })
    );

    test(
      "fit trains by each kind, with the same bits for the same key",
      withoutLeak(async () => {
        const data = ops.datasets.gaussians({n: 96, classes: 3, seed: 5});
        for (const options of [
          {perturb: "weights"},
          {perturb: "activities", apart: true},
          {perturb: "activities", guess: "local"}
        ] as const) {
          const model = forwardGradient({layers: [8, 3], activation: "tanh", cosines: true, ...options});
          const rows: FitRow[] = [];
          const training = ops.fit(model, data, {
            batchSize: 32,
            steps: 150,
            logEvery: 1,
            optimizer: sgd({learningRate: options.perturb === "weights" ? 0.03 : 0.2}),
            key: key(1)
          });
          for await (const row of training) rows.push(row);
          expect((rows.at(-1) as FitRow).loss, JSON.stringify(options)).toBeLessThan(
            (rows[0] as FitRow).loss * 0.8
          );
          training.dispose();
        }
      })
    );

    test("wrong calls say what to pass instead", () => {
      expect(() => forwardGradient({layers: [3], perturb: "loss" as never})).toThrow(
        /"weights" or "activities"/
      );
      expect(() => forwardGradient({layers: [3], guess: "best" as never})).toThrow(
        /"random" or "local", got best/
      );
      expect(() => forwardGradient({layers: [3], samples: 0})).toThrow(/samples must be/);
      expect(() => forwardGradient({layers: [3], samples: 2, guess: "local"})).toThrow(/one direction/);
      const model = forwardGradient({layers: [2]});
      tf.tidy(() => {
        const context = {training: true, update: () => {}};
        const params = model.init(key(0), [3]);
        const y = tf.tensor1d([0, 1], "int32");
        expect(() => model.learning?.learn(params, tf.ones([2, 3]), y, context)).toThrow(/context's key/);
      });
    });
  });
}
