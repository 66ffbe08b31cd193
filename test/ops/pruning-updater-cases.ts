import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Optimizer} from "../../src/ops/core/optimizers/optimizer.ts";
import type {TrainState} from "../../src/ops/core/train-step.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import {redistributed} from "../../src/ops/pruning/updaters/snfs.ts";
import type {SparseState} from "../../src/ops/pruning/updaters/sparse-state.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectClose, fixture, numbers, tensor, use, withoutLeak} from "./support.ts";

const {tf} = ops;
const {pruning} = ops;

const values = async (leaf: Tensor | undefined) => Array.from(await (leaf as Tensor).data());
const sum = async (leaf: Tensor | undefined) => (await values(leaf)).reduce((total, each) => total + each, 0);

type Weights = {w: Tensor};

/** A state at some step of an updater, with masks and moments given. */
function stateAt(
  optimizer: Optimizer,
  params: Weights,
  {mask, inner}: {mask: Tensor; inner: object}
): SparseState {
  const fresh = optimizer.init(params) as SparseState;
  return {
    ...fresh,
    maskStep: 10,
    masks: {w: mask},
    explored: {w: mask},
    inner: inner as SparseState["inner"]
  };
}

/** One training state after another, the ones before freed. */
function advance(state: TrainState, grads: Params, optimizer: Optimizer): TrainState {
  const next = ops.applyGradients(state, grads, optimizer);
  ops.disposeState(state, next);
  return next;
}

/** Sparse training: one change of masks against reference numbers, and what must hold after many. */
export function updaterCases(backend: BackendName): void {
  describe(`pruning updaters on ${backend}`, () => {
    beforeAll(() => use(backend));
    const updates = backend === "webgpu" ? 100 : 1000;

    test(
      "RigL changes a mask as jaxpruner",
      withoutLeak(async () => {
        const {params: settings, inputs, outputs} = fixture("pruning/rigl-update-sgd");
        const drop = settings.drop_fraction as number;
        const optimizer = pruning.rigl(ops.sgd({learningRate: 1, momentum: 0.9}), {
          sparsity: 0.6,
          end: 100,
          every: 10,
          drop: () => drop
        });
        const params = {w: tensor(inputs.weight)};
        const inner = {step: 0, velocity: {w: tensor(inputs.momentum)}};
        const state = stateAt(optimizer, params, {mask: tensor(inputs.mask), inner});
        expect(optimizer.isIrregular?.(state)).toBe(true);
        const next = ops.stepOptimizer(optimizer, {w: tensor(inputs.dense_grad)}, state, params);
        const after = next.state as SparseState;
        expect(await values(after.masks.w)).toEqual(numbers(outputs.mask_after));
        await expectClose(next.params.w, outputs.weight_after);
        await expectClose((after.inner as typeof inner).velocity.w, outputs.momentum_after);
        expect(optimizer.isIrregular?.(after)).toBe(false);
      })
    );

    test(
      "SET changes a mask as jaxpruner",
      withoutLeak(async () => {
        const {params: settings, inputs, outputs} = fixture("pruning/set-update-adam");
        const rule = {
          title: "given",
          isUpdate: () => true,
          skipsGradient: true,
          choose: ({weights, masks}: {weights: Record<string, Tensor>; masks: Record<string, Tensor>}) => {
            const seen = {
              weight: weights.w as Tensor,
              mask: masks.w as Tensor,
              scores: tensor(inputs.random_scores)
            };
            return {w: pruning.dropAndGrow(seen, settings.drop_fraction as number)};
          }
        };
        const optimizer = pruning.sparse(ops.adam(), rule);
        const params = {w: tensor(inputs.weight)};
        const inner = {step: 3, mu: {w: tensor(inputs.mu)}, nu: {w: tensor(inputs.nu)}};
        const state = stateAt(optimizer, params, {mask: tensor(inputs.mask), inner});
        const next = ops.stepOptimizer(optimizer, {w: tf.ones(params.w.shape)}, state, params);
        const after = next.state as SparseState;
        expect(await values(after.masks.w)).toEqual(numbers(outputs.mask_after));
        await expectClose(next.params.w, outputs.weight_after);
        await expectClose((after.inner as typeof inner).mu.w, outputs.mu_after);
        await expectClose((after.inner as typeof inner).nu.w, outputs.nu_after);
      })
    );

    test(
      "RigL with the original's count of drops",
      withoutLeak(async () => {
        const {inputs, outputs} = fixture("pruning/rigl-original-update");
        const [weight, mask] = [tensor(inputs.weight), tensor(inputs.mask)];
        const active = await sum(mask);
        const [dropped = 0] = numbers(outputs.n_prune);
        const kept = pruning.dropSmallest(weight, mask, active - dropped);
        const after = pruning.growLargest(kept, tf.abs(tensor(inputs.dense_grad)), active);
        expect(await values(after)).toEqual(numbers(outputs.mask_after));
      })
    );

    test(
      "SNFS redistributes and grows as sparse_learning, and hands out the rest",
      withoutLeak(async () => {
        const {params: settings, inputs, outputs} = fixture("pruning/snfs-momentum-redistribution-growth");
        const of = (kind: string) => ({a: tensor(inputs[`${kind}_a`]), b: tensor(inputs[`${kind}_b`])});
        const seen = {weights: of("weight"), masks: of("mask"), momentum: of("momentum")};
        const rate = settings.prune_rate as number;
        const found = redistributed(seen, rate, {exact: false});
        for (const layer of ["a", "b"]) {
          expect(await values(found.kept[layer])).toEqual(numbers(outputs[`mask_pruned_${layer}`]));
          expect(await values(found.masks[layer])).toEqual(numbers(outputs[`mask_after_${layer}`]));
        }
        expect(await values(found.grown)).toEqual([
          numbers(outputs.regrow_a)[0],
          numbers(outputs.regrow_b)[0]
        ]);
        const exact = redistributed(seen, rate);
        const [before, after] = [seen.masks, exact.masks];
        expect((await sum(after.a)) + (await sum(after.b))).toBe(
          (await sum(before.a)) + (await sum(before.b))
        );
      })
    );

    test(
      "straight-through pruning follows jaxpruner's schedule, and dense weights take the gradient unchanged",
      withoutLeak(async () => {
        const {params: settings, inputs, outputs} = fixture("pruning/ste-magnitude");
        const {start, end, sparsity} = settings as {start: number; end: number; sparsity: number};
        const schedule = pruning.schedules.polynomial({start, end});
        const optimizer = pruning.straightThrough(ops.sgd({learningRate: 0.5}), {sparsity, schedule});
        const dense = {k: tensor(inputs.k)};
        let state: TrainState = ops.initTrainState(dense, optimizer);
        for (let step = 0; step <= 20; ++step) {
          const stored = outputs[`masked_k_step${step}`];
          if (stored) await expectClose((state.params as typeof dense).k, stored);
          state = advance(state, {k: tf.zeros(dense.k.shape)}, optimizer);
        }
        expect(optimizer.isIrregular?.(state.optimizerState)).toBe(false);
        state = advance(state, {k: tf.ones(dense.k.shape)}, optimizer);
        const {latent} = state.optimizerState as SparseState;
        await expectClose(
          latent.k as Tensor,
          numbers(inputs.k).map((k) => k - 0.5)
        );
        ops.disposeState(state);
      })
    );

    test.each(["set", "rigl", "snfs"] as const)(
      "%s keeps its budget through many updates, and grown weights start at zero",
      (name) =>
        withoutLeak(async () => {
          const params = {
            a: {kernel: ops.random.normal(ops.key(1), [12, 9]), bias: tf.zeros([9])},
            b: {kernel: ops.random.normal(ops.key(2), [9, 7])}
          };
          const optimizer = pruning[name](ops.adam({learningRate: 0.05}), {
            sparsity: 0.83,
            end: updates + 10,
            every: 1,
            drop: () => 0.3
          });
          let state: TrainState = ops.initTrainState(params, optimizer);
          const budget = pruning.keptCount(12 * 9 + 9 * 7, 0.83);
          const kernels = () => [
            (state.params as typeof params).a.kernel,
            (state.params as typeof params).b.kernel
          ];
          const masks = () => Object.values((state.optimizerState as SparseState).masks);
          const explored = new Set<number>();
          for (let update = 0; update <= updates; ++update) {
            const key = ops.key(update + 10);
            const isLooked = update < 5 || update % (updates / 10) === 0;
            const before = isLooked ? await Promise.all(masks().map(values)) : [];
            const grads = tf.tidy(() => ({
              a: {kernel: ops.random.normal(key.fold(0), [12, 9]), bias: tf.ones([9])},
              b: {kernel: ops.random.normal(key.fold(1), [9, 7])}
            }));
            state = advance(state, grads, optimizer);
            ops.tree.dispose(grads);
            if (!isLooked) continue;
            let active = 0;
            for (const [i, mask] of masks().entries()) {
              const [now, weights] = [await values(mask), await values(kernels()[i])];
              now.forEach((bit, at) => {
                active += bit;
                if (bit === 1) explored.add(i * 1000 + at);
                else expect(weights[at] === 0).toBe(true);
                if (bit === 1 && before[i]?.[at] === 0 && name !== "snfs")
                  expect(weights[at] === 0).toBe(true);
              });
            }
            expect(active).toBe(budget);
          }
          const statistics = await pruning.layerStatistics(state.optimizerState);
          const row = pruning.statisticsRow(statistics);
          expect(row.sparsity).toBeCloseTo(1 - budget / 171, 10);
          expect((row.itop as number) * 171).toBeGreaterThanOrEqual(explored.size - 1e-9);
          ops.disposeState(state);
        })()
    );

    test(
      "the network starts sparse, and static masks never change",
      withoutLeak(async () => {
        const params = {kernel: ops.random.normal(ops.key(1), [20, 30]), bias: tf.ones([30])};
        const optimizer = ops.chain(
          ops.clipByGlobalNorm(1),
          pruning.staticSparse(ops.adam({learningRate: 0.1}), {sparsity: 0.9})
        );
        let state = ops.initTrainState(params, optimizer) as TrainState<typeof params>;
        const zeros = (await values(state.params.kernel)).map((w) => w === 0);
        expect(zeros.filter(Boolean).length).toBe(540);
        expect(optimizer.isIrregular?.(state.optimizerState)).toBe(false);
        for (let i = 0; i < 3; ++i) {
          const grads = {kernel: ops.random.normal(ops.key(i), [20, 30]), bias: tf.ones([30])};
          state = advance(state, grads, optimizer) as typeof state;
        }
        expect((await values(state.params.kernel)).map((w) => w === 0)).toEqual(zeros);
        const permanent = ops.pruning.makePermanent(state);
        const plain = ops.chain(ops.clipByGlobalNorm(1), ops.adam()).init(params);
        expect(ops.tree.entries(permanent.optimizerState as Params).map(({path}) => path)).toEqual(
          ops.tree.entries(plain as Params).map(({path}) => path)
        );
        expect(await values(permanent.params.kernel)).toEqual(await values(state.params.kernel));
        ops.disposeState(state);
        ops.disposeState(permanent);
        ops.tree.dispose(plain);
      })
    );

    test(
      "gradual pruning reaches its sparsity, globally and by layer, and is an update as it is a step",
      withoutLeak(async () => {
        const params = {
          a: ops.random.normal(ops.key(1), [10, 10]),
          b: ops.random.normal(ops.key(2), [10, 5])
        };
        const schedule = pruning.schedules.polynomial({start: 0, end: 6, every: 2});
        for (const distribution of [undefined, pruning.distributions.erdosRenyi()]) {
          const optimizer = pruning.gradual(ops.sgd({learningRate: 0.1, momentum: 0.5}), {
            sparsity: 0.8,
            schedule,
            ...(distribution && {distribution})
          });
          let stepped: {params: Params; state: object} = {params, state: optimizer.init(params) as object};
          let updated = stepped;
          for (let step = 0; step < 8; ++step) {
            const grads = {
              a: ops.random.normal(ops.key(step), [10, 10]),
              b: ops.random.normal(ops.key(step + 50), [10, 5])
            };
            stepped = ops.stepOptimizer(
              optimizer,
              grads,
              stepped.state as SparseState,
              stepped.params
            ) as typeof stepped;
            const {updates: difference, state} = optimizer.update(
              grads,
              updated.state as SparseState,
              updated.params
            );
            updated = {params: ops.applyUpdates(updated.params, difference), state: state as object};
          }
          expect(await pruning.sparsityOf(stepped.params)).toBeCloseTo(0.8, 10);
          await expectClose(
            (updated.params as typeof params).a,
            await values((stepped.params as typeof params).a)
          );
        }
      })
    );

    test(
      "AC/DC takes turns and ends sparse",
      withoutLeak(async () => {
        const params = {w: ops.random.normal(ops.key(1), [10, 10])};
        const optimizer = pruning.acdc(ops.sgd({learningRate: 0.01}), {
          sparsity: 0.75,
          phase: 2,
          warmup: 3,
          end: 8
        });
        let state: TrainState = ops.initTrainState(params, optimizer);
        const seen: number[] = [];
        for (let step = 0; step < 10; ++step) {
          const grads = {w: ops.random.normal(ops.key(step), [10, 10])};
          state = advance(state, grads, optimizer);
          seen.push(await pruning.sparsityOf(state.params));
        }
        expect(seen).toEqual([0, 0, 0, 0.75, 0.75, 0, 0, 0.75, 0.75, 0.75]);
        ops.disposeState(state);
      })
    );

    test(
      "a supermask trains scores and leaves weights as they were",
      withoutLeak(async () => {
        const params = {kernel: ops.random.normal(ops.key(1), [8, 6]), bias: tf.ones([6])};
        const optimizer = pruning.supermask(ops.sgd({learningRate: 10}), {sparsity: 0.5});
        let state = ops.initTrainState(params, optimizer) as TrainState<typeof params>;
        const [weights, first] = [await values(params.kernel), await values(state.params.kernel)];
        const {latent} = state.optimizerState as SparseState;
        const scores = await values(latent["score kernel"]);
        state = advance(state, {kernel: tf.ones([8, 6]), bias: tf.ones([6])}, optimizer) as typeof state;
        const now = await values(state.params.kernel);
        expect(now.filter((w) => w !== 0).length).toBe(24);
        for (const [i, w] of now.entries()) expect([0, weights[i]]).toContain(w);
        expect(now).not.toEqual(first);
        await expectClose(state.params.bias, [1, 1, 1, 1, 1, 1]);
        // score - 10 weight sign(score)
        const moved = (state.optimizerState as SparseState).latent["score kernel"] as Tensor;
        await expectClose(
          moved,
          scores.map((s, i) => s - 10 * (weights[i] as number) * Math.sign(s))
        );
        ops.disposeState(state);
      })
    );

    test("statistics count dead units and the overlap with earlier masks", async () => {
      const before = {w: tf.tensor2d([1, 1, 0, 0, 1, 0], [2, 3])};
      const now = {w: tf.tensor2d([1, 0, 0, 1, 0, 0], [2, 3])};
      const [found] = await pruning.layerStatistics(now, {before});
      expect(found).toEqual({
        path: "w",
        size: 6,
        active: 2,
        sparsity: 1 - 2 / 6,
        deadUnits: 2,
        overlap: 0.25
      });
      ops.tree.dispose([before, now]);
    });

    test("wrong calls say what to pass", () => {
      const params = {w: tf.ones([4, 4])};
      const {rigl, snfs, set, gradual, sparse, schedules} = pruning;
      expect(() => rigl(ops.adam(), {sparsity: 1, end: 10})).toThrow(/sparsity/);
      expect(() => set(ops.adam(), {sparsity: 0.5, end: 0})).toThrow(/end/);
      expect(() => gradual(ops.adam(), {sparsity: NaN, schedule: schedules.oneShot()})).toThrow(/sparsity/);
      const momentless = snfs(ops.sgd({learningRate: 1}), {sparsity: 0.5, end: 10, every: 1});
      const state = {...(momentless.init(params) as SparseState), maskStep: 1};
      expect(() => momentless.update(params, state, params)).toThrow(/use adam\(\) or sgd/);
      const wrong = sparse(ops.adam(), {title: "wrong", isUpdate: () => true, choose: () => ({})});
      expect(() => wrong.update(params, wrong.init(params), params)).toThrow(/wrong: the mask of w/);
      const named = {v: tf.ones([4, 4])} as never;
      expect(() => rigl(ops.adam(), {sparsity: 0.5, end: 9, masks: named}).init(params)).toThrow(
        /no prunable parameter "v"/
      );
      expect(() => pruning.masksOf({}, params)).toThrow(/found no masks/);
    });
  });
}
