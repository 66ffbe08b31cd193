import {beforeAll, describe, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectClose, type Fixture, fixture, kernel, tensor, use, withoutLeak} from "./support.ts";

const {tf} = ops;
const {gluExpert, moe, topKRouter} = ops.moe;

/** Weights of every expert e, stored (out, in) as `e<number>.<name>`, as stacked kernels (in, out). */
function stackedKernels({inputs}: Fixture, experts: number, name: string): Tensor {
  return tf.stack(Array.from({length: experts}, (_, e) => kernel(inputs[`e${e}.${name}`])));
}

/** Mixtures of experts as layers. */
export function moeCases(backend: BackendName): void {
  describe(`mixtures of experts on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each(
      ["mixtral-top1-swiglu", "mixtral-top2-swiglu"].flatMap((name) =>
        (["grouped", "einsum"] as const).map((dispatch) => [name, dispatch] as const)
      )
    )("%s, forward and back, dispatch %s", (name, dispatch) =>
      withoutLeak(async () => {
        const {params, inputs, outputs} = fixture(`moe/${name}`);
        const {top_k: k, num_experts: experts, ffn} = params as Record<string, number>;
        const layer = moe({
          experts: experts as number,
          router: topKRouter({k}),
          expert: gluExpert({hidden: ffn as number, activation: "silu", bias: false}),
          dispatch
        });
        const at = {
          router: {kernel: kernel(inputs.gate)},
          experts: {
            gate: {kernel: stackedKernels(fixture(`moe/${name}`), experts as number, "w1")},
            in: {kernel: stackedKernels(fixture(`moe/${name}`), experts as number, "w3")},
            out: {kernel: stackedKernels(fixture(`moe/${name}`), experts as number, "w2")}
          }
        };
        const x = tensor(inputs.x);
        await expectClose(layer.apply(at, x), outputs.y);
        const routing = layer.routing(at, x);
        if (routing.kind !== "choices") throw new Error("A top-k router gives choices.");
        await expectClose(routing.indices, outputs.topk_indices);
        await expectClose(routing.weights, outputs.topk_weights);
        await expectClose(routing.logits as Tensor, outputs.router_logits);
        const dy = tensor(inputs.dy);
        const grads = ops.grad((all: {x: Tensor; at: typeof at}) =>
          tf.sum(tf.mul(layer.apply(all.at, all.x), dy))
        )({x, at});
        await expectClose(grads.x, outputs.grad_x);
        await expectClose(grads.at.router.kernel.transpose(), outputs.grad_gate);
        const parts = [
          ["w1", grads.at.experts.gate.kernel],
          ["w3", grads.at.experts.in.kernel],
          ["w2", grads.at.experts.out.kernel]
        ] as const;
        for (const [weight, all] of parts)
          for (const [e, each] of all.unstack().entries())
            await expectClose(each.transpose(), outputs[`grad_e${e}.${weight}`]);
      })()
    );
  });
}
