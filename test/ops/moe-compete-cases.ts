import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {addedLosses, expectLearns, expectTrueLayer, SLOW} from "./moe-layer-support.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf} = ops;
const {competeMoe, mlpExpert, moe, s2Moe, topKRouter} = ops.moe;

const EXPERTS = 4;
const expert = mlpExpert({hidden: 5, activation: "tanh"});

/** Numbers of each expert for each token, computed one by one: [tokens][experts][features]. */
async function outputsOf(params: Params, x: Tensor): Promise<number[][][]> {
  const {in: first, out} = params as Record<"in" | "out", {kernel: Tensor; bias: Tensor}>;
  const each = Array.from({length: first.kernel.shape[0] as number}, (_, e) => {
    const own = (leaf: Tensor) => tf.squeeze(tf.slice(leaf, e, 1), [0]);
    const hidden = tf.tanh(tf.matMul(x, own(first.kernel)).add(own(first.bias)));
    return tf.matMul(hidden, own(out.kernel)).add(own(out.bias));
  });
  return (await tf.stack(each, 1).array()) as number[][][];
}

/** What comes of a competition of each token, in plain numbers. */
function compete(outputs: number[][][], response: "softplus" | "norm", k: number) {
  const respond = (y: number[]) =>
    response === "norm"
      ? Math.hypot(...y)
      : y.reduce((sum, value) => sum + Math.log1p(Math.exp(value)), 0) / y.length;
  return outputs.map((own) => {
    const responses = own.map(respond);
    const winners = [...responses.keys()]
      .sort((a, b) => (responses[b] as number) - (responses[a] as number))
      .slice(0, k);
    const strengths = winners.map((e) =>
      response === "norm" ? Math.exp(responses[e] as number) : (responses[e] as number)
    );
    const sum = strengths.reduce((total, each) => total + each, 0);
    const mixed = (own[0] as number[]).map((_, f) =>
      winners.reduce((total, e, i) => total + ((strengths[i] as number) / sum) * (own[e]?.[f] as number), 0)
    );
    return {responses, winners, mixed};
  });
}

const softmax = (logits: number[]) => {
  const powers = logits.map(Math.exp);
  const sum = powers.reduce((total, each) => total + each, 0);
  return powers.map((power) => power / sum);
};
const sigmoids = (logits: number[]) => logits.map((logit) => 1 / (1 + Math.exp(-logit)));
const mean = (numbers: number[]) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length;

/** Mixtures that learn from more than their routing. */
export function competeCases(backend: BackendName): void {
  describe(`competition and noise on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each(["softplus", "norm"] as const)(
      "a competition by %s: who wins, and what comes out",
      (response) =>
        withoutLeak(async () => {
          const layer = competeMoe({experts: EXPERTS, expert, response, rate: 1});
          const params = layer.init(ops.key(1), [3]);
          const x = ops.random.normal(ops.key(2), [6, 3]);
          const wanted = compete(await outputsOf(params.experts, x), response, 2);
          const {indices} = layer.competition(params, x);
          expect(await indices.array()).toEqual(wanted.map(({winners}) => winners));
          const y = layer.apply(params, x, {training: true, key: ops.key(3)});
          await expectClose(
            y,
            wanted.flatMap(({mixed}) => mixed)
          );
        })()
    );

    test(
      "without a competition it is the mixture of a top-k router",
      withoutLeak(async () => {
        const layer = competeMoe({experts: EXPERTS, expert, rate: 0, scores: "softmax"});
        const params = layer.init(ops.key(1), [3]);
        const x = ops.random.normal(ops.key(2), [6, 3]);
        const plain = moe({experts: EXPERTS, router: topKRouter({k: 2}), expert}).apply(params, x);
        const wanted = Array.from(await plain.data());
        await expectClose(layer.apply(params, x), wanted);
        await expectClose(layer.apply(params, x, {training: true, key: ops.key(3)}), wanted);
      })
    );

    test(
      "the router's losses in a competition, which have no gradient by the experts",
      withoutLeak(async () => {
        const x = ops.random.normal(ops.key(2), [6, 3]);
        for (const [response, score] of [
          ["softplus", sigmoids],
          ["norm", softmax]
        ] as const) {
          const losses = {router: 2, winners: 0.5};
          const layer = competeMoe({experts: EXPERTS, expert, response, rate: 1, losses});
          const params = layer.init(ops.key(1), [3]);
          const logits = (await layer.routing(params, x).logits?.array()) as number[][];
          const races = compete(await outputsOf(params.experts, x), response, 2);
          const differences = races.map(({responses, winners}, token) => {
            const seen = responses.map((each, e) =>
              response === "norm" && !winners.includes(e) ? -1e9 : each
            );
            const target = score(seen);
            return score(logits[token] as number[]).map((own, e) => (own - (target[e] as number)) ** 2);
          });
          const ofWinners = races.flatMap(({winners}, token) =>
            winners.map((e) => differences[token]?.[e] as number)
          );
          const [router, winners] = await addedLosses(layer as Layer, params, x);
          expect(router).toBeCloseTo(2 * mean(differences.flat()), 4);
          expect(winners).toBeCloseTo(0.5 * mean(ofWinners), 4);
          const grads = ops.grad((at: typeof params) => {
            const added: Tensor[] = [];
            const addLoss = (loss: Tensor) => added.push(loss);
            layer.apply(at, x, {training: true, key: ops.key(3), addLoss});
            return tf.addN(added);
          })(params);
          const size = (at: Params) =>
            ops.tree
              .leaves<Tensor>(at)
              .reduce((sum, leaf) => tf.add(sum, tf.sum(tf.abs(leaf))), tf.scalar(0) as Tensor);
          await expectClose(size(grads.experts), [0]);
          expect((await size(grads.router).data())[0]).toBeGreaterThan(1e-4);
        }
      })
    );

    test(
      "diversity of the winners' outputs and balance of who computes, by their weights",
      withoutLeak(async () => {
        const x = ops.random.normal(ops.key(2), [6, 3]);
        const losses = {router: 0, diversity: 2, balance: 0.5};
        const layer = competeMoe({experts: EXPERTS, expert, rate: 1, losses});
        const params = layer.init(ops.key(1), [3]);
        const outputs = await outputsOf(params.experts, x);
        const races = compete(outputs, "softplus", 2);
        const cosines = races.map(({winners}, token) => {
          const [a, b] = winners.map((e) => outputs[token]?.[e] as number[]) as [number[], number[]];
          const product = a.reduce((sum, each, f) => sum + each * (b[f] as number), 0);
          return product / Math.hypot(...a) / Math.hypot(...b);
        });
        const balanceOf = (chosen: number[][], logits: number[][]) =>
          Array.from({length: EXPERTS}, (_, e) => {
            const share = mean(chosen.map((own) => (own.includes(e) ? 1 : 0)));
            return EXPERTS * share * mean(logits.map((own) => softmax(own)[e] as number));
          }).reduce((sum, each) => sum + each, 0);
        const [diversity, balance] = await addedLosses(layer as Layer, params, x);
        expect(diversity).toBeCloseTo(2 * mean(cosines), 4);
        const winners = races.map((race) => race.winners);
        const responses = races.map((race) => race.responses);
        expect(balance).toBeCloseTo(0.5 * balanceOf(winners, responses), 4);
        const routed = layer.routing(params, x);
        const own = balanceOf(
          (await routed.indices.array()) as number[][],
          (await routed.logits?.array()) as number[][]
        );
        const calm = competeMoe({experts: EXPERTS, expert, rate: 0, losses});
        const without = await addedLosses(calm as Layer, params, x);
        expect(without[0]).toBe(0);
        expect(without[1]).toBeCloseTo(0.5 * own, 4);
      })
    );

    test(
      "steps compete at the rate that was asked for, after the warm-up",
      withoutLeak(async () => {
        const layer = competeMoe({experts: EXPERTS, expert, rate: 0.25, warmUp: 2});
        const params = layer.init(ops.key(1), [3]);
        const x = ops.random.normal(ops.key(2), [2, 3]);
        const [plain] = await layer.apply(params, x).data();
        const raced = async (key: number, steps: number) => {
          let next: Tensor | undefined;
          const y = layer.apply(params, x, {
            training: true,
            key: ops.key(key),
            state: {competeMoe: {steps: tf.tensor1d([steps])}},
            setState: (_path, state) => {
              next = (state as {steps: Tensor}).steps;
            }
          });
          expect((await (next as Tensor).data())[0]).toBe(steps + 1);
          return Math.abs(((await y.data())[0] as number) - (plain as number)) > 1e-6;
        };
        let [count, early] = [0, 0];
        for (let key = 0; key < 48; ++key) {
          if (await raced(key, 2)) ++count;
          if (key < 12 && (await raced(key, 1))) ++early;
        }
        expect(early).toBe(0);
        expect(count).toBeGreaterThan(5);
        expect(count).toBeLessThan(21);
      })
    );

    test(
      "derivatives of both, where nobody can lose",
      withoutLeak(async () => {
        const small = mlpExpert({hidden: 2, activation: "tanh"});
        const context = {training: true, key: ops.key(3)};
        for (const response of ["softplus", "norm"] as const) {
          const layer = competeMoe({experts: 2, expert: small, response, rate: 1});
          // Scaled, because the router takes no part in a competition.
          await expectTrueLayer(layer as Layer, [3], {context});
        }
        const mixture = moe({experts: 2, router: topKRouter({k: 2}), expert: small});
        await expectTrueLayer(s2Moe(mixture) as Layer, [3], {context});
      })
    );

    test(
      "S2MoE blends a clean and a noisy output by a gate while training, and has no noise otherwise",
      withoutLeak(async () => {
        const mixture = moe({experts: EXPERTS, router: topKRouter({k: 2}), expert});
        const x = ops.random.normal(ops.key(2), [200, 3]);
        const layer = s2Moe(mixture);
        const params = layer.init(ops.key(1), [3]);
        const clean = mixture.apply(params.layer, x);
        await expectClose(layer.apply(params, x), Array.from(await clean.data()));
        const all = {...params, gate: {kernel: tf.zeros([3, 1]), bias: tf.tensor1d([80])}};
        const context = {training: true, key: ops.key(5)};
        await expectClose(layer.apply(all, x, context), Array.from(await clean.data()));
        // A layer that gives back what it gets shows the copy.
        const same: Layer = {name: "same", init: () => ({}), apply: (_params, seen) => tf.clone(seen)};
        const copied = s2Moe(same, {noise: {scale: 0.5, shift: 0.25}, uncertainty: 0});
        const none = {layer: {}, gate: {kernel: tf.zeros([3, 1]), bias: tf.tensor1d([-80])}};
        const ones = copied.apply(none, tf.ones([4000, 3]), context);
        const {mean: middle, variance} = tf.moments(ones);
        expect((await middle.data())[0]).toBeCloseTo(1, 1);
        expect((await variance.data())[0]).toBeGreaterThan(0.9 * (0.25 + 0.0625));
        expect((await variance.data())[0]).toBeLessThan(1.1 * (0.25 + 0.0625));
      })
    );

    test(
      "S2MoE: what the layer keeps follows the clean tokens alone",
      withoutLeak(async () => {
        const router = topKRouter({k: 2});
        const layer = s2Moe(moe({experts: EXPERTS, router, expert, track: true}));
        const params = layer.init(ops.key(1), [3]);
        const paths: string[] = [];
        const setState = (path: string) => paths.push(path);
        const state = ops.initState(layer as Layer, [3]);
        const context = {training: true, key: ops.key(5), state, setState};
        layer.apply(params, ops.random.normal(ops.key(2), [6, 3]), context);
        expect(paths).toEqual(["layer"]);
        expect(Object.keys(state)).toEqual(paths);
      })
    );

    test(
      "S2MoE adds the InfoNCE of both outputs by its weight, over so many tokens",
      withoutLeak(async () => {
        const same: Layer = {name: "same", init: () => ({}), apply: (_params, seen) => tf.clone(seen)};
        const quiet = {noise: {scale: 0, shift: 0}, uncertainty: 0.5, temperature: 0.2, pairs: 4};
        const layer = s2Moe(same, quiet);
        const params = layer.init(ops.key(1), [3]);
        const x = ops.random.normal(ops.key(2), [6, 3]);
        const four = tf.slice(x, [0, 0], [4, 3]);
        const [wanted] = await ops.infoNce(four, four, {temperature: 0.2}).data();
        const [added] = await addedLosses(layer as Layer, params, x);
        expect(added).toBeCloseTo(0.5 * (wanted as number), 4);
      })
    );

    test(
      "fit trains CompeteSMoE",
      async () => {
        const losses = {diversity: 0.01, balance: 0.01};
        const layer = competeMoe({
          experts: EXPERTS,
          expert: mlpExpert({hidden: 12}),
          rate: 0.3,
          warmUp: 3,
          losses
        });
        await expectLearns(layer as Layer, [4], {steps: 100});
      },
      SLOW
    );

    test(
      "fit trains S2MoE",
      async () => {
        const mixture = moe({experts: EXPERTS, router: topKRouter({k: 2}), expert: mlpExpert({hidden: 12})});
        await expectLearns(s2Moe(mixture, {uncertainty: 0.01}) as Layer, [4], {steps: 100});
      },
      SLOW
    );

    test("wrong calls say what to pass", () => {
      expect(() => competeMoe({experts: 2, expert, k: 3})).toThrow(/k is 3, but there are 2 experts/);
      expect(() => competeMoe({experts: 2, expert, rate: 1.5})).toThrow(
        /rate must be a number between 0 and 1/
      );
      expect(() => competeMoe({experts: 2, expert, response: "max" as never})).toThrow(
        /"softplus" or "norm"/
      );
      expect(() => competeMoe({experts: 2, expert, scores: "max" as never})).toThrow(
        /"softmax" or "sigmoid"/
      );
      expect(() => competeMoe({experts: 2, expert, losses: {z: 1} as never})).toThrow(
        /losses has no option z/
      );
      const layer = competeMoe({experts: 2, expert});
      const params = layer.init(ops.key(0), [3]);
      expect(() => layer.apply(params, tf.zeros([2, 3]), {training: true})).toThrow(/pass a key/);
      const mixture = moe({experts: 2, router: topKRouter(), expert});
      expect(() => s2Moe(mixture, {pairs: 1})).toThrow(/pairs must be a whole number of at least 2/);
      expect(() => s2Moe(mixture, {noise: {scale: -1}})).toThrow(/noise.scale must be a number/);
    });
  });
}
