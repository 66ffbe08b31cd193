import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {FitRow} from "../../src/ops/core/fit-options.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {numberOf} from "./ff-support.ts";
import {expectClose, type Fixture, fixture, kernel, tensor, use, withoutLeak} from "./support.ts";

const {tf, tree, adam, dense, evaluate, freeze, key, layerwise, sgd} = ops;
const {hebbianNetwork, softHebbConv2d, softHebbDense, triangle} = ops.forwardForward;

const images = (stored: Fixture["inputs"][string] | undefined) => tensor(stored).transpose([0, 2, 3, 1]);
/** Weights (out, in, rows, columns) as HWIO. */
const filters = (stored: Fixture["inputs"][string] | undefined) => tensor(stored).transpose([2, 3, 1, 0]);

async function expectSame(actual: Tensor, wanted: Tensor): Promise<void> {
  await expectClose(actual, Array.from(await wanted.data()), {atol: 1e-6});
}

const optimizer = () =>
  layerwise((name) => (name === "head" ? adam({learningRate: 0.03}) : sgd({learningRate: 0.1})));

/** Published numbers, and one training. */
export function hebbianFixtureCases(backend: BackendName): void {
  describe(`SoftHebb on ${backend}`, () => {
    beforeAll(() => use(backend));

    for (const name of ["softhebb-linear-step", "softhebb-linear-step-b"]) {
      test(
        `${name}: the change of a dense layer`,
        withoutLeak(async () => {
          const {inputs, outputs, params} = fixture(`forward-forward/${name}`);
          const layer = softHebbDense({units: 3, inverseTemperature: params.t_invert as number});
          const own = {kernel: kernel(inputs.weight)};
          await expectClose(layer.apply(own, tensor(inputs.x)), outputs.u);
          const descent = layer.hebbian(own, tensor(inputs.x), {});
          const change = tf.mul(kernel(outputs.delta_w), kernel(outputs.lr_per_weight));
          await expectSame(tf.mul(descent.kernel, -(params.lr as number)), change);
          const next = tf.sub(own.kernel, tf.mul(descent.kernel, params.lr as number));
          await expectSame(next, kernel(outputs.weight_after));
        })
      );
    }

    for (const name of ["softhebb-conv-step", "softhebb-conv-step-1x1-dense"]) {
      test(
        `${name}: the change of a convolution`,
        withoutLeak(async () => {
          const {inputs, outputs, params} = fixture(`forward-forward/${name}`);
          const layer = softHebbConv2d({
            filters: inputs.weight?.shape[0] as number,
            kernelSize: params.kernel as number,
            inverseTemperature: params.t_invert as number
          });
          const own = {kernel: filters(inputs.weight)};
          const x = images(inputs.x);
          await expectSame(layer.apply(own, x), images(outputs.u));
          const descent = layer.hebbian(own, x, {});
          const rates = tf.reshape(tensor(outputs.lr_used), [1, 1, 1, -1]);
          const change = tf.mul(filters(outputs.delta_w), rates);
          await expectSame(tf.mul(descent.kernel, -(params.lr as number)), change);
          // The file's weights went down the change: the published training gives its optimizer a negative rate.
          const next = tf.add(own.kernel, tf.mul(descent.kernel, params.lr as number));
          await expectSame(next, filters(outputs.weight_after));
        })
      );
    }

    test(
      "fit trains layers without labels and a head on them",
      withoutLeak(async () => {
        const data = ops.datasets.gaussians({n: 64, classes: 4, seed: 5});
        const layers = [softHebbDense({units: 12, inverseTemperature: 2}), triangle()];
        const model = hebbianNetwork({layers, classes: 4});
        const training = ops.fit(model, data, {
          steps: 40,
          batchSize: 32,
          key: key(4),
          optimizer: optimizer(),
          logEvery: 1
        });
        const rows: FitRow[] = [];
        for await (const row of training) rows.push(row);
        if (backend === "webgpu") expect(training.plan).toMatchObject({status: "recorded"});
        const [first, last] = [rows[0], rows.at(-1)] as [FitRow, FitRow];
        expect(last.loss).toBeLessThan(first.loss);
        expect(last.norm1).toBeLessThan(first.norm1 as number);
        expect((await evaluate(model, training.params, data)).accuracy).toBeGreaterThan(0.5);
        training.dispose();
      })
    );
  });
}

/** How networks of Hebbian layers learn, and wrong calls: where the CPU runs. */
export function hebbianCases(backend: BackendName): void {
  describe(`Hebbian networks on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "weights go to length 1, and no label reaches a Hebbian layer",
      withoutLeak(async () => {
        const data = ops.datasets.gaussians({n: 64, classes: 4, seed: 5});
        const layers = [softHebbDense({units: 6, kernelInit: ops.heNormal})];
        const model = hebbianNetwork({layers, classes: 4});
        const shuffled = {...data, labels: data.labels.map((label) => (label + 1) % 4)};
        const ended: Params[] = [];
        for (const each of [data, shuffled]) {
          const training = ops.fit(model, each, {
            steps: 150,
            batchSize: 32,
            key: key(4),
            optimizer: optimizer()
          });
          let last: FitRow | undefined;
          for await (const row of training) last = row;
          expect(last?.norm1).toBeCloseTo(1, 1);
          ended.push(tree.clone(training.params));
          training.dispose();
        }
        const [one, two] = ended as Record<string, {kernel: Tensor}>[];
        const apart = tf.sub(one?.softHebbDense1?.kernel as Tensor, two?.softHebbDense1?.kernel as Tensor);
        expect(await numberOf(tf.max(tf.abs(apart)))).toBe(0);
        tree.dispose(ended as Params);
      })
    );

    test(
      "convolutions between norms and pools, one frozen, with a head of one's own",
      withoutLeak(async () => {
        const layers = [
          ops.batchNorm({useScale: false, useBias: false}),
          softHebbConv2d({filters: 4, kernelSize: 3}),
          triangle({power: 0.7}),
          ops.maxPool2d(),
          softHebbConv2d({filters: 5, kernelSize: 3, padding: "same"})
        ];
        const head = ops.sequential([ops.globalAvgPool2d(), dense({units: 3})]);
        const model = hebbianNetwork({layers, classes: 3, head});
        expect(model.outputShape?.([8, 8, 2])).toEqual([3]);
        const inputs = key(1).normal(12 * 8 * 8 * 2);
        const data = {
          name: "images",
          inputs,
          inputShape: [8, 8, 2],
          labels: Int32Array.from({length: 12}, (_, i) => i % 3),
          classes: 3
        };
        const params = model.init(key(2), [8, 8, 2]);
        const training = ops.fit(model, data, {
          params,
          steps: 3,
          batchSize: 6,
          optimizer: layerwise((name) => (name === "softHebbConv2d1" ? freeze() : sgd({learningRate: 0.1})))
        });
        for await (const row of training)
          expect(Object.keys(row)).toEqual(expect.arrayContaining(["norm1", "norm2"]));
        const [from, to] = [params, training.params] as Record<string, {kernel: Tensor}>[];
        const moved = (name: string) =>
          numberOf(tf.max(tf.abs(tf.sub(from?.[name]?.kernel as Tensor, to?.[name]?.kernel as Tensor))));
        expect(await moved("softHebbConv2d1")).toBe(0);
        expect(await moved("softHebbConv2d2")).toBeGreaterThan(0);
        training.dispose();
        tree.dispose(params);
      })
    );

    test("wrong calls say what to pass instead", () => {
      const layers = [softHebbDense({units: 3})];
      expect(() => hebbianNetwork({layers: [dense({units: 3})], classes: 3})).toThrow(/softHebbDense\(/);
      expect(() => hebbianNetwork({layers, classes: 1})).toThrow(/at least 2, got 1/);
      expect(() => softHebbDense({units: 3, inverseTemperature: NaN})).toThrow(/inverseTemperature must be/);
      expect(() => softHebbDense({units: 3, losers: "lazy" as never})).toThrow(/"hebbian" or "antiHebbian"/);
      expect(() => softHebbDense({units: 3, bias: true} as never)).toThrow(/no option bias/);
      expect(() => triangle({power: -1})).toThrow(/power must be a number of at least 0/);
      const layer = softHebbConv2d({filters: 2, kernelSize: 5});
      const small = tf.zeros([1, 2, 2, 1]);
      const params = layer.init(key(0), [8, 8, 1]);
      expect(() => layer.apply(params, small)).toThrow(/at least 3, at least 3/);
      expect(() => layers[0]?.hebbian({kernel: tf.zeros([4, 3])}, tf.zeros([2, 5]), {})).toThrow(
        /\[batch, 4\]/
      );
      tree.dispose(params);
    });
  });
}
