import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Context} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {Expert} from "../../src/ops/moe/experts/expert.ts";
import type {MoeOptions} from "../../src/ops/moe/moe.ts";
import type {Router, Routing} from "../../src/ops/moe/routing.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {EXPERTS, FEATURES, left, ROUTERS, TOKENS, tokens} from "./moe-routers.ts";
import {expectClose, fixture, kernel, type Stored, tensor, use, withoutLeak} from "./support.ts";

const {tf, key} = ops;
const {balanceLoss, countRouting, dispatch, gluExpert, limitCapacity, loraExpert, mlpExpert} = ops.moe;
const {moe, nestedExpert, thresholdChoices, topKRouter, zLoss} = ops.moe;

const SHAPE = {features: FEATURES, experts: EXPERTS};

const EXPERT_KINDS: Record<string, Expert> = {
  MLP: mlpExpert({hidden: 5}),
  SwiGLU: gluExpert({hidden: 5, bias: true}),
  GEGLU: gluExpert({hidden: 5, activation: "gelu", hiddenScale: true}),
  nested: nestedExpert({hidden: 8, shares: [1, 0.5, 0.25, 0.5]}),
  LoRA: loraExpert({hidden: 5, rank: 2, scale: 0.5})
};

/** Parameters away from where they begin, so that nothing is zero by itself. */
function shaken<P extends Params>(params: P, by = key(8)): P {
  let i = 0;
  return ops.tree.map(
    (leaf: Tensor) => tf.add(leaf, ops.random.normal(by.fold(i++), leaf.shape, 0, 0.2)),
    params as Params
  ) as P;
}

function routed(router: Router, context: Context = left, x = tokens()): Routing {
  return router.route(router.init(key(1), SHAPE), x, SHAPE, context);
}

/** What a mixture of every expert on every token gives, weighted by the routing: computed by no part of dispatch. */
async function slowMixture(expert: Expert, params: Params, x: Tensor, routing: Routing): Promise<number[]> {
  const count = x.shape[0] as number;
  const each = count;
  const offsets = tf.tensor1d(
    Array.from({length: EXPERTS + 1}, (_, e) => e * each),
    "int32"
  );
  const all = expert.apply(params, {x: tf.tile(x, [EXPERTS, 1]), offsets, each});
  const y = await all.data();
  const width = all.shape[1] as number;
  const out = new Array<number>(count * width).fill(0);
  const isChoices = routing.kind === "choices";
  const ids = await (isChoices ? routing.indices : routing.tokens).data();
  const weights = await routing.weights.data();
  const columns = routing.weights.shape[1] as number;
  ids.forEach((id, i) => {
    if (id < 0) return;
    const row = Math.floor(i / columns);
    const [token, e] = isChoices ? [row, id] : [id, row];
    for (let f = 0; f < width; ++f)
      out[token * width + f] =
        (out[token * width + f] as number) +
        (weights[i] as number) * (y[(e * each + token) * width + f] as number);
  });
  return out;
}

/** What holds for every router, expert and dispatch. */
export function moePropertiesCases(backend: BackendName): void {
  describe(`properties of mixtures on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each(Object.entries(ROUTERS))(
      "%s: weights add up, and both dispatches give the sum over choices",
      (_name, {router, sum}) =>
        withoutLeak(async () => {
          for (const training of [false, true]) {
            const x = tokens();
            const routing = routed(router, {...left, training, key: key(5)}, x);
            const weights = await routing.weights.data();
            if (routing.kind === "choices" && sum !== "free") {
              const sums = await tf.sum(routing.weights, 1).data();
              for (const each of sums) {
                if (sum === "one") expect(each).toBeCloseTo(1, 5);
                else expect(each).toBeLessThanOrEqual(1 + 1e-5);
                expect(each).toBeGreaterThan(0);
              }
            }
            expect(weights.every((weight) => weight >= 0)).toBe(true);
            if (routing.kind === "choices" && sum !== "free" && sum !== "at most one") {
              const {unrouted, load} = await countRouting(routing);
              expect(unrouted).toBe(0);
              expect(load.reduce((a, b) => a + b, 0)).toBe(routing.indices.size);
            }
            const expert = EXPERT_KINDS.MLP as Expert;
            const params = shaken(expert.init(key(2), SHAPE));
            const wanted = await slowMixture(expert, params, x, routing);
            for (const way of ["grouped", "einsum"] as const)
              await expectClose(dispatch(expert, params, x, routing, {dispatch: way}), wanted);
          }
        })()
    );

    test.each(Object.entries(EXPERT_KINDS))(
      "%s experts: both dispatches, forward and back",
      (_name, expert) =>
        withoutLeak(async () => {
          const x = tokens();
          const routing = limitCapacity(routed(topKRouter({k: 2})) as never, 5);
          const params = shaken(expert.init(key(2), SHAPE));
          const wanted = await slowMixture(expert, params, x, routing);
          const gradsOf = (way: "grouped" | "einsum") =>
            ops.grad((at: {params: Params; x: Tensor}) => {
              const y = dispatch(expert, at.params, at.x, routing, {dispatch: way, capacity: 5});
              return tf.sum(tf.square(y));
            })({params, x});
          for (const way of ["grouped", "einsum"] as const)
            await expectClose(dispatch(expert, params, x, routing, {dispatch: way, capacity: 5}), wanted);
          const [grouped, einsum] = [gradsOf("grouped"), gradsOf("einsum")];
          const others = ops.tree.leaves<Tensor>(einsum as Params);
          for (const [i, leaf] of ops.tree.leaves<Tensor>(grouped as Params).entries())
            await expectClose(leaf, Array.from(await (others[i] as Tensor).data()));
        })()
    );

    test.each(["arrival", "priority"] as const)("capacity is never exceeded, in order of %s", (order) =>
      withoutLeak(async () => {
        for (const [capacity, groups] of [
          [1, 1],
          [3, 1],
          [2, 3],
          [100, 1]
        ] as const) {
          const all = routed(topKRouter({k: 3}));
          if (all.kind !== "choices") throw new Error("Tokens choose.");
          const kept = limitCapacity(all, capacity, {order, groups});
          const {load, offered, dropped} = await countRouting(kept);
          expect(offered.reduce((a, b) => a + b, 0)).toBe(TOKENS * 3);
          load.forEach((count, e) => {
            if (groups === 1) expect(count).toBe(Math.min(capacity, offered[e] as number));
            else expect(count).toBeLessThanOrEqual(capacity * groups);
          });
          if (capacity === 100) expect(dropped).toBe(0);
          const [was, is] = [await all.indices.data(), await kept.indices.data()];
          const weights = await kept.weights.data();
          is.forEach((expert, i) => {
            if (expert < 0) expect(weights[i]).toBe(0);
            else expect(expert).toBe(was[i]);
          });
        }
      })()
    );

    test(
      "tokens of larger probability come first by priority",
      withoutLeak(async () => {
        const probabilities = tf.tensor2d([0.6, 0.4, 0.9, 0.1, 0.7, 0.3], [3, 2]);
        const routing = topKRouter({k: 1}).route({kernel: tf.eye(2)}, tf.log(probabilities), {
          features: 2,
          experts: 2
        });
        if (routing.kind !== "choices") throw new Error("Tokens choose.");
        const kept = async (order: "arrival" | "priority") =>
          Array.from(await limitCapacity(routing, 2, {order}).indices.data());
        expect(await kept("arrival")).toEqual([0, 0, -1]);
        expect(await kept("priority")).toEqual([-1, 0, 0]);
      })
    );

    test(
      "other numbers for the experts change the numbers of the experts and nothing else",
      withoutLeak(async () => {
        const order = [2, 0, 3, 1];
        const layer = moe({experts: EXPERTS, router: topKRouter({k: 2}), expert: mlpExpert({hidden: 5})});
        const params = shaken(layer.init(key(2), [FEATURES]));
        const at = tf.tensor1d(order, "int32");
        const moved = {
          router: ops.tree.map((leaf: Tensor) => tf.gather(leaf, at, 1), params.router),
          experts: ops.tree.map((leaf: Tensor) => tf.gather(leaf, at, 0), params.experts)
        };
        const x = tokens();
        await expectClose(layer.apply(moved, x), Array.from(await layer.apply(params, x).data()));
        const [a, b] = [layer.routing(params, x), layer.routing(moved, x)];
        if (a.kind !== "choices" || b.kind !== "choices") throw new Error("Tokens choose.");
        const own = Array.from(await b.indices.data(), (expert) => order[expert]);
        expect(own).toEqual(Array.from(await a.indices.data()));
      })
    );

    test.each(Object.entries(ROUTERS))("%s: one token, and experts without one", (_name, {router}) =>
      withoutLeak(async () => {
        const one: Context = {
          left: (name) => (name === "task" ? tf.tensor1d([1], "int32") : tf.tensor2d([4], [1, 1], "int32"))
        };
        const layer = moe({experts: EXPERTS, router, expert: mlpExpert({hidden: 5})});
        const params = shaken(layer.init(key(2), [FEATURES]));
        const x = ops.random.normal(key(4), [1, FEATURES]);
        const loss = (w: typeof params) => tf.sum(tf.square(layer.apply(w, x, one)));
        const y = layer.apply(params, x, one);
        expect(y.shape).toEqual([1, FEATURES]);
        const wanted = await slowMixture(
          layer.options.expert,
          params.experts,
          x,
          layer.routing(params, x, one)
        );
        await expectClose(y, wanted);
        for (const leaf of ops.tree.leaves<Tensor>(ops.grad(loss)(params) as Params))
          expect((await leaf.data()).every(Number.isFinite)).toBe(true);
      })()
    );

    test(
      "shared experts compute every token, and all dimensions but the last are tokens",
      withoutLeak(async () => {
        const expert = mlpExpert({hidden: 5});
        const options: MoeOptions = {experts: EXPERTS, router: topKRouter(), expert};
        const layer = moe({...options, shared: {expert: mlpExpert({hidden: 3}), count: 2}});
        const params = layer.init(key(2), [3, FEATURES]);
        const x = tf.reshape(tokens(), [2, 2, 3, FEATURES]);
        const y = layer.apply(params, x);
        expect(y.shape).toEqual(x.shape);
        const {in: first, out} = params.shared as {in: {kernel: Tensor}; out: {kernel: Tensor}};
        expect(first.kernel.shape).toEqual([2, FEATURES, 3]);
        const flat = tf.reshape(x, [TOKENS, FEATURES]);
        const added = [0, 1].map((e) => {
          const [a, b] = [first.kernel, out.kernel].map((all) =>
            tf.reshape(tf.slice(all, e, 1), all.shape.slice(1))
          );
          return tf.matMul(tf.relu(tf.matMul(flat as never, a as never)), b as never) as Tensor;
        });
        const routedSum = moe(options).apply({router: params.router, experts: params.experts}, x);
        await expectClose(
          y,
          Array.from(await tf.addN([tf.reshape(routedSum, [TOKENS, FEATURES]), ...added]).data())
        );
      })
    );

    test(
      "a whole layer of st-moe: GEGLU experts, straight-through weights, losses and gradients",
      withoutLeak(async () => {
        const {params, inputs, outputs} = fixture("moe/st-moe-full-geglu");
        const {
          num_experts: experts,
          expert_hidden: hidden,
          capacity_factor: factor
        } = params as Record<string, number>;
        const {threshold, balance_coef: balance, z_coef: z} = params as Record<string, number>;
        const [batch, length, features] = (inputs.x as Stored).shape as [number, number, number];
        const expert = gluExpert({
          hidden: hidden as number,
          activation: "gelu",
          bias: true,
          hiddenScale: true
        });
        const each = (name: string) => Array.from({length: experts as number}, (_, e) => `e${e}.${name}`);
        const halves = (x: Tensor, i: number) =>
          tf.slice(x, [0, i * (hidden as number)], [-1, hidden as number]);
        const first = (i: number) => ({
          kernel: tf.stack(each("net.0.weight").map((name) => halves(kernel(inputs[name]), i))),
          bias: tf.stack(
            each("net.0.bias").map((name) =>
              tf.slice(tensor(inputs[name]), [i * (hidden as number)], [hidden as number])
            )
          )
        });
        const at = {
          x: tensor(inputs.x),
          gate: kernel(inputs.gate),
          experts: {
            in: first(0),
            gate: first(1),
            scale: tf.stack(each("net.1.mult_bias").map((name) => tensor(inputs[name]))),
            out: {
              kernel: tf.stack(each("net.2.weight").map((name) => kernel(inputs[name]))),
              bias: tf.stack(each("net.2.bias").map((name) => tensor(inputs[name])))
            }
          }
        };
        const draws = tf.reshape(tensor(inputs.u), [2, batch * length]).transpose();
        const capacity = ops.moe.expertCapacity({tokens: length, experts: experts as number}, {factor});
        const dy = tf.reshape(tensor(inputs.dy), [-1, features]);
        const run = (w: typeof at) => {
          const x = tf.reshape(w.x, [-1, features]);
          const logits = tf.matMul(x as never, w.gate as never) as Tensor;
          const wanted = thresholdChoices(logits, draws, {k: 2, threshold: threshold as number});
          const kept = limitCapacity(wanted, capacity, {groups: batch});
          const losses = [balanceLoss(kept, {convention: "gshard", groups: batch}), zLoss(logits)] as const;
          const total = tf.add(tf.mul(losses[0], balance as number), tf.mul(losses[1], z as number));
          return {y: dispatch(expert, w.experts, x, kept, {straightThrough: true}), losses, total};
        };
        const {y, losses, total} = run(at);
        await expectClose(y, outputs.y);
        await expectClose(losses[0], outputs.balance_loss);
        await expectClose(losses[1], outputs.router_z_loss);
        await expectClose(total, outputs.total_aux_loss);
        const grads = ops.grad((w: typeof at) => {
          const own = run(w);
          return tf.add(tf.sum(tf.mul(own.y, dy)), own.total);
        })(at);
        await expectClose(grads.x, outputs.grad_x);
        await expectClose(grads.gate.transpose(), outputs.grad_gate);
        for (const [e, own] of grads.experts.out.kernel.unstack().entries())
          await expectClose(own.transpose(), outputs[`grad_e${e}.net.2.weight`]);
        for (const [e, own] of grads.experts.scale.unstack().entries())
          await expectClose(own, outputs[`grad_e${e}.net.1.mult_bias`]);
        const [inKernels, gateKernels] = [grads.experts.in.kernel, grads.experts.gate.kernel].map((all) =>
          all.unstack()
        );
        for (const [e, own] of (inKernels as Tensor[]).entries())
          await expectClose(
            tf.concat([own, (gateKernels as Tensor[])[e] as Tensor], 1).transpose(),
            outputs[`grad_e${e}.net.0.weight`]
          );
      })
    );
  });
}
