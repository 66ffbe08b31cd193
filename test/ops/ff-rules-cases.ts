import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Layer, Learning, ModelState} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import type {LocalParams} from "../../src/ops/forward-forward/local-network.ts";
import type {LocalRule} from "../../src/ops/forward-forward/local-rule.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {learnOnce} from "./ff-rule-support.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf, adam, conv2d, dense, evaluate, initState, key, random, sequential, tree} = ops;
const {
  cascadedForward,
  fitInTurn,
  forwardForward,
  hardNegatives,
  labelAsInput,
  layerCollaboration,
  lls,
  localNetwork,
  momentumAuxiliary,
  scalableForwardForward,
  straightThroughRelu,
  symba
} = ops.forwardForward;

const relu = (units: number) => dense({units, activation: "relu"}) as Layer;
const network = (rule: LocalRule, blocks: readonly Layer[], classes = 3) =>
  localNetwork({blocks, rule, classes});
const labelsOf = (values: number[]) => tf.tensor1d(values, "int32");

/** The gradient of a rule's first block along a drawn direction, and the difference of its loss there. */
async function slopes(model: Layer<LocalParams>, params: LocalParams, x: Tensor, y: Tensor) {
  const block = params.block1 as Params;
  const direction = tree.map((leaf: Tensor) => random.normal(key(leaf.size), leaf.shape), block) as Params;
  const lossAt = async (step: number) => {
    const moved = tree.map(
      (leaf: Tensor, _path, along) => tf.add(leaf, tf.mul(along as Tensor, step)),
      block,
      direction
    );
    const {learned, updates, state} = learnOnce(model, {...params, block1: moved as Params}, x, y);
    tree.dispose([updates, state] as unknown as Params);
    const [loss] = learned.figures ?? [];
    return (await (loss as Tensor).data())[0] as number;
  };
  const step = 0.01;
  const difference = ((await lossAt(step)) - (await lossAt(-step))) / (2 * step);
  const {updates, state} = learnOnce(model, params, x, y);
  const products = tree.map(
    (grad: Tensor, _path, along) => tf.sum(tf.mul(grad, along as Tensor)),
    updates.block1 as Params,
    direction
  );
  const slope = (await tf.addN(tree.leaves<Tensor>(products)).data())[0] as number;
  tree.dispose([updates, state] as unknown as Params);
  return {difference, slope};
}

async function same(a: Params | undefined, b: Params | undefined, tolerance = 0): Promise<void> {
  const [left, right] = [tree.leaves<Tensor>(a as Params), tree.leaves<Tensor>(b as Params)];
  expect(left.length).toBe(right.length);
  for (const [i, tensor] of left.entries())
    await expectClose(tensor, Array.from(await (right[i] as Tensor).data()), {
      rtol: tolerance,
      atol: tolerance
    });
}

const rules: Record<string, () => LocalRule> = {
  forwardForward: () => forwardForward({labels: labelAsInput(), threshold: 2}),
  forwardForwardMean: () =>
    forwardForward({labels: labelAsInput(), goodness: "mean", normalization: "length"}),
  symba: () => symba({labels: labelAsInput(), alpha: 0.7}),
  scalable: () => scalableForwardForward({margin: 0.4, channelsPerClass: 2}),
  cascadedLocal: () => cascadedForward({blocks: "local", loss: "squaredError"}),
  llsPublished: () => lls({waves: "published"}),
  llsMixing: () => lls({learned: "mixing", temperature: 0.5}),
  llsGain: () => lls({learned: "gain", temperature: 0.5})
};

/** Those whose blocks look at what is behind them, without a gradient that crosses. */
const looking: Record<string, () => LocalRule> = {
  momentumAuxiliary: () => momentumAuxiliary({momentum: 0.9}),
  momentumAuxiliaryPlain: () => momentumAuxiliary({useBias: false}),
  momentumAuxiliaryLayer: () => momentumAuxiliary({useBias: "layer"})
};

/** Rules of blocks: their gradients, what they leave alone, and that they learn. */
export function ruleCases(backend: BackendName): void {
  describe(`rules of blocks on ${backend}`, () => {
    beforeAll(() => use(backend));

    for (const [name, make] of Object.entries({...rules, ...looking}))
      test(
        `${name}: a block's update is the gradient of its own loss, of images too`,
        withoutLeak(async () => {
          const y = labelsOf([0, 2, 1, 2]);
          const smooth = dense({units: 9, activation: "tanh"}) as Layer;
          const rows = network(make(), [smooth, dense({units: 8, activation: "tanh"}) as Layer]);
          const x = random.normal(key(1), [4, 5]);
          const flat = await slopes(rows, rows.init(key(2), [5]), x, y);
          expect(Math.abs(flat.slope)).toBeGreaterThan(1e-3);
          expect(Math.abs(flat.slope - flat.difference)).toBeLessThan(0.02 * Math.abs(flat.slope) + 2e-3);
          const image = conv2d({filters: 4, kernelSize: 3, activation: "tanh"}) as Layer;
          const images = network(make(), [image]);
          const pixels = random.normal(key(3), [4, 4, 4, 1]);
          const seen = await slopes(images, images.init(key(4), [4, 4, 1]), pixels, y);
          expect(Math.abs(seen.slope - seen.difference)).toBeLessThan(0.02 * Math.abs(seen.slope) + 3e-3);
        })
      );

    test(
      "a dense layer's own gradient of the goodness is that of differentiation, with peers and without a bias",
      withoutLeak(async () => {
        const x = random.normal(key(1), [6, 5]);
        const y = labelsOf([0, 1, 2, 2, 1, 0]);
        for (const activation of ["relu", straightThroughRelu] as const)
          for (const useBias of [true, false])
            for (const peer of [undefined, {weight: 5, momentum: 0.3}]) {
              const rule = () => forwardForward({labels: labelAsInput(), ...(peer && {peer})});
              const layer = dense({units: 7, activation, useBias}) as Layer;
              // Two of them: the second sees what the first hands on.
              const direct = network(rule(), [layer, layer]);
              const taped = network(rule(), [sequential([layer]) as Layer, sequential([layer]) as Layer]);
              const params = direct.init(key(5), [5]) as Record<string, {layer: Params}>;
              const nested = tree.map((leaf: Tensor) => leaf, params as Params) as typeof params;
              for (const block of Object.values(nested)) block.layer = {dense1: block.layer};
              const one = learnOnce(direct, params as Params, x, y);
              const other = learnOnce(taped, nested as Params, x, y);
              for (const name of ["block1", "block2"]) {
                const inner = (other.updates[name] as {layer: {dense1: Params}}).layer.dense1;
                await same((one.updates[name] as {layer: Params}).layer, inner, 1e-5);
                if (peer) await same(one.state[name], other.state[name], 1e-6);
              }
              await same([one.learned.loss] as never, [other.learned.loss] as never, 1e-5);
              for (const made of [one, other]) tree.dispose([made.updates, made.state] as unknown as Params);
            }
      })
    );

    test(
      "nothing comes back from a later block, but for what layers that collaborate ask of each other",
      withoutLeak(async () => {
        const x = random.normal(key(1), [5, 6]);
        const y = labelsOf([0, 1, 2, 2, 1]);
        const updatesWith = (rule: LocalRule, scale: number) => {
          const model = network(rule, [relu(8), relu(9)]);
          const params = model.init(key(2), [6]);
          const block2 = tree.map((leaf: Tensor) => tf.mul(leaf, scale), params.block2 as Params);
          const {updates, state} = learnOnce(model, {...params, block2} as Params, x, y);
          const first = tree.map((leaf: Tensor) => tf.clone(leaf), updates.block1 as Params);
          tree.dispose([updates, state] as unknown as Params);
          return first;
        };
        const made = {
          ...rules,
          random: () => cascadedForward(),
          feedback: () => cascadedForward({blocks: "feedback"}),
          alone: () => layerCollaboration({labels: labelAsInput(), others: 0})
        };
        for (const make of Object.values(made)) await same(updatesWith(make(), 1), updatesWith(make(), 3));
        const together = () => layerCollaboration({labels: labelAsInput()});
        const far = tf.max(
          tf.abs(
            tf.sub(
              (updatesWith(together(), 1) as {layer: {kernel: Tensor}}).layer.kernel,
              (updatesWith(together(), 3) as {layer: {kernel: Tensor}}).layer.kernel
            )
          )
        );
        expect((await far.data())[0]).toBeGreaterThan(1e-4);
        // Without the others it is forward-forward, and random blocks stay.
        await same(
          updatesWith(made.alone(), 1),
          updatesWith(forwardForward({labels: labelAsInput()}), 1),
          1e-6
        );
        const {layer} = updatesWith(made.random(), 1) as {layer: {kernel: Tensor}};
        expect((await tf.sum(tf.abs(layer.kernel)).data())[0]).toBe(0);
      })
    );

    test(
      "the copy of the next block is the running mean of its parameters, and the whole of them after one step",
      withoutLeak(async () => {
        const model = network(momentumAuxiliary({momentum: 0.75}), [relu(4), relu(3), relu(2)]);
        const x = random.normal(key(1), [4, 5]);
        const y = labelsOf([0, 1, 2, 2]);
        const params = model.init(key(2), [5]);
        const times = (by: number) => ({
          ...params,
          block2: tree.map((leaf: Tensor) => tf.mul(leaf, by), params.block2 as Params)
        });
        const one = learnOnce(model, times(1) as LocalParams, x, y);
        const two = learnOnce(model, times(3) as LocalParams, x, y, {from: one.state});
        const meanOf = (state: Record<string, Record<string, Tensor>>) =>
          (state.block1 as unknown as {mean: {kernel: Tensor}}).mean.kernel;
        const own = Array.from(await (params.block2 as {layer: {kernel: Tensor}}).layer.kernel.data());
        await expectClose(
          meanOf(one.state),
          own.map((value) => 0.25 * value)
        );
        await expectClose(
          meanOf(two.state),
          own.map((value) => (0.25 * 0.75 + 0.25 * 3) * value)
        );
        await expectClose(two.state.block1?.share as Tensor, [0.25 * 0.75 + 0.25]);
        expect(() => learnOnce(model, params, x, y, {from: {}})).toThrow(/initState\(model, inputShape\)/);
        for (const made of [one, two]) tree.dispose([made.updates, made.state] as unknown as Params);
      })
    );

    test(
      "the copy of a block with a norm keeps no state, and moves none",
      withoutLeak(async () => {
        const model = network(momentumAuxiliary(), [
          relu(4),
          sequential([ops.batchNorm() as Layer, relu(3)]) as Layer
        ]);
        const params = model.init(key(2), [5]);
        const begun = initState(model as Layer, [5], key(3)) as Record<string, Record<string, Tensor>>;
        const {updates, state} = learnOnce(
          model,
          params,
          random.normal(key(1), [4, 5]),
          labelsOf([0, 1, 2, 2])
        );
        expect(Object.keys(state).sort()).toEqual(Object.keys(begun).sort());
        tree.dispose([updates, state, begun] as unknown as Params);
      })
    );

    test(
      "layers that collaborate judge by the goodness of all of them",
      withoutLeak(async () => {
        const x = random.normal(key(1), [3, 4]);
        const y = labelsOf([0, 1, 1]);
        const fixed = {
          name: "fixed",
          byLabel: true,
          make: () => ({positive: tf.mul(x, 1), negative: tf.neg(x)})
        };
        const settings = [
          {threshold: "width", whose: "all"},
          {threshold: 3, whose: "all"},
          {threshold: "width", whose: "before"}
        ] as const;
        for (const {threshold, whose} of settings) {
          const shared = {negatives: fixed, normalization: "none", others: 0.5} as const;
          const rule = layerCollaboration({...shared, threshold, whose});
          const model = network(rule, [relu(3), relu(2)], 2);
          const params = model.init(key(2), [4]);
          const {learned, updates, state} = learnOnce(model, params, x, y);
          tree.dispose([updates, state] as unknown as Params);
          const [w1, w2] = ["block1", "block2"].map(
            (name) => (params[name] as {layer: {kernel: Tensor}}).layer.kernel.arraySync() as number[][]
          ) as [number[][], number[][]];
          const through = (row: number[], w: number[][]) =>
            (w[0] as number[]).map((_, j) =>
              Math.max(
                0,
                row.reduce((sum, value, i) => sum + value * (w[i]?.[j] as number), 0)
              )
            );
          const squares = (row: number[]) => row.reduce((sum, value) => sum + value * value, 0);
          const rows = x.arraySync() as number[][];
          const logits = [...rows, ...rows.map((row) => row.map((value) => -value))].map((row) => {
            const first = through(row, w1);
            const [one, two] = [squares(first), squares(through(first, w2))];
            if (threshold !== "width") return [one + 0.5 * two - threshold, two + 0.5 * one - threshold];
            return [one - 3 + (whose === "all" ? 0.5 * (two - 2) : 0), two - 2 + 0.5 * (one - 3)];
          });
          for (const block of [0, 1]) {
            const losses = logits.map((row, i) =>
              Math.log1p(Math.exp((i < 3 ? -1 : 1) * (row[block] as number)))
            );
            const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
            await expectClose(learned.figures?.[block] as Tensor, [mean]);
          }
        }
      })
    );
  });
}

const trained = {
  ...rules,
  ...looking,
  classifier: () => forwardForward({labels: labelAsInput(), predict: "classifier", peer: {}}),
  collaboration: () => layerCollaboration({labels: labelAsInput()}),
  cascaded: () => cascadedForward(),
  feedback: () => cascadedForward({blocks: "feedback"}),
  lls: () => lls()
};

/** That networks come to know the classes: once, since their parts are compared backend by backend. */
export function trainingCases(backend: BackendName): void {
  describe(`training by rules of blocks on ${backend}`, () => {
    beforeAll(() => use(backend));

    const data = ops.datasets.gaussians({n: 96, classes: 3, seed: 5});
    const blocks = [relu(24), relu(24)];
    const options = {
      batchSize: 48,
      steps: 40,
      logEvery: 40,
      key: key(4),
      optimizer: adam({learningRate: 0.02})
    };

    /** What a rule makes small, on all rows and by the same negatives. */
    const lossOf = async (model: Layer<LocalParams>, params: LocalParams, state: ModelState) => {
      const x = tf.tensor(data.inputs as Float32Array, [96, 2]);
      const y = tf.tensor(data.labels as Int32Array, [96], "int32");
      const context = {training: true, key: key(9), state, setState() {}, update() {}};
      const {loss} = (model.learning as Learning<LocalParams>).learn(params, x, y, context);
      return (await loss.data())[0] as number;
    };

    for (const [name, make] of Object.entries(trained))
      test(
        `${name} learns: it answers rightly, and what it makes small is smaller`,
        withoutLeak(async () => {
          const model = network(make(), blocks);
          const params = model.init(key(8), [2]);
          const before = await lossOf(model, params, initState(model as Layer, [2], key(3)));
          const training = ops.fit(model, data, {...options, params});
          for await (const _ of training);
          const {accuracy} = await evaluate(model, training.params, data);
          expect(accuracy).toBeGreaterThan(0.6);
          const after = await lossOf(model, training.params, training.state.modelState);
          expect(after).toBeLessThan(0.97 * before);
          training.dispose();
        })
      );

    test(
      "the same key gives the same bits, whatever is drawn",
      withoutLeak(async () => {
        const rule = forwardForward({
          labels: labelAsInput(),
          negatives: hardNegatives(),
          predict: "classifier",
          peer: {}
        });
        const train = async () => {
          const training = ops.fit(network(rule, blocks), data, {...options, steps: 5});
          for await (const _ of training);
          return training;
        };
        const [one, other] = [await train(), await train()];
        await same(one.params as Params, other.params as Params);
        for (const training of [one, other]) training.dispose();
      })
    );

    test(
      "blocks learn in turn: one to its end, then the next on what it gives",
      withoutLeak(async () => {
        const inTurn = fitInTurn({blocks, rule: trained.classifier(), classes: 3}, data, options);
        const turns: number[] = [];
        for await (const {block} of inTurn) turns.push(block);
        expect(turns).toEqual([1, 1, 2, 2]);
        const evaluation = await evaluate(inTurn.model, inTurn.params, data);
        expect(evaluation.accuracy).toBeGreaterThan(0.6);
        expect(Object.keys(inTurn.modelState).sort()).toEqual(["block1", "block2"]);
        // The first block is as it was when its turn ended.
        const first = fitInTurn(
          {blocks: blocks.slice(0, 1), rule: trained.classifier(), classes: 3},
          data,
          options
        );
        for await (const _ of first);
        await same(first.params.block1 as Params, inTurn.params.block1 as Params);
        for (const training of [first, inTurn]) training.dispose();
        expect(() => inTurn.params).toThrow(/No block has learned/);
      })
    );

    test(
      "blocks learn in turn by rules that ask for later blocks, where they can",
      withoutLeak(async () => {
        const turned = (rule: LocalRule) =>
          fitInTurn({blocks, rule, classes: 3}, data, {...options, steps: 8});
        for (const predict of ["goodness", "classifier"] as const) {
          const training = turned(forwardForward({labels: labelAsInput(), predict, predictFrom: 2}));
          for await (const _ of training);
          // The whole network answers by its second block alone.
          const {classifier} = training.params as {classifier?: {kernel: Tensor}};
          expect(classifier?.kernel.shape).toEqual(predict === "classifier" ? [24, 3] : undefined);
          training.dispose();
        }
        expect(() => turned(forwardForward({labels: labelAsInput(), predictFrom: 3}))).toThrow(
          /predictFrom is 3, and the network has 2 blocks: pass a block from 1 to 2/
        );
        expect(() => turned(momentumAuxiliary())).toThrow(/train all blocks together with fit/);
      })
    );

    test(
      "every block draws by a key of its own in every step, in turn as together, and states go on from turn to turn",
      withoutLeak(async () => {
        const seen: number[] = [];
        const watching: Layer = {
          name: "watching",
          init: () => ({}),
          apply(_params, x, context) {
            if (context?.training) seen.push(context.key?.uniform(1)[0] as number);
            return x;
          }
        };
        const first = sequential([ops.batchNorm() as Layer, watching, relu(5)]) as Layer;
        const watched = [first, sequential([relu(4), watching]) as Layer];
        const whole = {batchSize: 96, steps: 3, plan: false, key: key(4)};
        const together = ops.fit(network(lls({waves: "published"}), watched), data, whole);
        for await (const _ of together);
        expect(seen.length).toBe(6);
        expect(new Set(seen).size).toBe(6);
        const inTurn = fitInTurn({blocks: watched, rule: lls({waves: "published"}), classes: 3}, data, whole);
        for await (const _ of inTurn);
        // Three steps of the first block, then three of both.
        expect(seen.length).toBe(15);
        expect(new Set(seen.slice(6)).size).toBe(9);
        // All rows are one batch, so that a running mean m says how often it was moved: 1 - m / mean is the share that stays, as often.
        const meanOf = (state: ModelState) =>
          (state["block1/layer/batchNorm1"] as {mean: Tensor}).mean.dataSync()[0] as number;
        const own = data.inputs.filter((_, i) => i % 2 === 0).reduce((sum, value) => sum + value / 96, 0);
        const left = (state: ModelState) => 1 - meanOf(state) / own;
        expect(left(inTurn.modelState)).toBeCloseTo(left(together.state.modelState) ** 2, 4);
        expect(left(inTurn.modelState)).toBeLessThan(0.9);
        for (const training of [together, inTurn]) training.dispose();
      })
    );
  });
}
