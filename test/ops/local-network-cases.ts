import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {FitRow} from "../../src/ops/core/fit-options.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import type {BlockParams} from "../../src/ops/forward-forward/local-rule.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {
  expectClose,
  type Fixture,
  fixture,
  kernel,
  numbers,
  type Stored,
  tensor,
  use,
  withoutLeak
} from "./support.ts";

const {
  tf,
  tree,
  adam,
  chain,
  clipByGlobalNorm,
  dense,
  evaluate,
  freeze,
  initTrainState,
  key,
  layerwise,
  sgd
} = ops;
const {localNetwork, monoForward} = ops.forwardForward;

const relu = (units: number) => dense({units, activation: "relu"});
const mono = (widths: readonly number[], predict: "sum" | "last" = "sum") =>
  localNetwork({blocks: widths.map(relu), rule: monoForward({predict}), classes: 4});

/** What a step of a network asks its optimizer to do, by block. */
function updatesOf(model: ReturnType<typeof mono>, params: Params, x: Tensor, y: Tensor) {
  const updates: Record<string, Params> = {};
  const learned = model.learning?.learn(params as never, x, y, {
    training: true,
    key: key(3),
    update: (name, grads) => {
      updates[name] = tree.map((grad: Tensor) => tf.keep(tf.clone(grad)), grads);
    }
  });
  return {updates, learned};
}

const blockOf = ({inputs}: Fixture, i: number, after = ""): BlockParams => ({
  layer: {kernel: kernel(inputs[`w${i}${after}`]), bias: tensor(inputs[`b${i}${after}`])},
  rule: {projection: kernel(inputs[`m${i}${after}`])}
});

/** Networks whose blocks learn apart, in one forward pass. */
export function localNetworkCases(backend: BackendName): void {
  describe(`networks of local rules on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "mono-forward-step: two steps of descent, and both ways to answer",
      withoutLeak(async () => {
        const at = fixture("forward-forward/mono-forward-step");
        const {inputs, outputs} = at;
        const model = mono([8, 6]);
        const params = {block1: blockOf(at, 0), block2: blockOf(at, 1)};
        const optimizer = layerwise(sgd({learningRate: 0.1}));
        const data = {
          name: "fixture",
          inputs: Float32Array.from(numbers(inputs.x)),
          inputShape: [7],
          labels: Int32Array.from(numbers(inputs.y)),
          classes: 4
        };
        for (const predict of ["sum", "last"] as const) {
          const scores = mono([8, 6], predict).apply(params, tensor(inputs.x));
          expect(Array.from(await tf.argMax(scores, 1).data())).toEqual(
            numbers(outputs[`predict_${predict}`])
          );
        }
        const first = updatesOf(model, params, tensor(inputs.x), tf.cast(tensor(inputs.y), "int32"));
        for (const i of [0, 1]) {
          const {layer, rule} = first.updates[`block${i + 1}`] as never as Record<
            string,
            Record<string, Tensor>
          >;
          await expectClose(layer?.kernel as Tensor, turned(outputs[`grad_w${i}`]), {atol: 1e-6});
          await expectClose(layer?.bias as Tensor, outputs[`grad_b${i}`], {atol: 1e-6});
          await expectClose(rule?.projection as Tensor, turned(outputs[`grad_m${i}`]), {atol: 1e-6});
        }
        tree.dispose(first.updates);
        const rows: FitRow[] = [];
        const training = ops.fit(model, data, {params, optimizer, batchSize: 6, steps: 2, logEvery: 1});
        for await (const row of training) rows.push(row);
        for (const [s, row] of rows.entries()) {
          const [one, two] = numbers(outputs[`losses_s${s}`]);
          expect(row.loss1).toBeCloseTo(one as number, 4);
          expect(row.loss2).toBeCloseTo(two as number, 4);
          expect(row.loss).toBeCloseTo((one as number) + (two as number), 4);
        }
        const after = training.params as Record<string, BlockParams>;
        for (const i of [0, 1]) {
          const {layer, rule} = after[`block${i + 1}`] as never as Record<string, Record<string, Tensor>>;
          await expectClose(layer?.kernel as Tensor, turned(outputs[`w${i}_after`]), {atol: 1e-6});
          await expectClose(layer?.bias as Tensor, outputs[`b${i}_after`], {atol: 1e-6});
          await expectClose(rule?.projection as Tensor, turned(outputs[`m${i}_after`]), {atol: 1e-6});
        }
        training.dispose();
      })
    );

    test(
      "a step whose answers are wanted goes through dense blocks once, and tells what the network says before it",
      withoutLeak(async () => {
        const {lls, scalableForwardForward} = ops.forwardForward;
        const rules = [
          monoForward(),
          monoForward({predict: "last"}),
          lls({predict: "mean"}),
          scalableForwardForward({predict: "sum"})
        ];
        const x = ops.random.normal(key(1), [5, 7]);
        const y = tf.tensor1d([0, 1, 2, 3, 0], "int32");
        let passes = 0;
        const counted = (layer: Layer): Layer => ({
          ...layer,
          apply: (...given) => {
            passes += 1;
            return layer.apply(...given);
          }
        });
        const dropping = () => ops.sequential([relu(12), ops.dropout(0.5)]) as Layer;
        for (const rule of rules)
          for (const [block, most] of [
            [() => relu(12) as Layer, 2],
            // Answers are those of a network that drops nothing.
            [dropping, 4]
          ] as const) {
            const blocks = [block(), block()].map(counted);
            const model = localNetwork({blocks, rule, classes: 4});
            const params = model.init(key(2), [7]);
            const wanted = Array.from(await model.apply(params, x).data());
            passes = 0;
            const context = {training: true, key: key(3), wantsOutputs: true, update: () => {}};
            const outputs = tf.tidy(() => model.learning?.learn(params, x, y, context).outputs() as Tensor);
            expect(passes).toBe(most);
            await expectClose(outputs, wanted, {rtol: 0, atol: 0});
            tree.dispose(params as Params);
          }
      })
    );

    test(
      "nothing of a later block comes back to an earlier one",
      withoutLeak(async () => {
        const x = ops.random.normal(key(1), [5, 7]);
        const y = tf.tensor1d([0, 1, 2, 3, 0], "int32");
        const params = mono([8, 6, 5]).init(key(2), [7]) as Record<string, BlockParams>;
        const alone = updatesOf(mono([8]), {block1: params.block1} as Params, x, y);
        const {updates} = updatesOf(mono([8, 6, 5]), params, x, y);
        await expectSame(updates.block1 as Params, alone.updates.block1 as Params);
        // Other numbers behind it change nothing before it.
        const other = {
          ...params,
          block3: tree.map((leaf: Tensor) => tf.mul(leaf, 3), params.block3 as Params)
        };
        const changed = updatesOf(mono([8, 6, 5]), other as Params, x, y);
        await expectSame(updates.block2 as Params, changed.updates.block2 as Params);
        expect(await distance(updates.block3 as Params, changed.updates.block3 as Params)).toBeGreaterThan(
          1e-3
        );
        tree.dispose([updates, alone.updates, changed.updates] as Params);
      })
    );

    test(
      "fit trains it, goes on from a file with the same bits, and freezes blocks by name",
      withoutLeak(async () => {
        const data = ops.datasets.gaussians({n: 64, classes: 4, seed: 5});
        const model = mono([8, 6]);
        const options = {batchSize: 32, key: key(4), optimizer: adam({learningRate: 0.02}), logEvery: 1};
        const whole = ops.fit(model, data, {...options, steps: 8});
        const rows: FitRow[] = [];
        for await (const row of whole) rows.push(row);
        if (backend === "webgpu") expect(whole.plan).toMatchObject({status: "recorded"});
        expect((rows.at(-1) as FitRow).loss).toBeLessThan((rows[0] as FitRow).loss);
        expect((await evaluate(model, whole.params, data)).accuracy).toBeGreaterThan(0.25);
        const half = ops.fit(model, data, {...options, steps: 4});
        for await (const _ of half);
        const resumed = ops.fit(model, data, {
          ...options,
          key: undefined,
          steps: 8,
          resume: await half.save()
        });
        for await (const _ of resumed);
        await expectSame(resumed.params, whole.params);
        const frozen = ops.fit(model, data, {
          ...options,
          steps: 3,
          params: half.params,
          optimizer: layerwise((name) => (name === "block1" ? freeze() : adam()))
        });
        for await (const _ of frozen);
        const [now, then] = [frozen.params, half.params] as Record<string, Params>[];
        await expectSame(now?.block1 as Params, then?.block1 as Params);
        expect(await distance(now?.block2 as Params, then?.block2 as Params)).toBeGreaterThan(0);
        for (const training of [whole, half, resumed, frozen]) training.dispose();
      })
    );

    test(
      "an optimizer for each child keeps states and norms apart",
      withoutLeak(async () => {
        const params = {a: {w: tf.tensor1d([3, 4])}, b: {w: tf.tensor1d([0.3, 0.4])}};
        const optimizer = layerwise(chain(clipByGlobalNorm(1), sgd({learningRate: 1})));
        const {params: next} = ops.stepOptimizer(optimizer, params, optimizer.init(params), params);
        await expectClose(next.a.w, [3 - 0.6, 4 - 0.8]);
        await expectClose(next.b.w, [0, 0]);
        const state = initTrainState(params, layerwise(adam()));
        expect(Object.keys(state.optimizerState as object)).toEqual(["a", "b"]);
      })
    );

    test("wrong calls say what to pass instead", () => {
      const rule = monoForward();
      expect(() => localNetwork({blocks: [], rule, classes: 3})).toThrow(/at least one block.*dense\(/);
      expect(() => localNetwork({blocks: [relu(3)], rule, classes: 1})).toThrow(
        /classes must be at least 2, got 1/
      );
      expect(() => localNetwork({blocks: [relu(3)], rule: {} as never, classes: 3})).toThrow(
        /monoForward\(\)/
      );
      expect(() => monoForward({predict: "first" as never})).toThrow(/"sum" or "last", got first/);
      const data = ops.datasets.gaussians({n: 20, classes: 4});
      expect(() => ops.fit(mono([3]), data, {accumulate: 2})).toThrow(/leave out `accumulate`/);
      expect(() => ops.fit(mono([3]), data, {loss: ops.softmaxCrossEntropy})).toThrow(/leave out `loss`/);
    });
  });
}

/** Numbers stored (out, in), as (in, out). */
function turned(stored: Stored | undefined): number[] {
  const [rows = 0, columns = 0] = stored?.shape ?? [];
  const given = numbers(stored);
  return Array.from(
    {length: rows * columns},
    (_, i) => given[(i % rows) * columns + Math.floor(i / rows)] as number
  );
}

async function expectSame(a: Params, b: Params): Promise<void> {
  expect(await distance(a, b)).toBe(0);
}

async function distance(a: Params, b: Params): Promise<number> {
  const far = tf.tidy(() =>
    tf.max(
      tf.stack(
        tree.leaves<Tensor>(tree.map((x: Tensor, _, y) => tf.max(tf.abs(tf.sub(x, y as Tensor))), a, b))
      )
    )
  );
  const [value = NaN] = await far.data();
  far.dispose();
  return value;
}
