import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import {ops} from "../../src/ops/index.ts";
import type {Choices, Router, Routing} from "../../src/ops/moe/routing.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {EXPERTS, FEATURES, left, TOKENS, tokens} from "./moe-routers.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf, key} = ops;
const {cosineRouter, dispatch, hashRouter, hashTable, loraExpert, mlpExpert, moe, nestedExpert} = ops.moe;
const {noisyTopKRouter, prototypeRouter, reluNormRouter, switchAndMixtureRouter, switchRouter} = ops.moe;
const {taskRouter, topKRouter} = ops.moe;

const SHAPE = {features: FEATURES, experts: EXPERTS};

function choices(routing: Routing): Choices {
  if (routing.kind !== "choices") throw new Error("Tokens choose.");
  return routing;
}

const rows = async (x: Tensor) => (await x.array()) as number[][];
const softmax = (logits: readonly number[]) => {
  const powers = logits.map(Math.exp);
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
};
const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
const largest = (values: readonly number[]) => values.indexOf(Math.max(...values));
const column = (matrix: readonly (readonly number[])[], i: number) => matrix.map((row) => row[i] as number);

/** The choices of a router with kernels far from even, and its parameters. */
function routed<P = unknown>(router: Router, context = left) {
  const params = router.init(key(1), SHAPE);
  return {params: params as P, routing: choices(router.route(params, tokens(), SHAPE, context))};
}

/** Routers that have no published numbers, by hand. */
export function moeChoicesCases(backend: BackendName): void {
  describe(`choices of routers on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "the best expert of each prototype, by a softmax of its own",
      withoutLeak(async () => {
        const {routing} = routed(prototypeRouter({prototypes: 2, kernelInit: ops.lecunNormal}));
        const logits = await rows(routing.logits as Tensor);
        const [indices, weights] = [await rows(routing.indices), await rows(routing.weights)];
        logits.forEach((row, token) => {
          [row.slice(0, 2), row.slice(2)].forEach((group, i) => {
            expect(indices[token]?.[i]).toBe(2 * i + largest(group));
            expect(weights[token]?.[i]).toBeCloseTo(Math.max(...softmax(group)), 5);
          });
        });
      })
    );

    test(
      "the best group first, then the best experts within it",
      withoutLeak(async () => {
        const router = switchAndMixtureRouter({
          groups: 2,
          k: 1,
          weights: "softmax",
          kernelInit: ops.lecunNormal
        });
        const {params, routing} = routed<{groupKernel: Tensor; kernel: Tensor}>(router as never);
        const x = await rows(tokens());
        const [groupKernel, kernel] = [await rows(params.groupKernel), await rows(params.kernel)];
        const [indices, weights] = [await rows(routing.indices), await rows(routing.weights)];
        const sums = await tf.sum(routing.probabilities as Tensor, 1).data();
        x.forEach((token, i) => {
          const groups = softmax([0, 1].map((g) => dot(token, column(groupKernel, g))));
          const group = largest(groups);
          const within = softmax([0, 1].map((e) => dot(token, column(kernel, 2 * group + e))));
          expect(indices[i]).toEqual([2 * group + largest(within)]);
          expect(weights[i]?.[0]).toBeCloseTo(Math.max(...within) * (groups[group] as number), 4);
          expect(sums[i]).toBeCloseTo(1, 5);
        });
      })
    );

    test(
      "a task's gate is a kernel of its own, and a task's embedding moves the logits of all its tokens alike",
      withoutLeak(async () => {
        const gate = routed<{kernel: Tensor}>(taskRouter({tasks: 3}) as never);
        const [kernels, x] = [
          (await gate.params.kernel.array()) as unknown as number[][][],
          await rows(tokens())
        ];
        const wanted = x.flatMap((token, i) =>
          Array.from({length: EXPERTS}, (_, e) => dot(token, column(kernels[i % 3] as number[][], e)))
        );
        await expectClose(gate.routing.logits as Tensor, wanted);
        const shared = routed<{kernel: Tensor}>(taskRouter({tasks: 3, by: "embedding"}) as never);
        const plain = tf.matMul(tokens() as never, shared.params.kernel as never) as Tensor;
        const moved = await rows(tf.sub(shared.routing.logits as Tensor, plain));
        moved.forEach((row, i) => {
          row.forEach((value, e) => {
            expect(value).toBeCloseTo(moved[i % 3]?.[e] as number, 4);
          });
        });
        expect(Math.abs((moved[0]?.[0] as number) - (moved[1]?.[0] as number))).toBeGreaterThan(1e-3);
      })
    );

    test(
      "cosines do not see how long a token is, and are no larger than one over the temperature",
      withoutLeak(async () => {
        const router = cosineRouter({dimensions: 3, temperature: 0.25});
        const params = router.init(key(1), SHAPE);
        const logitsOf = (x: Tensor) => choices(router.route(params, x, SHAPE)).logits as Tensor;
        const short = await logitsOf(tokens()).data();
        await expectClose(logitsOf(tf.mul(tokens(), 7)), Array.from(short));
        expect(Math.max(...short.map(Math.abs))).toBeLessThanOrEqual(4 + 1e-4);
        const hot = {...params, logScale: tf.scalar(50)};
        const most = Math.max(
          ...(await (choices(router.route(hot, tokens(), SHAPE)).logits as Tensor).data()).map(Math.abs)
        );
        expect(most).toBeGreaterThan(50);
        expect(most).toBeLessThanOrEqual(100.01);
      })
    );

    test(
      "gates of BlockFFN are ReLUs over their root mean square",
      withoutLeak(async () => {
        const {params, routing} = routed<{kernel: Tensor; scale: Tensor}>(
          reluNormRouter({kernelInit: ops.lecunNormal}) as never
        );
        const logits = await rows(tf.matMul(tokens() as never, params.kernel as never) as Tensor);
        const wanted = logits.flatMap((row) => {
          const gates = row.map((value) => Math.max(0, value));
          const size = Math.sqrt(dot(gates, gates) / EXPERTS + 1e-6);
          return gates.map((gate) => gate / size);
        });
        await expectClose(routing.weights, wanted);
        const on = logits.flatMap((row) => row.map((value, e) => (value > 0 ? e : -1)));
        expect(Array.from(await routing.indices.data())).toEqual(on);
      })
    );

    test(
      "noise and jitter come in training alone, drawn from the key",
      withoutLeak(async () => {
        for (const router of [
          noisyTopKRouter({noise: 2}),
          switchRouter({jitter: 0.3, kernelInit: ops.lecunNormal})
        ]) {
          const params = router.init(key(1), SHAPE) as never;
          const logits = async (context: object) =>
            Array.from(
              await (choices(router.route(params, tokens(), SHAPE, context)).logits as Tensor).data()
            );
          const plain = await logits({});
          expect(await logits({key: key(1)})).toEqual(plain);
          const noisy = await logits({training: true, key: key(1)});
          expect(noisy).not.toEqual(plain);
          expect(await logits({training: true, key: key(1)})).toEqual(noisy);
          expect(await logits({training: true, key: key(2)})).not.toEqual(noisy);
        }
        const jittered = switchRouter({jitter: 0.1}).route(
          {kernel: tf.eye(4)},
          tf.ones([500, 4]),
          {features: 4, experts: 4},
          {training: true, key: key(3)}
        );
        const seen = await (choices(jittered).logits as Tensor).data();
        expect(Math.min(...seen)).toBeGreaterThanOrEqual(0.9 - 1e-6);
        expect(Math.max(...seen)).toBeLessThanOrEqual(1.1 + 1e-6);
        expect(Math.max(...seen) - Math.min(...seen)).toBeGreaterThan(0.18);
      })
    );

    test(
      "hashes of the id before, of two ids and of the place",
      withoutLeak(async () => {
        const ids = [3, 1, 4, 1, 5, 2, 0, 3, 3, 1, 2, 4];
        const context = {left: () => tf.tensor2d(ids, [2, 6], "int32")};
        const [table, previousTable] = [
          [0, 1, 2, 3, 0, 1],
          [2, 0, 3, 1, 1, 2]
        ];
        const before = ids.map((_, i) => (i % 6 === 0 ? 0 : (ids[i - 1] as number)));
        const expected = {
          token: ids.map((id) => table?.[id]),
          previous: before.map((id) => table?.[id]),
          bigram: ids.map(
            (id, i) => ((table?.[id] as number) + (previousTable?.[before[i] as number] as number)) % EXPERTS
          ),
          position: ids.map((_, i) => (i % 6) % EXPERTS)
        };
        for (const [by, wanted] of Object.entries(expected)) {
          const router = hashRouter({by: by as "token", table, previousTable});
          const {indices, weights} = choices(router.route({}, tokens(), SHAPE, context));
          expect(Array.from(await indices.data()), by).toEqual(wanted);
          expect((await weights.data()).every((weight) => weight === 1)).toBe(true);
        }
      })
    );

    test("tables: even loads by frequency, neighbours together or apart, and the same for the same key", () => {
      const loads = (table: Int32Array, weights: readonly number[]) =>
        Array.from({length: 4}, (_, e) =>
          table.reduce((sum, expert, id) => sum + (expert === e ? (weights[id] as number) : 0), 0)
        );
      // 100 to the first, 40 and 35 to the others, 30 to the one of 35, 20 and 10 to the one of 40.
      const counts = [100, 40, 35, 30, 20, 10];
      expect(Array.from(hashTable(3, {kind: "balanced", counts}))).toEqual([0, 1, 2, 2, 1, 1]);
      const places = Array.from({length: 12}, (_, id) => [10 * Math.floor(id / 3), (id % 3) / 10]);
      const clustered = hashTable(4, {kind: "clustered", embeddings: places, key: key(2)});
      const apart = hashTable(4, {kind: "dispersed", embeddings: places, key: key(2)});
      expect(loads(clustered, new Array(12).fill(1))).toEqual([3, 3, 3, 3]);
      expect(loads(apart, new Array(12).fill(1))).toEqual([3, 3, 3, 3]);
      for (let cluster = 0; cluster < 4; ++cluster) {
        const own = (table: Int32Array) => new Set(table.slice(3 * cluster, 3 * cluster + 3)).size;
        expect(own(apart)).toBe(3);
      }
      expect(
        [0, 1, 2, 3].filter((c) => new Set(clustered.slice(3 * c, 3 * c + 3)).size === 1).length
      ).toBeGreaterThanOrEqual(2);
      const random = (seed: number) =>
        Array.from(hashTable(4, {kind: "random", vocabulary: 50, key: key(seed)}));
      expect(random(1)).toEqual(random(1));
      expect(random(1)).not.toEqual(random(2));
      expect(new Set(random(1))).toEqual(new Set([0, 1, 2, 3]));
    });

    test(
      "a nested expert reads and writes its share alone",
      withoutLeak(async () => {
        const expert = nestedExpert({hidden: 8, shares: [1, 0.5, 0.5, 0.5]});
        const params = expert.init(key(2), SHAPE);
        const to = (e: number, weight: number) => ({
          kind: "choices" as const,
          experts: EXPERTS,
          indices: tf.fill([TOKENS, 1], e, "int32"),
          weights: tf.fill([TOKENS, 1], weight)
        });
        const half = await rows(dispatch(expert, params, tokens(), to(1, 1)));
        for (const row of half) expect(row.slice(FEATURES / 2).every((value) => value === 0)).toBe(true);
        const behind = tf.concat([tf.zeros([TOKENS, FEATURES / 2]), tf.ones([TOKENS, FEATURES / 2])], 1);
        const changed = dispatch(expert, params, tf.add(tokens(), behind), to(1, 1));
        await expectClose(changed, half.flat());
        const whole = dispatch(expert, params, tokens(), to(0, 1));
        const {in: first, out} = params;
        const inner = tf.relu(
          tf.add(tf.matMul(tokens() as never, first.kernel as never), first.bias as Tensor)
        );
        const wanted = tf.add(tf.matMul(inner as never, out.kernel as never), out.bias as Tensor);
        await expectClose(whole, Array.from(await wanted.data()));
      })
    );

    test(
      "LoRA experts are the shared network at first, and add their product of low rank later",
      withoutLeak(async () => {
        const layer = moe({
          experts: EXPERTS,
          router: topKRouter({k: 2}),
          expert: loraExpert({hidden: 5, rank: 2, scale: 0.5})
        });
        const params = layer.init(key(2), [FEATURES]);
        const {base} = params.experts as {base: {in: {kernel: Tensor}; out: {kernel: Tensor}}};
        const network = (first: Tensor) =>
          tf.matMul(
            tf.relu(tf.matMul(tokens() as never, first as never)),
            base.out.kernel as never
          ) as Tensor;
        await expectClose(layer.apply(params, tokens()), Array.from(await network(base.in.kernel).data()));
        const own = params.experts as {in: {down: Tensor; up: Tensor}};
        const down = tf.tile(tf.slice(own.in.down, 0, 1), [EXPERTS, 1, 1]);
        const up = tf.ones(own.in.up.shape);
        const moved = {...params, experts: {...(params.experts as object), in: {down, up}}} as typeof params;
        const added = tf.matMul(
          tf.reshape(tf.slice(down, 0, 1), [FEATURES, 2]) as never,
          tf.ones([2, 5])
        ) as Tensor;
        const wanted = network(tf.add(base.in.kernel, tf.mul(added, 0.5)));
        await expectClose(layer.apply(moved, tokens()), Array.from(await wanted.data()));
      })
    );

    test(
      "capacities of each example, and the operations that are told",
      withoutLeak(async () => {
        const options = {experts: EXPERTS, router: topKRouter({k: 1}), expert: mlpExpert({hidden: 5})};
        const capacity = {tokens: 1};
        const x = tf.reshape(tokens(), [3, 4, FEATURES]);
        const each = moe({...options, capacity, groups: "example"});
        const params = each.init(key(2), [4, FEATURES]);
        const indices = (await choices(each.routing(params, x)).indices.data()) as Int32Array;
        for (let example = 0; example < 3; ++example) {
          const kept = Array.from(indices.slice(4 * example, 4 * example + 4)).filter((e) => e >= 0);
          expect(new Set(kept).size).toBe(kept.length);
          expect(kept.length).toBeGreaterThan(0);
        }
        expect(each.flops?.([4, FEATURES])).toBe(4 * (2 * FEATURES * EXPERTS + 4 * 5 * FEATURES));
        expect(each.outputShape?.([4, FEATURES])).toEqual([4, FEATURES]);
      })
    );
  });
}
