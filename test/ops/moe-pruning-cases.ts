import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import {ops} from "../../src/ops/index.ts";
import type {Router} from "../../src/ops/moe/routing.ts";
import {draw, expectOwnShapes, leafAt, plainExperts, plainMoe, scattered, values} from "./moe-support.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {dense, embedding, key, residual, sequential, tf, tree} = ops;
const {expertLoad, expertNorm, mlpExpert, moe, pruneExperts, randomExpertScores} = ops.moe;
const {routerNorm, routerNormChange, routingReport, topKRouter} = ops.moe;

const mixture = (experts: number, k = 2, units?: number) =>
  moe({experts, router: topKRouter({k}), expert: mlpExpert({hidden: 6, ...(units && {units})})});

/** A mixture whose router is the identity: token i of a one-hot table goes to expert i. */
function oneHotModel(router: Router) {
  const layer = moe({experts: 4, router, expert: mlpExpert({hidden: 2})});
  const model = sequential([layer, dense({units: 3})]);
  const drawn = model.init(key(0), [4]);
  const kernel = tf.eye(4).mul(8);
  return {model, params: {...drawn, moe1: {...(drawn.moe1 as object), router: {kernel}}}};
}

const oneHot = (ids: readonly number[]) =>
  Float32Array.from(ids.flatMap((id) => [0, 1, 2, 3].map((at) => (at === id ? 1 : 0))));

/** Experts taken out, and what is reported of routing. */
export function moePruningCases(backend: BackendName): void {
  describe(`pruning of experts on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "the experts that stay compute what they did, chosen among themselves",
      withoutLeak(async () => {
        const model = sequential([residual([mixture(6)]), dense({units: 3})]);
        const params = scattered(model.init(key(0), [5]));
        const path = "residual1/body/moe1";
        const scores = {[path]: Float32Array.from([3, 0, 5, 1, 4, 2])};
        const small = pruneExperts(model, params, scores, {keep: 3, inputShape: [5]});
        expect(small.kept).toEqual({[path]: [0, 2, 4]});
        expectOwnShapes(small.model, small.params, [5]);
        const x = draw(3, [8, 5]);
        const experts = await plainExperts(params, path);
        const router = (await leafAt(params, `${path}/router/kernel`).array()) as number[][];
        const wanted = ((await x.array()) as number[][]).flatMap((row) =>
          plainMoe({experts, router}, row, {k: 2, among: [0, 2, 4]})
        );
        const layer = mixture(3);
        const y = layer.apply((small.params as {residual1: {body: {moe1: never}}}).residual1.body.moe1, x);
        await expectClose(y, wanted, {rtol: 1e-3, atol: 1e-3});
        const whole = pruneExperts(model, params, scores, {keep: 6, inputShape: [5]});
        await expectClose(whole.model.apply(whole.params, x), await values(model.apply(params, x)));
      })
    );

    test(
      "experts of all mixtures compete where the scope is all, and each keeps as many as its router chooses",
      withoutLeak(async () => {
        const model = sequential([mixture(4, 1), mixture(4, 2)]);
        const params = model.init(key(0), [5]);
        const scores = {moe1: Float32Array.from([9, 8, 7, 6]), moe2: Float32Array.from([0, 5, 1, 2])};
        const options = {scope: "all", inputShape: [5]} as const;
        expect(pruneExperts(model, params, scores, {...options, keep: 2}).kept).toEqual({
          moe1: [0, 1],
          moe2: [1, 3]
        });
        expect(pruneExperts(model, params, scores, {...options, keep: 3}).kept).toEqual({
          moe1: [0, 1, 2, 3],
          moe2: [1, 3]
        });
        const own = pruneExperts(model, params, scores, {keep: {moe1: 1}, inputShape: [5]});
        expect(own.kept).toEqual({moe1: [0], moe2: [0, 1, 2, 3]});
      })
    );

    test(
      "scores are norms of router vectors, their change, norms of weights, and loads",
      withoutLeak(async () => {
        const model = moe({
          experts: 2,
          router: topKRouter({k: 1}),
          expert: mlpExpert({hidden: 1, bias: false})
        });
        const at = (router: number[][], weight: number) => ({
          router: {kernel: tf.tensor2d(router)},
          experts: {
            in: {
              kernel: tf.tensor3d([
                [[3], [4]],
                [[1], [2]]
              ])
            },
            out: {kernel: tf.tensor3d([[[weight, 0]], [[2, 4]]])}
          }
        });
        const before = at(
          [
            [3, 0],
            [4, 1]
          ],
          12
        );
        const after = at(
          [
            [0, 0],
            [2, 3]
          ],
          12
        );
        const close = (scores: Record<string, Float32Array>, wanted: number[]) =>
          expectClose(tf.tensor1d(scores[""] as Float32Array), wanted);
        const options = {inputShape: [2]};
        await close(await routerNorm(model as Layer, before, options), [5, 1]);
        await close(await routerNormChange(model as Layer, before, after, options), [-3, 2]);
        await close(await expertNorm(model as Layer, before, options), [13, 5]);
        const random = randomExpertScores(mixture(8) as Layer, key(1), options);
        expect([...(random[""] as Float32Array)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      })
    );

    test(
      "a report counts choices by expert and class",
      withoutLeak(async () => {
        const {model, params} = oneHotModel(topKRouter({k: 1}));
        const ids = [0, 0, 0, 1, 1, 3];
        const data = {
          name: "ids",
          inputs: oneHot(ids),
          inputShape: [4],
          labels: Int32Array.from([0, 0, 1, 1, 1, 0]),
          classes: ["a", "b", "never"]
        };
        const [report] = await routingReport(model, params, data, {batchSize: 4});
        expect(report).toMatchObject({path: "moe1", experts: 4, tokens: 6, unrouted: 0, dropped: 0});
        expect(report?.labels).toEqual(["a", "b", "never"]);
        expect(report?.choices).toEqual([3, 3, 0]);
        await expectClose(tf.tensor1d(report?.load as number[]), [3 / 6, 2 / 6, 0, 1 / 6]);
        await expectClose(tf.tensor2d(report?.specialisation as number[][]), [
          ...[2 / 3, 0, 0, 1 / 3],
          ...[1 / 3, 2 / 3, 0, 0],
          ...[0, 0, 0, 0]
        ]);
        const shares = [3 / 6, 2 / 6, 1 / 6];
        const entropy = -shares.reduce((sum, p) => sum + p * Math.log(p), 0) / Math.log(4);
        expect(report?.loadEntropy).toBeCloseTo(entropy, 6);
        const p = [8, 0, 0, 0].map((logit) => Math.exp(logit) / (Math.exp(8) + 3));
        const own = -p.reduce((sum, each) => sum + each * Math.log(each), 0) / Math.log(4);
        expect(report?.routerEntropy).toBeCloseTo(own, 5);
        expect([...(expertLoad([report as never]).moe1 as Float32Array)][0]).toBeCloseTo(0.5, 6);
      })
    );

    test(
      "a report counts dropped choices, tokens without an expert and weights",
      withoutLeak(async () => {
        const inner = topKRouter({k: 1});
        // Nothing goes to expert 0.
        const dropping = {
          ...inner,
          route: (...all: Parameters<Router["route"]>) => {
            const routing = inner.route(all[0] as never, all[1], all[2], all[3]);
            if (routing.kind !== "choices") throw new Error("A top-k router gives choices.");
            const keep = tf.cast(tf.greater(routing.indices, 0), "float32");
            const indices = tf.cast(
              tf.sub(tf.mul(tf.cast(routing.indices, "float32"), keep), tf.sub(1, keep)),
              "int32"
            );
            return {...routing, indices, weights: tf.mul(routing.weights, keep)};
          }
        } as unknown as Router;
        const {model, params} = oneHotModel(dropping);
        const data = {
          name: "ids",
          inputs: oneHot([0, 0, 1, 2]),
          inputShape: [4],
          labels: new Int32Array(4),
          classes: 1
        };
        const [report] = await routingReport(model, params, data);
        expect(report).toMatchObject({dropped: 0.5, unrouted: 0.5, load: [0, 0.5, 0.5, 0]});
        await expectClose(tf.tensor1d(report?.weight as number[]), [0, 0.25, 0.25, 0]);
      })
    );

    test(
      "a report by token follows what went in",
      withoutLeak(async () => {
        const layer = moe({experts: 4, router: topKRouter({k: 1}), expert: mlpExpert({hidden: 2})});
        const model = sequential([embedding({count: 4, features: 4}), layer]);
        const drawn = model.init(key(0), [3]);
        const params = {
          ...drawn,
          embedding1: {table: tf.eye(4)},
          moe1: {...(drawn.moe1 as object), router: {kernel: tf.eye(4).reverse(1)}}
        };
        const data = {
          name: "text",
          inputs: new Float32Array(),
          inputShape: [3],
          labels: new Int32Array(),
          classes: 4,
          tokens: Int32Array.from([0, 1, 2, 3, 3]),
          stride: 1
        };
        const [report] = await routingReport(model, params as never, data, {by: "token"});
        expect(report?.specialisation).toEqual([
          [0, 0, 0, 1],
          [0, 0, 1, 0],
          [0, 1, 0, 0],
          [1, 0, 0, 0]
        ]);
        expect(report?.choices).toEqual([1, 2, 2, 1]);
        const [next] = await routingReport(model, params as never, data);
        expect(next?.choices).toEqual([0, 1, 2, 3]);
      })
    );

    test(
      "what routers keep from step to step goes with the experts",
      withoutLeak(async () => {
        const router = ops.moe.sigmoidRouter({k: 1});
        const model = sequential([moe({experts: 4, router, expert: mlpExpert({hidden: 2}), track: true})]);
        const params = model.init(key(0), [5]);
        const modelState = {
          moe1: {
            router: {bias: tf.tensor1d([1, 2, 3, 4])},
            load: tf.tensor1d([5, 6, 7, 8]),
            dropped: tf.scalar(9)
          },
          other1: {mean: tf.tensor1d([7])}
        };
        const scores = {moe1: Float32Array.from([0, 3, 0, 2])};
        const small = pruneExperts(model, params, scores, {keep: 2, inputShape: [5], modelState});
        await expectClose(leafAt(small.modelState, "moe1/router/bias"), [2, 4]);
        await expectClose(leafAt(small.modelState, "moe1/load"), [6, 8]);
        await expectClose(leafAt(small.modelState, "moe1/dropped"), [9]);
        await expectClose(leafAt(small.modelState, "other1/mean"), [7]);
        expectOwnShapes(small.model, small.params, [5]);
      })
    );

    test("wrong calls say what to pass", async () => {
      const model = mixture(4) as Layer;
      const params = model.init(key(0), [5]);
      const prune = (scores: Record<string, Float32Array>, options: object) => () =>
        pruneExperts(model, params, scores, {inputShape: [5], ...options} as never);
      const scores = {"": Float32Array.from([1, 2, 3, 4])};
      expect(prune(scores, {keep: 1})).toThrow(/chooses 2 of 4 experts: pass 2 to 4/);
      expect(prune(scores, {keep: 5})).toThrow(/pass 2 to 4/);
      expect(prune(scores, {keep: 2, scope: "global"})).toThrow(/"layer" or "all"/);
      expect(prune({}, {keep: 2})).toThrow(/4 experts, the scores have none/);
      expect(prune({"": Float32Array.from([1, 2, Number.NaN, 4])}, {keep: 2})).toThrow(/NaN/);
      const table = ops.moe.hashTable(4, {kind: "random", vocabulary: 9, key: key(1)});
      const hashed = moe({experts: 4, router: ops.moe.hashRouter({table}), expert: mlpExpert({hidden: 2})});
      expect(() => pruneExperts(hashed as Layer, params, scores, {keep: 2, inputShape: [5]})).toThrow(
        /hashRouter.*topKRouter/
      );
      const bare = dense({units: 2}) as Layer;
      expect(() => pruneExperts(bare, {}, {}, {keep: 1, inputShape: [5]})).toThrow(/no mixture of experts/);
      const data = {
        name: "none",
        inputs: new Float32Array(),
        inputShape: [5],
        labels: new Int32Array(),
        classes: 2
      };
      await expect(routingReport(model, params, data)).rejects.toThrow(/no rows/);
      tree.dispose(params);
    });
  });
}
