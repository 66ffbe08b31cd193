import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {distance} from "./ff-feedback-support.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf, tree, key, dense, sequential, valueAndGrad, softmaxCrossEntropy, sgd} = ops;
const {modelAssembling} = ops.forwardForward;

const tanh = (units: number) => dense({units, activation: "tanh"}) as Layer;
const parts = () => ({
  modules: [
    sequential([tanh(5), tanh(4)]),
    sequential([tanh(4), tanh(4)]),
    sequential([tanh(6), tanh(3)])
  ] as Layer[],
  meta: [tanh(4), tanh(4), tanh(3)]
});

/** Modules that are trained apart and put together. */
export function assemblingCases(backend: BackendName): void {
  describe(`assembling on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "a module learns in its place in the meta model, of which nothing changes",
      withoutLeak(async () => {
        const {meta, incubation, whole, assemble} = modelAssembling(parts());
        const metaParams = meta.init(key(1), [3]);
        const before = tree.map((leaf: Tensor) => tf.clone(leaf), metaParams as Params);
        const data = ops.datasets.gaussianMixture({n: 24, dimensions: 3, seed: 1});
        const x = tf.tensor2d(data.inputs, [24, 3]);
        const y = tf.tensor1d(data.labels, "int32");
        const trained: Params[] = [];
        for (const index of [1, 2, 3]) {
          const model = incubation(index, metaParams);
          const params = model.init(key(2).fold(index), [3]);
          // By hand: stand-ins, but for one place.
          const layers = parts().meta.map((layer, i) =>
            i === index - 1 ? (parts().modules[i] as Layer) : layer
          );
          const own = (i: number, at: Params) =>
            i === index - 1 ? at : (metaParams[`module${i + 1}`] as Params);
          const through = (at: Params) =>
            layers.reduce((h, layer, i) => layer.apply(own(i, at), h), x as Tensor);
          const [loss, grads] = valueAndGrad((at: Params) => softmaxCrossEntropy(through(at), y))(params);
          const wanted = tree.map(
            (leaf: Tensor, _, grad) => tf.sub(leaf, tf.mul(grad as Tensor, 0.5)),
            params,
            grads
          );
          const training = ops.fit(model, data, {
            params,
            steps: 1,
            batchSize: 24,
            optimizer: sgd({learningRate: 0.5})
          });
          for await (const row of training) await expectClose(loss, [row.loss]);
          expect(await distance(wanted, training.params)).toBeLessThan(2e-6);
          trained.push(tree.clone(training.params));
          training.dispose();
        }
        expect(await distance(before, metaParams)).toBe(0);
        const params = assemble(trained);
        const {modules} = parts();
        const byHand = modules.reduce((h, layer, i) => layer.apply(trained[i] as Params, h), x as Tensor);
        await expectClose(whole.apply(params, x), Array.from(await byHand.data()));
        expect(Object.keys(params)).toEqual(["module1", "module2", "module3"]);
        tree.dispose([params, ...trained] as Params);
      })
    );

    test("wrong calls say what to pass instead", () => {
      const {modules, meta} = parts();
      expect(() => modelAssembling({modules: [tanh(3)], meta: [tanh(3)]})).toThrow(/two layers or more/);
      expect(() => modelAssembling({modules, meta: meta.slice(1)})).toThrow(/each of the 3 modules, got 2/);
      expect(() => modelAssembling({modules, metas: meta} as never)).toThrow(/no option metas/);
      const made = modelAssembling({modules, meta: [tanh(4), tanh(5), tanh(3)]});
      tf.tidy(() => {
        for (const model of [made.meta, made.whole] as Layer[])
          expect(() => model.init(key(0), [3])).toThrow(/module2 gives \[4\].*\[5\]/);
        const fitting = modelAssembling({modules, meta});
        const params = fitting.meta.init(key(0), [3]);
        expect(() => fitting.incubation(4, params)).toThrow(/from 1 to 3, got 4/);
        expect(() => fitting.incubation(1, {module1: params.module1 as Params})).toThrow(
          /there is no module2/
        );
        expect(() => made.incubation(1, params).init(key(0), [3])).toThrow(/module2 gives/);
        expect(() => fitting.assemble([])).toThrow(/3 modules, in order, got 0/);
      });
    });
  });
}
