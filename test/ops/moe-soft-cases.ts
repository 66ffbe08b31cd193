import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {Expert} from "../../src/ops/moe/experts/expert.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectLearns, expectTrueLayer} from "./moe-layer-support.ts";
import {expectClose, type Fixture, fixture, kernel, tensor, use, withoutLeak} from "./support.ts";

const {tf} = ops;
const {gluExpert, mlpExpert, smear, softMoe} = ops.moe;

/** A weight of every expert of a soft-moe case, stored (out, in), as a stack of kernels (in, out); biases as they are. */
function stacked({inputs, params}: Fixture, name: string): Tensor {
  const {num_experts: experts} = params as {num_experts: number};
  return tf.stack(
    Array.from({length: experts}, (_, e) => {
      const stored = inputs[`experts.experts.${e}.${name}`];
      return name.endsWith("weight") ? kernel(stored) : tensor(stored);
    })
  );
}

/** The halves of the last axis. */
const halves = (x: Tensor) => tf.split(x, 2, x.rank - 1) as [Tensor, Tensor];

type Linear = {kernel: Tensor; bias: Tensor};

/** The experts of a soft-moe case with their parameters. */
function expertsOf(at: Fixture): {expert: Expert<never>; params: Params} {
  const {geglu, expert_hidden: hidden} = at.params as {geglu: boolean; expert_hidden: number};
  const out = {kernel: stacked(at, "3.weight"), bias: stacked(at, "3.bias")};
  const first = {kernel: stacked(at, "0.weight"), bias: stacked(at, "0.bias")};
  if (!geglu)
    return {expert: mlpExpert({hidden, activation: "gelu"}) as Expert<never>, params: {in: first, out}};
  const [kernels, gates] = halves(first.kernel);
  const [biases, gateBiases] = halves(first.bias);
  return {
    expert: gluExpert({hidden, activation: "gelu", bias: true}) as Expert<never>,
    params: {in: {kernel: kernels, bias: biases}, gate: {kernel: gates, bias: gateBiases}, out}
  };
}

/** Mixtures of tokens or of experts, in which nothing is chosen. */
export function softCases(backend: BackendName): void {
  describe(`soft mixtures on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each(["soft-moe", "soft-moe-geglu-mask"])("%s, forward and back", (name) =>
      withoutLeak(async () => {
        const at = fixture(`moe/${name}`);
        const {inputs, outputs} = at;
        const {num_experts: experts, num_slots: slots} = at.params as Record<string, number>;
        const {expert, params: own} = expertsOf(at);
        const layer = softMoe({experts: experts as number, slots, expert: expert as Expert});
        const params = {
          slots: tensor(inputs.slot_embeds),
          norm: {scale: tensor(inputs["norm.gamma"])},
          slotNorm: {scale: tensor(inputs["slot_norm.gamma"])},
          experts: own
        };
        const context = inputs.mask ? {mask: tf.tensor(inputs.mask.data.map(Number), inputs.mask.shape)} : {};
        const x = tensor(inputs.x);
        await expectClose(layer.apply(params, x, context), outputs.y);
        await expectClose(layer.routing(params, x, context).logits, outputs.logits);
        const dy = tensor(inputs.dy);
        const grads = ops.grad((all: {x: Tensor; params: typeof params}) =>
          tf.sum(tf.mul(layer.apply(all.params, all.x, context), dy))
        )({x, params});
        await expectClose(grads.x, outputs.grad_x);
        await expectClose(grads.params.slots, outputs.grad_slot_embeds);
        await expectClose(grads.params.norm.scale, outputs["grad_norm.gamma"]);
        await expectClose(grads.params.slotNorm.scale, outputs["grad_slot_norm.gamma"]);
        const {in: first, gate, out} = grads.params.experts as {in: Linear; gate?: Linear; out: Linear};
        const wide = (part: "kernel" | "bias", each: Tensor) =>
          gate ? tf.concat([each, gate[part]], each.rank - 1) : each;
        const parts = {
          "0.weight": tf.transpose(wide("kernel", first.kernel), [0, 2, 1]),
          "0.bias": wide("bias", first.bias),
          "3.weight": tf.transpose(out.kernel, [0, 2, 1]),
          "3.bias": out.bias
        };
        for (const [part, all] of Object.entries(parts))
          for (const [e, each] of all.unstack().entries())
            await expectClose(each, outputs[`grad_experts.experts.${e}.${part}`]);
      })()
    );

    test(
      "dispatch sums to 1 over tokens and combine over slots; a token that is not there goes nowhere",
      withoutLeak(async () => {
        const layer = softMoe({experts: 2, slots: 3, expert: mlpExpert({hidden: 4})});
        const x = ops.random.normal(ops.key(1), [2, 4, 5]);
        const mask = tf.tensor2d([1, 1, 0, 1, 1, 1, 1, 1], [2, 4]);
        const {dispatch, combine} = layer.routing(layer.init(ops.key(0), [4, 5]), x, {mask});
        await expectClose(tf.sum(dispatch, 1), Array(2 * 6).fill(1));
        await expectClose(tf.sum(combine, [2, 3]), Array(2 * 4).fill(1));
        await expectClose(tf.slice(dispatch, [0, 2, 0, 0], [1, 1, 2, 3]), Array(6).fill(0));
      })
    );

    test(
      "experts see the tokens themselves where they are asked for",
      withoutLeak(async () => {
        const double = {...mlpExpert({hidden: 1}), apply: (_: unknown, {x}: {x: Tensor}) => tf.mul(x, 2)};
        const layer = softMoe({experts: 2, expert: double, mix: "tokens"});
        const x = tf.tensor3d([3, 4], [1, 1, 2]);
        const params = layer.init(ops.key(0), [1, 2]);
        await expectClose(layer.apply(params, x), [6, 8]);
      })
    );

    test(
      "smear-merged-adapter, forward and back",
      withoutLeak(async () => {
        const {params, inputs, outputs} = fixture("moe/smear-merged-adapter");
        const {experts, bottleneck} = params as Record<string, number>;
        const layer = smear({
          experts: experts as number,
          expert: mlpExpert({hidden: bottleneck as number, activation: "silu"})
        });
        const first = (name: string) => tf.squeeze(tensor(inputs[name]), [0]);
        const at = {
          router: {kernel: tensor(inputs.router_weight)},
          experts: {
            in: {kernel: first("down_samplers_weights"), bias: first("down_samplers_bias")},
            out: {kernel: first("up_samplers_weights")}
          }
        };
        const x = tensor(inputs.x);
        await expectClose(layer.shares(at, x), outputs.probs);
        await expectClose(layer.apply(at, x), outputs.y);
        const dy = tensor(inputs.dy);
        const grads = ops.grad((all: {x: Tensor; at: typeof at}) =>
          tf.sum(tf.mul(layer.apply(all.at, all.x), dy))
        )({x, at});
        await expectClose(grads.x, outputs.grad_x);
        await expectClose(grads.at.router.kernel, outputs.grad_router_weight);
        await expectClose(grads.at.experts.in.kernel, outputs.grad_down_samplers_weights);
        await expectClose(grads.at.experts.in.bias, outputs.grad_down_samplers_bias);
        await expectClose(grads.at.experts.out.kernel, outputs.grad_up_samplers_weights);
      })
    );

    test(
      "smear: tokens that are not there do not choose",
      withoutLeak(async () => {
        const layer = smear({experts: 3, expert: mlpExpert({hidden: 4})});
        const params = layer.init(ops.key(0), [3, 2]);
        const x = tf.tensor3d([1, 2, 3, 4, 50, 60], [1, 3, 2]);
        const masked = layer.shares(params, x, {mask: tf.tensor2d([[1, 1, 0]])});
        const two = layer.shares(params, tf.slice(x, [0, 0, 0], [1, 2, 2]));
        await expectClose(masked, Array.from(await two.data()));
      })
    );

    test(
      "smear leaves experts out while training, and shares their weight",
      withoutLeak(async () => {
        const layer = smear({experts: 8, expert: mlpExpert({hidden: 2}), dropout: 0.5});
        const params = layer.init(ops.key(0), [2, 3]);
        const x = ops.random.normal(ops.key(1), [40, 2, 3]);
        const shares = layer.shares(params, x, {training: true, key: ops.key(2)});
        await expectClose(tf.sum(shares, 1), Array(40).fill(1));
        const without = Array.from(await shares.data()).filter((share) => share < 1e-6).length;
        expect(without).toBeGreaterThan(100);
        expect(without).toBeLessThan(220);
      })
    );

    test(
      "derivatives of both",
      withoutLeak(async () => {
        const expert = mlpExpert({hidden: 3, activation: "tanh"});
        const mask = tf.tensor2d([1, 1, 0, 1, 1, 1, 1, 0, 1], [3, 3]);
        await expectTrueLayer(softMoe({experts: 2, slots: 2, expert}) as Layer, [3, 4], {context: {mask}});
        await expectTrueLayer(smear({experts: 3, expert}) as Layer, [3, 4]);
      })
    );

    test("fit trains both", async () => {
      const expert = mlpExpert({hidden: 16});
      await expectLearns(ops.residual(softMoe({experts: 4, slots: 2, expert}) as Layer) as Layer, [3, 4]);
      await expectLearns(smear({experts: 4, expert, dropout: 0.1}) as Layer, [3, 4]);
    });

    test("wrong calls say what to pass", () => {
      const expert = mlpExpert({hidden: 2});
      expect(() => softMoe({experts: 0, expert})).toThrow(/experts must be a whole number/);
      expect(() => softMoe({experts: 2, slots: 0, expert})).toThrow(/slots must be a whole number/);
      expect(() => smear({experts: 2} as never)).toThrow(/smear needs an expert/);
      expect(() => smear({experts: 2, expert, dropout: 1})).toThrow(/dropout must be a number between/);
      const layer = softMoe({experts: 2, expert});
      const params = layer.init(ops.key(0), [3, 4]);
      expect(() => layer.apply(params, tf.zeros([3, 4]))).toThrow(
        /expected an input of shape \[batch, tokens/
      );
      const mask = tf.ones([1, 5]);
      expect(() => layer.apply(params, tf.zeros([1, 3, 4]), {mask})).toThrow(/mask\): expected \[1, 3\]/);
      const dropping = smear({experts: 2, expert, dropout: 0.1});
      expect(() =>
        dropping.apply(dropping.init(ops.key(0), [3, 4]), tf.zeros([1, 3, 4]), {training: true})
      ).toThrow(/pass a key/);
    });
  });
}
