import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import {ops} from "../../src/ops/index.ts";
import type {Choices, Router, Routing, Slots} from "../../src/ops/moe/routing.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectClose, fixture, kernel, numbers, type Stored, tensor, use, withoutLeak} from "./support.ts";

const {tf} = ops;
const {balanceLoss, gatesOf, importanceLoss, limitCapacity, loadLoss, moe, queuePlaces, zLoss} = ops.moe;
const {expertChoiceRouter, hashRouter, hashTable, mlpExpert, noisyChoices, sigmoidRouter} = ops.moe;
const {selectionProbability, thresholdChoices, topKRouter} = ops.moe;

/** Routes logits as they are: tokens that are logits, times the unit matrix. */
export function routeLogits(router: Router, logits: Tensor, context = {}, groups = 1): Routing {
  const experts = logits.shape[1] as number;
  return router.route({kernel: tf.eye(experts)}, logits, {features: experts, experts, groups}, context);
}

function choices(routing: Routing): Choices {
  if (routing.kind !== "choices") throw new Error("Expected tokens that choose.");
  return routing;
}

function slots(routing: Routing): Slots {
  if (routing.kind !== "slots") throw new Error("Expected experts that choose.");
  return routing;
}

/** [tokens, experts] of [.., tokens, experts]. */
const flat = (x: Tensor) => tf.reshape(x, [-1, x.shape.at(-1) as number]);

const numberOf = (params: Record<string, unknown>, name: string) => params[name] as number;

/** Routers against the numbers of published implementations. */
export function moeRoutingCases(backend: BackendName): void {
  describe(`routing on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each(["aux-loss-free-bias-5-batches", "aux-loss-free-bias-large-step"])("%s", (name) =>
      withoutLeak(async () => {
        const {params, inputs, outputs} = fixture(`moe/${name}`);
        const [batches, tokens, experts] = (inputs.logits as Stored).shape as [number, number, number];
        const router = sigmoidRouter({k: numberOf(params, "top_k"), biasStep: numberOf(params, "u")});
        const logits = tensor(inputs.logits);
        let state = {router: router.initState?.({features: experts, experts}) as {bias: Tensor}};
        const trajectory = [state.router.bias];
        for (let batch = 0; batch < batches; ++batch) {
          const own = tf.reshape(tf.slice(logits, [batch, 0, 0], [1, -1, -1]), [tokens, experts]);
          const setState = (path: string, next: unknown) => {
            state = {...state, [path]: next};
          };
          const routing = choices(
            routeLogits(router, own, {path: "router", training: true, state, setState})
          );
          const at = (all: number[], size: number) => all.slice(batch * size, (batch + 1) * size);
          const size = routing.indices.size;
          await expectClose(routing.indices, at(numbers(outputs.topk_indices), size));
          await expectClose(routing.weights, at(numbers(outputs.topk_weights), size));
          trajectory.push(state.router.bias);
        }
        await expectClose(tf.stack(trajectory), outputs.bias_trajectory);
      })()
    );

    test(
      "deepseek's group-limited routing with a bias",
      withoutLeak(async () => {
        const {params, inputs, outputs} = fixture("moe/deepseek-group-limited-routing");
        const router = sigmoidRouter({
          k: numberOf(params, "top_k"),
          scale: numberOf(params, "routed_scaling_factor"),
          groups: {count: numberOf(params, "n_group"), active: numberOf(params, "topk_group")}
        });
        const state = {router: {bias: tensor(inputs.bias)}};
        const routing = choices(routeLogits(router, tensor(inputs.logits), {state}));
        await expectClose(gatesOf(routing), placed(outputs.topk_indices, outputs.topk_weights, 8));
      })
    );

    test.each([
      ["expert-choice", false],
      ["expert-choice-padded", true]
    ])("%s", (name, hasMask) =>
      withoutLeak(async () => {
        const {params, inputs, outputs} = fixture(`moe/${name}`);
        const [groups, length, experts] = (inputs.logits as Stored).shape as [number, number, number];
        const capacity = numberOf(params, "capacity");
        const router = expertChoiceRouter({tokens: capacity});
        const context = hasMask ? {mask: tensor(inputs.padding_mask)} : {};
        const routing = slots(routeLogits(router, flat(tensor(inputs.logits)), context, groups));
        const ids = numbers(outputs.expert_token_ids);
        const gates = numbers(outputs.expert_gates);
        // Stored by stretch, expert and slot.
        const wanted = Array.from({length: experts * groups * capacity}, (_, i) => {
          const [expert, group, slot] = [
            Math.floor(i / (groups * capacity)),
            Math.floor(i / capacity) % groups,
            i % capacity
          ];
          const at = (group * experts + expert) * capacity + slot;
          return {id: (ids[at] as number) + group * length, gate: gates[at] as number};
        });
        await expectClose(
          routing.weights,
          wanted.map(({gate}) => gate)
        );
        await expectClose(
          routing.tokens,
          wanted.map(({id}) => id)
        );
        const report = await ops.moe.countRouting(routing);
        const unrouted = numbers(outputs.tokens_unrouted).reduce((a, b) => a + b, 0);
        expect(Math.round(report.unrouted * groups * length)).toBe(unrouted);
      })()
    );

    test.each(["hash-routing", "hash-routing-b"])("%s, by modulo and by mixed bits", (name) =>
      withoutLeak(async () => {
        const {params, inputs, outputs} = fixture(`moe/${name}`);
        const ids = numbers(inputs.token_ids);
        const experts = numberOf(params, "E");
        const vocabulary = Math.max(...ids) + 1;
        const x = tensor(inputs.x);
        const left = () => tf.tensor2d(ids, [1, ids.length], "int32");
        for (const [kind, wanted] of [
          ["modulo", outputs.expert_mod],
          ["murmur3", outputs.expert_fmix32]
        ] as const) {
          const router = hashRouter({table: hashTable(experts, {kind, vocabulary})});
          const routing = router.route({}, x, {features: x.shape[1] as number, experts}, {left});
          await expectClose(choices(routing).indices, wanted);
        }
        expect(ids.map(ops.moe.fmix32)).toEqual(numbers(outputs.fmix32));
        const layer = moe({
          experts,
          router: hashRouter({table: hashTable(experts, {kind: "modulo", vocabulary})}),
          expert: mlpExpert({hidden: inputs.w1?.shape[2] as number, bias: false})
        });
        const at = {
          router: {},
          experts: {in: {kernel: tensor(inputs.w1)}, out: {kernel: tensor(inputs.w2)}}
        };
        await expectClose(layer.apply(at, x, {left}), outputs.y_mod);
      })()
    );

    test.each(["capacity-order-top1", "capacity-order-top2"])("%s in the conventions of two peers", (name) =>
      withoutLeak(async () => {
        const {params, inputs, outputs} = fixture(`moe/${name}`);
        const k = numberOf(params, "top_k");
        const probabilities = tensor(inputs.probs);
        const [tokens, experts] = probabilities.shape as [number, number];
        const routed = (weights: "softmax" | "renormalised") =>
          choices(routeLogits(topKRouter({k, weights}), tf.log(probabilities)));
        const tutelCapacity = ops.moe.expertCapacity(
          {tokens, experts, k},
          {factor: numberOf(params, "tutel_capacity_factor"), rule: "tutel"}
        );
        expect(tutelCapacity).toBe(numberOf(params, "tutel_capacity"));
        for (const [order, peer] of [
          ["arrival", "fifo"],
          ["priority", "bpr"]
        ] as const) {
          const raw = routed("softmax");
          const capacity = numberOf(params, "flax_capacity");
          const kept = limitCapacity(raw, capacity, {order});
          const dispatched = tf.tensor(numbers(outputs[`flax_${peer}_dispatch`]), [
            tokens,
            experts,
            capacity
          ]);
          const isKept = gatesOf({...kept, weights: tf.ones(kept.weights.shape)});
          await expectClose(isKept, Array.from(await tf.sum(dispatched, 2).data()));
          const combined = tf.tensor(numbers(outputs[`flax_${peer}_combine`]), [tokens, experts, capacity]);
          await expectClose(gatesOf(kept), Array.from(await tf.sum(combined, 2).data()));
          const report = await ops.moe.countRouting(kept);
          expect(Math.max(...report.load)).toBeLessThanOrEqual(capacity);
          const dropped = numbers(outputs[`flax_${peer}_dropped_assignments`])[0] as number;
          expect(Math.round(report.dropped * tokens * k)).toBe(dropped);

          // Tutel divides by the sum of the gates where there are several.
          const own = routed(k > 1 ? "renormalised" : "softmax");
          const isTutel = numbers(outputs[`tutel_${peer}_kept`]);
          const places = await queuePlaces(own, {order}).toFloat().transpose().data();
          expect(Array.from(places)).toEqual(numbers(outputs[`tutel_${peer}_locations`]));
          await expectClose(own.indices.toFloat().transpose(), outputs[`tutel_${peer}_indices`]);
          const limited = limitCapacity(own, tutelCapacity, {order});
          const gates = numbers(outputs[`tutel_${peer}_gates`]);
          await expectClose(
            limited.weights.transpose(),
            gates.map((gate, i) => gate * (isTutel[i] as number))
          );
        }
      })()
    );

    test(
      "noisy top-k gating with its losses and gradients",
      withoutLeak(async () => {
        const {params, inputs, outputs} = fixture("moe/noisy-topk-gating");
        const [x, draws, dGates] = [inputs.x, inputs.noise, inputs.d_gates].map(tensor) as [
          Tensor,
          Tensor,
          Tensor
        ];
        const k = numberOf(params, "k");
        const routed = (w: {gate: Tensor; noise: Tensor}) => {
          const deviation = tf.add(tf.softplus(tf.matMul(x as never, w.noise as never)), 0.01);
          const clean = tf.matMul(x as never, w.gate as never) as Tensor;
          return noisyChoices({clean, deviation, draws}, {k, weights: "renormalised"});
        };
        const at = {gate: tensor(inputs.w_gate), noise: tensor(inputs.w_noise)};
        const routing = routed(at);
        await expectClose(gatesOf(routing), outputs.gates);
        await expectClose(tf.sum(selectionProbability(routing), 0), outputs.load);
        await expectClose(importanceLoss(gatesOf(routing)), outputs.cv2_importance);
        await expectClose(loadLoss(routing), outputs.cv2_load);
        const loss = (w: typeof at) => {
          const own = routed(w);
          const gates = gatesOf(own);
          const spread = tf.add(tf.mul(importanceLoss(gates), 0.5), tf.mul(loadLoss(own), 0.25));
          return tf.add(tf.sum(tf.mul(gates, dGates)), spread);
        };
        await expectClose(loss(at), outputs.loss);
        const grads = ops.grad(loss)(at);
        await expectClose(grads.gate, outputs.grad_w_gate);
        await expectClose(grads.noise, outputs.grad_w_noise);
      })
    );

    test.each(["losses-importance-load-tutel", "losses-importance-load-tutel-b"])("%s", (name) =>
      withoutLeak(async () => {
        const {params, inputs, outputs} = fixture(`moe/${name}`);
        const [clean, draws] = [tensor(inputs.logits), tensor(inputs.noise)];
        const deviation = tf.scalar(numberOf(params, "gate_noise") / (clean.shape[1] as number));
        const routed = (logits: Tensor) =>
          noisyChoices({clean: logits, deviation, draws}, {k: numberOf(params, "k"), weights: "softmax"});
        const routing = routed(clean);
        await expectClose(routing.indices, outputs.topk_ids);
        const tutel = (logits: Tensor) => importanceLoss(ops.softmax(logits));
        await expectClose(tutel(clean), outputs.tutel_importance);
        await expectClose(loadLoss(routing, {convention: "tutel"}), outputs.tutel_load);
        await expectClose(importanceLoss(ops.softmax(clean), {variance: "biased"}), outputs.vmoe_importance);
        await expectClose(selectionProbability(routing, {convention: "vmoe"}), outputs.vmoe_load_prob);
        await expectClose(loadLoss(routing, {convention: "vmoe", variance: "biased"}), outputs.vmoe_load);
        const total = ({logits}: {logits: Tensor}) =>
          tf.mul(tf.add(tutel(logits), loadLoss(routed(logits), {convention: "tutel"})), 0.5);
        await expectClose(total({logits: clean}), outputs.tutel_total);
        // Differences of probabilities over a deviation of 0.08 lose a digit in float32.
        const precision = {rtol: 5e-4, atol: 5e-5};
        await expectClose(
          ops.grad(total)({logits: clean}).logits,
          outputs.grad_logits_tutel_total,
          precision
        );
      })()
    );

    test.each(["losses-lbl-zloss-top1", "losses-lbl-zloss-top2"])("%s in four conventions", (name) =>
      withoutLeak(async () => {
        const {params, inputs, outputs} = fixture(`moe/${name}`);
        const groups = numberOf(params, "groups");
        const logits = flat(tensor(inputs.logits));
        const router = topKRouter({k: numberOf(params, "top_k")});
        const routed = (at: Tensor) => choices(routeLogits(router, at));
        const routing = routed(logits);
        await expectClose(routing.probabilities as Tensor, outputs.probs);
        await expectClose(balanceLoss(routing, {groups}), outputs.switch_lbl);
        await expectClose(balanceLoss(routing, {convention: "megablocks"}), outputs.megablocks_lbl);
        const gshard = numbers(outputs.tutel_gshard_per_group);
        const mean = gshard.reduce((a, b) => a + b, 0) / gshard.length;
        await expectClose(balanceLoss(routing, {convention: "gshard", groups}), [mean]);
        await expectClose(zLoss(logits), outputs.router_z_loss);
        const balance = ops.grad(({at}: {at: Tensor}) => balanceLoss(routed(at), {groups}));
        await expectClose(balance({at: logits}).at, outputs.grad_logits_switch_lbl);
        await expectClose(
          ops.grad(({at}: {at: Tensor}) => zLoss(at))({at: logits}).at,
          outputs.grad_logits_z
        );
      })()
    );

    test.each(["st-moe-router-top2-train", "st-moe-router-top2-tight-capacity"])("%s", (name) =>
      withoutLeak(async () => {
        const {params, inputs, outputs} = fixture(`moe/${name}`);
        const [batch, length, features] = (inputs.x as Stored).shape as [number, number, number];
        const [k, experts] = [numberOf(params, "top_n"), numberOf(params, "num_experts")];
        const capacity = ops.moe.expertCapacity(
          {tokens: length, experts},
          {factor: numberOf(params, "capacity_factor")}
        );
        expect(capacity).toBe(numberOf(params, "capacity"));
        const draws = tf.reshape(tensor(inputs.u), [k, batch * length]).transpose();
        const routed = (w: {x: Tensor; gate: Tensor}) => {
          const logits = tf.matMul(tf.reshape(w.x, [-1, features]), w.gate as never) as Tensor;
          const wanted = thresholdChoices(logits, draws, {k, threshold: numberOf(params, "threshold")});
          return {wanted, kept: limitCapacity(wanted, capacity, {groups: batch})};
        };
        const at = {x: tensor(inputs.x), gate: kernel(inputs.gate_weight)};
        const {wanted, kept} = routed(at);
        const all = [batch * length, experts, capacity];
        const dispatched = tf.sum(tf.tensor(numbers(outputs.dispatch), all), 2);
        const isKept = gatesOf({...kept, weights: tf.ones(kept.weights.shape)});
        await expectClose(isKept, Array.from(await dispatched.data()));
        const combined = tf.sum(tf.tensor(numbers(outputs.combine), all), 2);
        await expectClose(gatesOf(kept), Array.from(await combined.data()));
        const balance = (routing: Choices) => balanceLoss(routing, {convention: "gshard", groups: batch});
        // The peer counts first choices that are kept.
        await expectClose(balance(kept), outputs.balance_loss);
        await expectClose(zLoss(wanted.logits as Tensor), outputs.router_z_loss);
        // d_combine has a number for each slot: that of the slot which the choice is in.
        const dCombine = tf.sum(
          tf.mul(tensor(inputs.d_combine).reshape(all), tf.tensor(numbers(outputs.dispatch), all)),
          2
        );
        const loss = (w: typeof at) => {
          const own = routed(w);
          const sides = tf.add(
            tf.mul(balance(own.kept), 0.7),
            tf.mul(zLoss(own.wanted.logits as Tensor), 0.3)
          );
          return tf.add(tf.sum(tf.mul(gatesOf(own.kept), dCombine)), sides);
        };
        const grads = ops.grad(loss)(at);
        await expectClose(grads.x, outputs.grad_x);
        await expectClose(grads.gate.transpose(), outputs.grad_gate_weight);
      })()
    );
  });
}

/** Stored indices and weights of each token as a row for each, zeros elsewhere. */
function placed(
  indices: Parameters<typeof numbers>[0],
  weights: Parameters<typeof numbers>[0],
  experts: number
): number[] {
  const k = indices?.shape[1] as number;
  const at = numbers(indices);
  const rows = new Array<number>(((indices?.shape[0] as number) ?? 0) * experts).fill(0);
  numbers(weights).forEach((weight, i) => {
    rows[Math.floor(i / k) * experts + (at[i] as number)] = weight;
  });
  return rows;
}
