import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf, adam, dense, evaluate, grad, initState, key, random, sequential, tree} = ops;
const {forwardForward, labelAsInput, localNetwork, physicalSystem, randomScattering} = ops.forwardForward;

/** Systems that training does not look into. */
export function physicalCases(backend: BackendName): void {
  describe(`physical systems on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "no gradient goes through, and what comes out is what the system gives",
      withoutLeak(async () => {
        const x = random.normal(key(1), [3, 4]);
        const sine = physicalSystem((at) => tf.sin(at));
        await expectClose(sine.apply({}, x), Array.from(await tf.sin(x).data()));
        const model = sequential([dense({units: 4}) as Layer, sine as Layer, dense({units: 2}) as Layer]);
        const slopes = grad((params: Params) => tf.sum(tf.square(model.apply(params as never, x))))(
          model.init(key(2), [4]) as Params
        ) as {dense1: {kernel: Tensor}; dense2: {kernel: Tensor}};
        expect((await tf.max(tf.abs(slopes.dense1.kernel)).data())[0]).toBe(0);
        expect((await tf.max(tf.abs(slopes.dense2.kernel)).data())[0]).toBeGreaterThan(0);
      })
    );

    test(
      "a medium gives saturated intensities of a complex mixture, and drifts",
      withoutLeak(async () => {
        const x = random.normal(key(1), [2, 3]);
        const of = (drift: number) => {
          const layer = randomScattering({units: 5, seed: 4, drift, saturation: 0.5});
          const state = initState(layer as Layer, [3], key(9));
          return {state, y: layer.apply({}, x, {state})};
        };
        const {state, y} = of(0);
        const medium = (state.randomScattering as {medium: Tensor}).medium.arraySync() as number[][];
        const wanted = (x.arraySync() as number[][]).flatMap((row) =>
          Array.from({length: 5}, (_, unit) => {
            const part = (at: number) =>
              row.reduce((sum, value, i) => sum + value * (medium[i]?.[at] as number), 0);
            const intensity = part(unit) ** 2 + part(unit + 5) ** 2;
            return intensity / (intensity + 0.5);
          })
        );
        await expectClose(y, wanted);
        await expectClose(of(0).y, wanted);
        const near = (await tf.mean(tf.abs(tf.sub(of(0.1).y, y))).data())[0] as number;
        const far = (await tf.mean(tf.abs(tf.sub(of(1).y, y))).data())[0] as number;
        expect(near).toBeGreaterThan(0);
        expect(far).toBeGreaterThan(near);
        const layer = randomScattering({units: 2});
        expect(() => layer.apply({}, x)).toThrow(/modelState: training.state.modelState/);
        expect(() => randomScattering({units: 2, drift: 2})).toThrow(/drift.*between 0 and 1/);
        expect(() => physicalSystem(3 as never)).toThrow(/a function of a batch/);
      })
    );

    test(
      "a medium keeps its strength while it drifts: the mean intensity stays that of the inputs",
      withoutLeak(async () => {
        const mediumAt = (drift: number) => {
          const layer = randomScattering({units: 40, seed: 4, drift});
          return (initState(layer as Layer, [50], key(9)).randomScattering as {medium: Tensor}).medium;
        };
        const still = mediumAt(0);
        const mean = async (values: Tensor) => (await tf.mean(values).data())[0] as number;
        for (const drift of [0, 0.3, 0.7, 1]) {
          const medium = mediumAt(drift);
          // Real and imaginary parts share a variance of 1 / inputs; what is left of the old medium is its part in the new one.
          expect(Math.abs((await mean(tf.square(medium))) * 100 - 1)).toBeLessThan(0.08);
          const left = Math.sqrt(1 - drift * drift);
          expect(Math.abs((await mean(tf.mul(medium, still))) * 100 - left)).toBeLessThan(0.08);
        }
      })
    );

    test(
      "blocks of a medium and a dense layer learn by goodness",
      withoutLeak(async () => {
        const data = ops.datasets.gaussians({n: 96, classes: 3, seed: 5});
        const block = (seed: number) =>
          sequential([
            randomScattering({units: 24, seed}) as Layer,
            dense({units: 16, activation: "relu"}) as Layer
          ]);
        const rule = forwardForward({labels: labelAsInput({value: 2}), predictFrom: 1});
        const model = localNetwork({blocks: [block(1), block(2)], rule, classes: 3});
        const training = ops.fit(model, data, {
          steps: 60,
          logEvery: 60,
          optimizer: adam({learningRate: 0.02})
        });
        for await (const _ of training);
        const {modelState} = training.state;
        const {accuracy} = await evaluate(model, training.params, data, {modelState});
        expect(accuracy).toBeGreaterThan(0.6);
        expect(tree.leaves(training.params as never).length).toBe(4);
        training.dispose();
      })
    );
  });
}
