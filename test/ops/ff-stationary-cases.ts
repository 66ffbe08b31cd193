import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {RecurrentParams} from "../../src/ops/core/layers/recurrent.ts";
import {cosine} from "../../src/ops/forward-forward/feedback/cosines.ts";
import {fedBack, stationaryFeedback} from "../../src/ops/forward-forward/feedback/stationary-feedback.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {distance} from "./ff-feedback-support.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf, key, adam, dense, gru, gruCell, rnn, sequential, stopGradient, valueAndGrad, grad} = ops;

/** Was the first number of a sequence positive? */
function firstOf(time: number) {
  const inputs = key(9).uniform(160 * time, -1, 1);
  return {
    name: "first",
    inputs,
    inputShape: [time, 1],
    labels: Int32Array.from({length: 160}, (_, i) => ((inputs[i * time] as number) > 0 ? 1 : 0)),
    classes: 2
  };
}

/** Recurrent layers whose errors go back by a fixed diagonal. */
export function stationaryCases(backend: BackendName): void {
  describe(`stationary state feedback on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "errors go back in time with a share for each unit, through any number of steps",
      withoutLeak(async () => {
        const feedback = [0.5, 0, 1];
        for (const time of [1, 2, 5, 8]) {
          const e = key(time).normal(2 * time * 3);
          const upstream = tf.tensor3d(e, [2, time, 3]);
          const [value, delta] = valueAndGrad((x: Tensor) => tf.sum(tf.mul(fedBack(x, feedback), upstream)))(
            tf.ones([2, time, 3])
          );
          const wanted = Array.from(e);
          for (let b = 0; b < 2; ++b) {
            for (let t = time - 2; t >= 0; --t) {
              for (let u = 0; u < 3; ++u) {
                const at = (b * time + t) * 3 + u;
                wanted[at] = (e[at] as number) + (feedback[u] as number) * (wanted[at + 3] as number);
              }
            }
          }
          await expectClose(delta, wanted);
          await expectClose(value, [e.reduce((sum, each) => sum + each, 0)]);
        }
      })
    );

    test(
      "forward it is the gated unit or the simple layer; back, each step's Jacobian is the diagonal",
      withoutLeak(async () => {
        const feedback = [0.9, 0.3, 0.5, 0];
        for (const returnSequences of [true, false]) {
          const layer = stationaryFeedback({units: 4, feedback, returnSequences});
          const params = layer.init(key(1), [5, 2]);
          const x = ops.random.normal(key(2), [3, 5, 2]);
          const upstream = ops.random.normal(key(3), returnSequences ? [3, 5, 4] : [3, 4]);
          const loss = (apply: typeof layer.apply) => (at: RecurrentParams) =>
            tf.sum(tf.mul(apply(at, x), upstream));
          const plain = gru({units: 4, returnSequences});
          await expectClose(layer.apply(params, x), Array.from(await plain.apply(params, x).data()));
          // The same rule step by step: the state before is a constant, beside a share of it that counts for nothing.
          const stepByStep: typeof layer.apply = (at, input) => {
            let h = tf.zeros([3, 4]) as Tensor;
            const states = tf.unstack(input, 1).map((now) => {
              const constant = stopGradient(h);
              h = tf.add(gruCell(at, now, constant), tf.mul(tf.sub(h, constant), tf.tensor1d(feedback)));
              return h;
            });
            return returnSequences ? tf.stack(states, 1) : (states.at(-1) as Tensor);
          };
          const [value, own] = valueAndGrad(loss(layer.apply))(params);
          const [wanted, grads] = valueAndGrad(loss(stepByStep))(params);
          await expectClose(value, Array.from(await wanted.data()));
          expect(await distance(own, grads)).toBeLessThan(1e-5);
          const [bptt] = [grad(loss(plain.apply))(params)];
          expect(await distance(own, bptt)).toBeGreaterThan(1e-2);
        }
      })
    );

    test(
      "inputs get gradients of the steps they came in, and a simple layer without memory is exact",
      withoutLeak(async () => {
        const layer = stationaryFeedback({units: 4, cell: "rnn", feedback: 0});
        const params = layer.init(key(1), [5, 2]);
        const forgetful = {...params, recurrentKernel: tf.zerosLike(params.recurrentKernel)};
        const x = ops.random.normal(key(2), [3, 5, 2]);
        const by = (apply: typeof layer.apply) =>
          grad((at: Tensor) => tf.sum(tf.square(apply(forgetful, at))))(x);
        await expectClose(by(layer.apply), Array.from(await by(rnn({units: 4}).apply).data()));
      })
    );

    test(
      "where units keep their state, errors that fade alike point as backpropagation through time does; cut off they do not",
      withoutLeak(async () => {
        const kept = (_: unknown, [units = 0]: readonly number[]) => tf.mul(tf.eye(units), 0.9);
        const options = {
          units: 4,
          cell: "rnn",
          useBias: false,
          returnSequences: false,
          recurrentInit: kept
        } as const;
        const params = stationaryFeedback(options).init(key(1), [6, 2]);
        const x = ops.random.normal(key(2), [8, 6, 2], 0, 0.2);
        const upstream = ops.random.normal(key(3), [8, 4]);
        const kernelGrad = (apply: Layer<RecurrentParams>["apply"]) =>
          grad((at: RecurrentParams) => tf.sum(tf.mul(apply(at, x), upstream)))(params).kernel;
        const exact = kernelGrad(rnn({units: 4, returnSequences: false}).apply);
        const agreement = async (feedback: number) => {
          const own = kernelGrad(stationaryFeedback({...options, feedback}).apply);
          const [value = NaN] = await cosine(own, exact).data();
          return value;
        };
        expect(await agreement(0.9)).toBeGreaterThan(0.95);
        expect(await agreement(0)).toBeLessThan(0.9);
      })
    );

    test(
      "fit trains it",
      withoutLeak(async () => {
        const layer = stationaryFeedback({units: 6, cell: "rnn", returnSequences: false});
        const model = sequential([layer, dense({units: 2})]);
        const data = firstOf(4);
        const options = {batchSize: 40, optimizer: adam({learningRate: 0.02}), key: key(3)};
        const training = ops.fit(model, data, {...options, steps: 60});
        const before = await ops.evaluate(model, training.params, data);
        for await (const _ of training);
        const after = await ops.evaluate(model, training.params, data);
        expect(after.loss).toBeLessThan(before.loss * 0.8);
        training.dispose();
      })
    );

    test("wrong calls say what to pass instead", () => {
      expect(() => stationaryFeedback({units: 2, feedback: 1.5})).toThrow(
        /feedback must be.*between 0 and 1/
      );
      expect(() => stationaryFeedback({units: 2, feedback: [1]})).toThrow(/one number or 2/);
      expect(() => stationaryFeedback({units: 2, feedback: NaN})).toThrow(/feedback.*NaN/);
      expect(() => stationaryFeedback({units: 2, cell: "lstm" as never})).toThrow(/"gru" or "rnn", got lstm/);
      expect(() => stationaryFeedback({units: 0})).toThrow(/units must be/);
    });
  });
}
