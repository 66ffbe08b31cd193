import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {FitRow} from "../../src/ops/core/fit-options.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {cosine} from "../../src/ops/forward-forward/feedback/cosines.ts";
import {pepita} from "../../src/ops/forward-forward/feedback/pepita.ts";
import {pepitaGrads} from "../../src/ops/forward-forward/feedback/pepita-grads.ts";
import {stack} from "../../src/ops/forward-forward/stack.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {distance, turned, updatesOf} from "./ff-feedback-support.ts";
import {expectClose, fixture, kernel, tensor, use, withoutLeak} from "./support.ts";

const {tf, tree, key, sgd, freeze, initState} = ops;

/** Learning from a second pass forward. */
export function pepitaCases(backend: BackendName): void {
  describe(`PEPITA on ${backend}`, () => {
    beforeAll(() => use(backend));

    for (const [name, widths] of [
      ["pepita-step", [7, 10]],
      ["pepita-step-3layer-dropout", [8, 5, 10]]
    ] as const) {
      test(
        `${name}: the changes of all kernels`,
        withoutLeak(async () => {
          const {inputs, outputs} = fixture(`forward-forward/${name}`);
          const params = Object.fromEntries(
            widths.map((_, i) => [`layer${i + 1}`, {kernel: kernel(inputs[`w${i}`])}])
          );
          const masks = inputs.dropout_mask0 && [tensor(inputs.dropout_mask0), tensor(inputs.dropout_mask1)];
          const x = tensor(inputs.x);
          const layers = stack({layers: widths, useBias: false});
          const step = {x, y: tf.cast(tensor(inputs.target), "int32"), projection: tensor(inputs.B), masks};
          const {updates, outputs: given} = pepitaGrads(layers, params, step);
          await expectClose(tf.softmax(given), outputs.output);
          for (const i of widths.keys()) {
            const summed = tf.mul(updates[`layer${i + 1}`]?.kernel as Tensor, -(x.shape[0] as number));
            await expectClose(summed, turned(outputs[`delta_w${i}`]));
          }
        })
      );
    }

    test(
      "pepita-step: one step of momentum",
      withoutLeak(async () => {
        const {inputs, outputs} = fixture("forward-forward/pepita-step");
        const model = pepita({layers: [7, 10]});
        const params = {layer1: {kernel: kernel(inputs.w0)}, layer2: {kernel: kernel(inputs.w1)}};
        const state = {pepita: {projection: tensor(inputs.B)}};
        const y = tf.cast(tensor(inputs.target), "int32");
        const {updates} = updatesOf(model, params, tensor(inputs.x), y, {state});
        for (const i of [0, 1]) {
          // v after = 0.9 v - 0.05 times what stands for the gradient, and goes onto the weights.
          const grad = updates[`layer${i + 1}`]?.kernel as Tensor;
          const v = tf.sub(tf.mul(kernel(inputs[`v${i}`]), 0.9), tf.mul(grad, 0.05));
          await expectClose(v, turned(outputs[`v${i}_after`]));
          await expectClose(tf.add(kernel(inputs[`w${i}`]), v), turned(outputs[`w${i}_after`]));
        }
        tree.dispose(updates as Params);
      })
    );

    if (backend === "webgpu") return;

    test(
      "to first order: where the projection is small, adaptive feedback alignment is the same but for its size",
      withoutLeak(async () => {
        const layers = stack({
          layers: [{filters: 3, kernelSize: 3, strides: 2}, 6, 3],
          activation: "tanh"
        });
        const params = layers.init(key(1), [4, 4, 2]);
        const x = ops.random.normal(key(2), [5, 4, 4, 2]);
        const y = tf.tensor1d([0, 2, 1, 1, 0], "int32");
        const masks = [
          ops.random.bernoulli(key(4), 0.7, [5, 2, 2, 3]),
          tf.div(ops.random.bernoulli(key(5), 0.7, [5, 6]), 0.7)
        ];
        const projection = ops.random.normal(key(3), [32, 3], 0, 0.01);
        const exact = pepitaGrads(layers, params, {x, y, projection, masks}).updates;
        const first = pepitaGrads(layers, params, {x, y, projection, masks, linearized: true}).updates;
        for (const name of layers.names) {
          for (const leaf of ["kernel", "bias"] as const) {
            const [a, b] = [exact[name]?.[leaf], first[name]?.[leaf]] as [Tensor, Tensor];
            const [agreement] = await cosine(a, b).data();
            expect(agreement, `${name}/${leaf}`).toBeGreaterThan(0.999);
          }
        }
      })
    );

    test(
      "mirroring: noise alone turns the projection to the kernels' product, against a push to more error",
      withoutLeak(async () => {
        const data = ops.datasets.gaussians({n: 32, classes: 3, seed: 5});
        const model = pepita({layers: [8, 3], mirroring: {rate: 0.05}});
        const training = ops.fit(model, data, {steps: 120, batchSize: 16, optimizer: freeze()});
        for await (const _ of training);
        const factors = (training.state.modelState as Record<string, Record<string, Tensor>>).pepita;
        for (const [name, {kernel: own}] of Object.entries(training.params)) {
          const [agreement] = await cosine(factors?.[name] as Tensor, own).data();
          expect(agreement, name).toBeGreaterThan(0.9);
        }
        training.dispose();
      })
    );

    test(
      "fit trains by it, with dropout that key and step decide",
      withoutLeak(async () => {
        const data = ops.datasets.gaussians({n: 96, classes: 3, seed: 5});
        const model = pepita({layers: [24, 3], dropout: 0.2, projectionScale: 0.5, cosines: true});
        const options = {
          batchSize: 32,
          steps: 60,
          logEvery: 1,
          optimizer: sgd({learningRate: 0.2}),
          key: key(1)
        };
        const rows: FitRow[] = [];
        const training = ops.fit(model, data, options);
        for await (const row of training) rows.push(row);
        expect((rows.at(-1) as FitRow).loss).toBeLessThan((rows[0] as FitRow).loss * 0.7);
        expect(Object.keys(rows[0] as object)).toContain("cosine2");
        const again = ops.fit(model, data, options);
        for await (const _ of again);
        expect(await distance(training.params as Params, again.params as Params)).toBe(0);
        const state = initState(model, [2], key(1));
        const x = tf.ones([2, 2]);
        const y = tf.tensor1d([0, 1], "int32");
        const one = updatesOf(model, training.params, x, y, {state, stepKey: key(1)});
        const other = updatesOf(model, training.params, x, y, {state, stepKey: key(2)});
        expect(await distance(one.updates as Params, other.updates as Params)).toBeGreaterThan(0);
        // The scores it tells are those of the whole network.
        await expectClose(one.learned.outputs(), Array.from(await model.apply(training.params, x).data()));
        tree.dispose([one.updates, other.updates] as Params);
        training.dispose();
        again.dispose();
      })
    );

    test("wrong calls say what to pass instead", () => {
      expect(() => pepita({layers: [3], dropout: 1})).toThrow(/dropout must be below 1/);
      expect(() => pepita({layers: [3], projectionScale: NaN})).toThrow(/projectionScale.*NaN/);
      expect(() => pepita({layers: [3], mirroring: {rate: 2}})).toThrow(/rate must be.*between 0 and 1/);
      expect(() => pepita({layers: [{filters: 2, kernelSize: 3}, 3], mirroring: {}})).toThrow(
        /dense layers alone/
      );
      expect(() => pepita({layers: [3], feedbackInit: ops.zeros} as never)).toThrow(/no option feedbackInit/);
    });
  });
}
