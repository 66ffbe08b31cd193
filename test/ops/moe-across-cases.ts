import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Context, Layer} from "../../src/ops/core/layer.ts";
import {ops} from "../../src/ops/index.ts";
import type {HyperRouterState} from "../../src/ops/moe/routers/hyper-router.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectLearns, expectTrueLayer, SLOW} from "./moe-layer-support.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf} = ops;
const {acrossTokens, hyperRouter, mlpExpert, moe, recurrentRouter, rescaled, sparseMlpBlock, topKRouter} =
  ops.moe;

const expert = mlpExpert({hidden: 3, activation: "tanh"});
/** Both of two experts, so that no difference changes a choice. */
const all = () => moe({experts: 2, router: topKRouter({k: 2}), expert});
const same: Layer = {name: "same", init: () => ({}), apply: (_params, x) => tf.clone(x)};

/** Mixtures over channels, and routers whose weights or states come from elsewhere. */
export function acrossCases(backend: BackendName): void {
  describe(`mixtures across tokens and layers on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "a layer across tokens sees channels as its tokens",
      withoutLeak(async () => {
        const layer = acrossTokens(all());
        const params = layer.init(ops.key(1), [5, 2]);
        expect(params.layer.router).toMatchObject({kernel: {shape: [5, 2]}});
        const x = ops.random.normal(ops.key(2), [3, 5, 2]);
        const turned = all().apply(params.layer, tf.transpose(x, [0, 2, 1]));
        await expectClose(layer.apply(params, x), Array.from(await tf.transpose(turned, [0, 2, 1]).data()));
      })
    );

    test(
      "rescaled maps tokens and channels there and back",
      withoutLeak(async () => {
        const layer = rescaled(same, {tokens: 2, channels: 4});
        const params = layer.init(ops.key(1), [3, 2]);
        const x = ops.random.normal(ops.key(2), [2, 3, 2]);
        const tokens = tf.matMul(params.tokens, params.tokensBack);
        const channels = tf.matMul(params.channels, params.channelsBack);
        const wanted = tf.stack(
          tf.unstack(x).map((each) => tf.matMul(tf.matMul(tokens, each, true), channels))
        );
        await expectClose(layer.apply(params, x), Array.from(await wanted.data()));
      })
    );

    test(
      "the weights of a hyper router come from its embedding, which alone is trained",
      withoutLeak(async () => {
        const router = hyperRouter({k: 2, hidden: 6, embedding: 5, key: ops.key(9)});
        const shape = {features: 3, experts: 4};
        const params = router.init(ops.key(1), shape);
        expect(Object.keys(params)).toEqual(["embedding"]);
        const drawn = router.initState?.(shape) as HyperRouterState;
        const x = ops.random.normal(ops.key(2), [6, 3]);
        const expectLogits = async ({frozen}: HyperRouterState, context: Context) => {
          const {in: first, out} = frozen;
          const inside = tf.relu(tf.add(tf.matMul(params.embedding, first.kernel), first.bias));
          const made = tf.reshape(tf.add(tf.matMul(inside, out.kernel), out.bias), [4, 4]);
          const logits = tf.add(tf.matMul(x, tf.slice(made, [0, 0], [3, 4])), tf.slice(made, [3, 0], [1, 4]));
          const routing = router.route(params, x, shape, context);
          await expectClose(routing.logits as Tensor, Array.from(await logits.data()));
        };
        await expectLogits(drawn, {});
        const bias = ops.random.normal(ops.key(3), [16]);
        const other = {frozen: {...drawn.frozen, out: {...drawn.frozen.out, bias}}};
        await expectLogits(other, {state: {router: other}});
        const {embedding} = ops.grad((at: typeof params) =>
          tf.sum(tf.square(router.route(at, x, shape).weights))
        )(params);
        expect((await tf.sum(tf.abs(embedding)).data())[0]).toBeGreaterThan(1e-5);
      })
    );

    test(
      "weight decay leaves the network of a hyper router as it was drawn",
      async () => {
        const router = hyperRouter({hidden: 4});
        const model = moe({experts: 2, router, expert: mlpExpert({hidden: 4, units: 2})});
        const training = ops.fit(model as Layer, ops.datasets.xor({n: 20}), {
          steps: 3,
          key: ops.key(0),
          optimizer: ops.adamw({learningRate: 0.1, weightDecay: 0.9})
        });
        for await (const _row of training);
        const {moe: own} = training.state.modelState as {moe: {router: HyperRouterState}};
        const {frozen} = own.router;
        const drawn = router.initState?.({features: 2, experts: 2}) as HyperRouterState;
        await expectClose(frozen.out.kernel, Array.from(await drawn.frozen.out.kernel.data()));
        await expectClose(frozen.in.kernel, Array.from(await drawn.frozen.in.kernel.data()));
        ops.tree.dispose(drawn);
        training.dispose();
      },
      SLOW
    );

    test(
      "a recurrent router goes on with the state and the cell of the one before",
      withoutLeak(async () => {
        const shape = {features: 3, experts: 4};
        const own = recurrentRouter({units: 2});
        const next = recurrentRouter({units: 2, cell: "before"});
        const [first, second] = [own.init(ops.key(1), shape), next.init(ops.key(2), shape)];
        expect(second).not.toHaveProperty("cell");
        const x = ops.random.normal(ops.key(3), [5, 3]);
        const left = new Map<string, Tensor>();
        const context = {
          leave: (name: string, tensor: Tensor) => left.set(name, tensor),
          left: (name: string) => left.get(name)
        };
        const cell = first.cell as NonNullable<typeof first.cell>;
        const one = ops.gruCell(cell, tf.matMul(x, first.project), tf.zeros([5, 2]));
        const two = ops.gruCell(cell, tf.matMul(x, second.project), one);
        const routings = [own.route(first, x, shape, context), next.route(second, x, shape, context)];
        await expectClose(
          routings[0]?.logits as Tensor,
          Array.from(await tf.matMul(one, first.kernel).data())
        );
        await expectClose(
          routings[1]?.logits as Tensor,
          Array.from(await tf.matMul(two, second.kernel).data())
        );
      })
    );

    test(
      "in a network states go from layer to layer, and gradients back unless they are detached",
      withoutLeak(async () => {
        const sizeOf = async (detach: boolean) => {
          const layer = (cell: "own" | "before") =>
            moe({experts: 3, router: recurrentRouter({units: 4, cell, detach}), expert}) as Layer;
          const model = ops.sequential([layer("own"), layer("before")]);
          const params = model.init(ops.key(1), [4]);
          const x = ops.random.normal(ops.key(2), [6, 4]);
          // What comes out of the first mixture is held, so that routers alone are left to go back through.
          const tap = (path: string, y: Tensor) => (path === "moe1" ? ops.stopGradient(y) : tf.clone(y));
          const grads = ops.grad((at: typeof params) => tf.sum(tf.square(model.apply(at, x, {tap}))))(params);
          const {router} = grads.moe1 as {router: {project: Tensor}};
          return (await tf.sum(tf.abs(router.project)).data())[0] as number;
        };
        expect(await sizeOf(false)).toBeGreaterThan(1e-5);
        expect(await sizeOf(true)).toBe(0);
      })
    );

    test(
      "derivatives",
      withoutLeak(async () => {
        await expectTrueLayer(acrossTokens(all()) as Layer, [3, 2]);
        await expectTrueLayer(rescaled(same, {tokens: 2, channels: 3}) as Layer, [3, 2]);
        const router = recurrentRouter({units: 2});
        await expectTrueLayer(moe({experts: 2, router, expert}) as Layer, [3]);
      })
    );

    test(
      "fit trains a block of Sparse-MLP",
      async () => {
        const mixture = () =>
          moe({
            experts: 3,
            router: topKRouter({k: 1}),
            expert: mlpExpert({hidden: 8}),
            capacity: {factor: 2, order: "priority"}
          });
        const block = sparseMlpBlock({tokens: mixture() as Layer, channels: mixture() as Layer});
        await expectLearns(rescaled(block, {tokens: 6, channels: 6}) as Layer, [4, 4], {
          steps: 80,
          left: 0.9
        });
      },
      SLOW
    );

    test(
      "fit trains hyper and recurrent routers",
      async () => {
        const mixture = (router: Parameters<typeof moe>[0]["router"]) =>
          ops.residual(moe({experts: 3, router, expert: mlpExpert({hidden: 8})}) as Layer) as Layer;
        const model = ops.sequential([
          mixture(hyperRouter({hidden: 8}) as never),
          mixture(recurrentRouter({units: 4}) as never),
          mixture(recurrentRouter({units: 4, cell: "before"}) as never)
        ]);
        await expectLearns(model as Layer, [4], {steps: 80});
      },
      SLOW
    );

    test("wrong calls say what to pass", () => {
      expect(() => acrossTokens(same).apply({layer: {}}, tf.zeros([2, 3]))).toThrow(
        /\[batch, tokens, channels\]/
      );
      expect(() => rescaled(same, {tokens: 0, channels: 2})).toThrow(/tokens must be a whole number/);
      expect(() =>
        rescaled(ops.flatten() as Layer, {tokens: 2, channels: 2}).init(ops.key(0), [3, 2])
      ).toThrow(/Pass one that keeps the shape/);
      expect(() => hyperRouter({hidden: 0})).toThrow(/hidden must be a whole number/);
      expect(() => recurrentRouter({units: 2, cell: "first" as never})).toThrow(/"own" or "before"/);
      const shape = {features: 3, experts: 4};
      const router = recurrentRouter({units: 2, cell: "before"});
      const params = router.init(ops.key(0), shape);
      expect(() => router.route(params, tf.zeros([2, 3]), shape)).toThrow(
        /Give the first one \{cell: "own"\}/
      );
      const own = recurrentRouter({units: 2});
      const left = () => tf.zeros([3, 2]);
      expect(() => own.route(own.init(ops.key(0), shape), tf.zeros([2, 3]), shape, {left})).toThrow(
        /left states of shape \[3, 2\], expected \[2, 2\]/
      );
    });
  });
}
