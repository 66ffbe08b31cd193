import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Context} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {MoeLayer, MoeParams} from "../../src/ops/moe/moe.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectTrueGradients} from "./finite-differences.ts";
import {EXPERTS, FEATURES, left, ROUTERS, TOKENS, tokens} from "./moe-routers.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf, key} = ops;
const {chunkSparsityLoss, diversityLoss, globalBalanceLoss, localityLoss, mlpExpert, moe} = ops.moe;
const {gluExpert, loraExpert, nestedExpert, sparseMixerRouter, topKRouter} = ops.moe;

const SHAPE = {features: FEATURES, experts: EXPERTS};

/** Tokens [12, 6] whose choices stay as they are when parameters and tokens move by as much as the differences do. */
async function clearTokens(layer: MoeLayer, params: MoeParams, context: Context): Promise<Tensor> {
  const found: (readonly number[] | undefined)[] = new Array(TOKENS).fill(undefined);
  for (let round = 0; round < 100 && found.includes(undefined); ++round) {
    const x = ops.random.normal(key(40 + round), [TOKENS, FEATURES], 0, 1.5);
    const seen: (readonly number[])[][] = [];
    for (let probe = 0; probe < 9; ++probe) {
      const by = (leaf: Tensor, i: number) =>
        tf.add(
          leaf,
          tf.tensor(key(probe).fold(i).uniform(leaf.size, -1, 1), leaf.shape).mul(probe === 0 ? 0 : 0.12)
        );
      let i = 0;
      const moved = ops.tree.map((leaf: Tensor) => by(leaf, i++), params as Params) as MoeParams;
      const routing = layer.routing(moved, by(x, 99), context);
      // Found by trying: twelve tokens of which no expert changes its six.
      if (routing.kind !== "choices") return ops.random.normal(key(41), [TOKENS, FEATURES], 0, 3);
      seen.push((await routing.indices.array()) as number[][]);
    }
    const rows = (await x.array()) as number[][];
    const [own, ...others] = seen as [(readonly number[])[], ...(readonly number[])[][]];
    own.forEach((choice, token) => {
      const same = others.every((other) => other[token]?.join() === choice.join());
      if (same && !found[token]) found[token] = rows[token];
    });
  }
  return tf.tensor2d(found as number[][]);
}

/** A tree away from where it begins. */
function shaken<P extends Params>(params: P): P {
  let i = 0;
  return ops.tree.map(
    (leaf: Tensor) => tf.add(leaf, ops.random.normal(key(8).fold(i++), leaf.shape, 0, 0.1)),
    params as Params
  ) as P;
}

/** The layer around a point, in steps of two fifths: with whole ones the formula of the differences is not exact enough. */
function around(layer: MoeLayer, at: {params: MoeParams; x: Tensor}, context: Context) {
  const zeros = ops.tree.map((leaf: Tensor) => tf.zerosLike(leaf), at as Params) as typeof at;
  const f = (by: typeof at) => {
    const add = (leaf: Tensor, _path: string, step?: Tensor) => tf.add(leaf, tf.mul(step as Tensor, 0.4));
    const here = ops.tree.map(add, at as Params, by as Params) as typeof at;
    return layer.apply(here.params, here.x, context);
  };
  return [f, zeros] as const;
}

/** Gradients of mixtures against differences, along all parameters and the tokens. */
export function moeGradientsCases(backend: BackendName): void {
  const together = {together: backend === "webgpu"};

  describe(`gradients of mixtures on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each(Object.entries(ROUTERS))("through the router %s", (name, {router}) =>
      withoutLeak(async () => {
        const layer = moe({
          experts: SHAPE.experts,
          router,
          expert: mlpExpert({hidden: 3, activation: "tanh"})
        });
        const params = shaken(layer.init(key(2), [FEATURES]));
        const training = name === "noisy top-2";
        const context = {...left, training, ...(training && {key: key(5)})};
        const at = {params, x: await clearTokens(layer, params, context)};
        await expectTrueGradients(...around(layer, at, context), {together: true});
      })()
    );

    test.each([
      ["GLU", gluExpert({hidden: 3, activation: "silu", hiddenScale: true, bias: true})],
      ["nested", nestedExpert({hidden: 4, shares: [1, 0.5, 0.25, 0.5], activation: "tanh"})],
      ["LoRA", loraExpert({hidden: 3, rank: 2, activation: "tanh", trainBase: true})]
    ] as const)("through %s experts", (_name, expert) =>
      withoutLeak(async () => {
        const router = topKRouter({k: 2, kernelInit: ops.lecunNormal});
        const layer = moe({experts: SHAPE.experts, router, expert: expert as never});
        const params = shaken(layer.init(key(2), [FEATURES]));
        const at = {params, x: await clearTokens(layer, params, {})};
        await expectTrueGradients(...around(layer, at, {}), {together: true});
      })()
    );

    test(
      "a LoRA expert leaves the shared network as it is",
      withoutLeak(async () => {
        const expert = loraExpert({hidden: 3, rank: 2});
        const layer = moe({experts: SHAPE.experts, router: topKRouter({k: 1}), expert});
        const params = layer.init(key(2), [FEATURES]);
        const grads = ops.grad((at: typeof params) => tf.sum(tf.square(layer.apply(at, tokens()))))(params);
        const {base, out} = grads.experts as {base: Params; out: {up: Tensor}};
        for (const leaf of ops.tree.leaves<Tensor>(base))
          expect((await leaf.data()).every((value) => value === 0)).toBe(true);
        expect((await out.up.data()).some((value) => value !== 0)).toBe(true);
      })
    );

    const p = () => tf.softmax(ops.random.normal(key(11), [8, EXPERTS]));
    test.each([
      [
        "locality",
        (x: Tensor) => localityLoss(x, {steepness: 2, sequences: 2}),
        () => ops.random.normal(key(11), [8, 4])
      ],
      ["chunk sparsity", (x: Tensor) => chunkSparsityLoss(x, {chunk: 4}), p],
      ["diversity", diversityLoss, () => ops.random.normal(key(12), [5, 3, 4])],
      [
        "global balance",
        (probabilities: Tensor) =>
          globalBalanceLoss(
            {
              kind: "choices",
              experts: EXPERTS,
              probabilities,
              indices: tf.zeros([8, 1], "int32"),
              weights: tf.ones([8, 1])
            },
            tf.tensor1d([3, 1, 0, 4])
          ),
        p
      ]
    ] as const)("of the %s loss", (_name, loss, make) =>
      withoutLeak(() => expectTrueGradients(({x}: {x: Tensor}) => loss(x), {x: make()}, together))()
    );

    test(
      "values of losses that have no published numbers, by hand",
      withoutLeak(async () => {
        const logits = tf.tensor2d([1, -2, 0.5, 3], [2, 2]);
        const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
        const entropy = (at: number, target: number) =>
          -target * Math.log(sigmoid(at)) - (1 - target) * Math.log(1 - sigmoid(at));
        const wanted = (entropy(2, sigmoid(1)) + entropy(-4, sigmoid(6))) / 2;
        await expectClose(localityLoss(logits, {steepness: 2}), [wanted]);
        const gates = tf.tensor2d([1, 1, 0, 2, 0, 0], [2, 3]);
        // Expert 0: 1 - (1 - 1/2)(1 - 1), expert 1: 1/2, expert 2: 0.
        await expectClose(chunkSparsityLoss(gates, {chunk: 2}), [(1 + 0.5 + 0) / 3], {atol: 1e-4});
        const two = tf.tensor2d([1, 1, 0, 2, 0, 0, 0, 0, 3], [3, 3]);
        await expectClose(chunkSparsityLoss(two, {chunk: 2}), [(1 + 0.5 + 1) / 6], {atol: 1e-4});
        const outputs = tf.tensor3d([1, 0, 1, 1, 0, 2], [1, 3, 2]);
        await expectClose(diversityLoss(outputs), [(2 * Math.SQRT1_2 + 0) / 3]);
      })
    );

    test(
      "SparseMixer draws by the softmax, scales by 1 or a third, and takes the gradient of the probability",
      withoutLeak(async () => {
        const count = 3000;
        const logits = tf.tile(tf.tensor2d([[0.7, 0, -0.4]]), [count, 1]);
        const shape = {features: 3, experts: 3};
        const router = sparseMixerRouter({k: 1, range: 100});
        const drawn = (kernel: Tensor) => {
          const routing = router.route({kernel}, logits, shape, {training: true, key: key(3)});
          if (routing.kind !== "choices") throw new Error("Tokens choose.");
          return routing;
        };
        const {indices, weights} = drawn(tf.eye(3));
        const [ids, own] = [await indices.data(), await weights.data()];
        const shares = [0.7, 0, -0.4].map(Math.exp);
        const all = shares.reduce((a, b) => a + b, 0);
        shares.forEach((share, e) => {
          const wanted = share / all;
          const found = ids.filter((id) => id === e).length / count;
          expect(Math.abs(found - wanted)).toBeLessThan(4.5 * Math.sqrt((wanted * (1 - wanted)) / count));
        });
        const short = own.filter((weight, i) => {
          const probability = (shares[ids[i] as number] as number) / all;
          const ratio = weight / probability;
          expect(Math.min(Math.abs(ratio - 1), Math.abs(ratio - 1 / 3))).toBeLessThan(1e-4);
          if (ids[i] === 0) expect(ratio).toBeCloseTo(1, 4);
          return ratio < 0.5;
        }).length;
        // Of those that are not the most probable, three quarters.
        const others = ids.filter((id) => id > 0).length;
        expect(Math.abs(short / others - 0.75)).toBeLessThan(4.5 * Math.sqrt(0.1875 / others));
        const factors = ops.random.normal(key(6), [count, 1]);
        const estimated = ops.grad(({kernel}: {kernel: Tensor}) =>
          tf.sum(tf.mul(drawn(kernel).weights, factors))
        );
        const exact = ops.grad(({kernel}: {kernel: Tensor}) => {
          const probabilities = tf.softmax(tf.matMul(logits as never, kernel as never) as Tensor);
          const chosen = tf.oneHot(tf.reshape(indices, [-1]) as never, 3);
          return tf.sum(tf.mul(tf.sum(tf.mul(probabilities, chosen.toFloat()), 1, true), factors));
        });
        const wanted = Array.from(await exact({kernel: tf.eye(3)}).kernel.data());
        await expectClose(estimated({kernel: tf.eye(3)}).kernel, wanted, {atol: 2e-3, rtol: 1e-3});
      })
    );
  });
}
