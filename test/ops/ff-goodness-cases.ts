import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {FitRow} from "../../src/ops/core/fit-options.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import type {NegativesContext} from "../../src/ops/forward-forward/negatives.ts";
import {symbaLoss} from "../../src/ops/forward-forward/rules/symba.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {learnOnce, turned} from "./ff-rule-support.ts";
import {expectClose, type Fixture, fixture, kernel, numbers, tensor, use, withoutLeak} from "./support.ts";

const {tf, adam, addDecayedWeights, chain, dense, freeze, layerwise, sgd, tree} = ops;
const {forwardForward, labelInPixels, localNetwork, straightThroughRelu} = ops.forwardForward;

/** The blocks of a fixture: params {block1: {layer}, ...}. */
function blocksOf({inputs}: Fixture, count: number): Record<string, Params> {
  return Object.fromEntries(
    Array.from({length: count}, (_, i) => [
      `block${i + 1}`,
      {layer: {kernel: kernel(inputs[`w${i}`]), bias: tensor(inputs[`b${i}`])}}
    ])
  );
}

const oneHot = (labels: Tensor, classes: number) =>
  tf.cast(tf.oneHot(tf.cast(labels, "int32") as never, classes), "float32");

/** Positives by their labels, and the negatives of the fixture as they are. */
const storedNegatives = (negative: () => Tensor) => ({
  name: "stored",
  byLabel: true,
  make: ({x, y, labels, classes}: NegativesContext) => ({
    positive: labels.embed(x, oneHot(y, classes)),
    negative: negative()
  })
});

/** A fixture's batch: fit turns its rows around, which no sum over it minds. */
const batchOf = (inputs: number[], labels: number[]) => ({
  name: "fixture",
  inputs: Float32Array.from(inputs),
  inputShape: [inputs.length / labels.length],
  labels: Int32Array.from(labels),
  classes: 10
});

async function loewe(name: string): Promise<void> {
  const at = fixture(`forward-forward/${name}`);
  const {inputs, outputs} = at;
  const settings = at.params as Record<string, number> & {layers: number[]};
  const count = settings.layers.length - 1;
  const peer = settings.peer_normalization as number;
  const rule = forwardForward({
    ...(peer > 0 && {peer: {}}),
    predict: "classifier",
    negatives: storedNegatives(() => tensor(inputs.neg))
  });
  const blocks = settings.layers
    .slice(1)
    .map((units) => dense({units, activation: straightThroughRelu})) as Layer[];
  const model = localNetwork({blocks, rule, classes: 10});
  const params = {...blocksOf(at, count), classifier: {kernel: kernel(inputs.classifier_w)}};
  const x = tensor(inputs.neutral);
  const y = tf.cast(tensor(inputs.labels), "int32");

  const {updates, learned, state} = learnOnce(model, params, x, y);
  await expectClose(learned.loss, outputs.loss, {atol: 1e-4});
  for (let i = 0; i < count; ++i) {
    const {layer} = updates[`block${i + 1}`] as {layer: Record<string, Tensor>};
    await expectClose(layer.kernel as Tensor, turned(outputs[`grad_w${i}`]), {atol: 1e-5});
    await expectClose(layer.bias as Tensor, outputs[`grad_b${i}`], {atol: 1e-5});
    if (peer > 0) await expectClose(state[`block${i + 1}`]?.peerMean as Tensor, outputs[`running_mean_${i}`]);
    else await expectClose(learned.figures?.[i] as Tensor, outputs[`loss_layer_${i}`]);
    const goodness = numbers(outputs[`goodness${i}`]);
    const width = settings.layers[i + 1] as number;
    const half = goodness.length / 2;
    const mean = (part: number[]) => part.reduce((sum, value) => sum + value, 0) / half;
    // The source calls logits what is the goodness less the width, where it is not the goodness itself.
    const figure = learned.figures?.[count + 1 + 2 * i] as Tensor;
    const stored = mean(goodness.slice(0, half));
    const [value = NaN] = await figure.data();
    expect(Math.min(Math.abs(value - stored), Math.abs(value - stored - width))).toBeLessThan(1e-3);
  }
  const classifier = updates.classifier as {kernel: Tensor};
  await expectClose(classifier.kernel, turned(outputs.grad_classifier_w), {atol: 1e-5});
  await expectClose(learned.figures?.[count] as Tensor, outputs.classification_loss);
  tree.dispose([updates, state] as Params);

  const optimizer = layerwise((child) =>
    child === "classifier"
      ? decayed(settings.classifier_weight_decay, settings.classifier_lr)
      : decayed(settings.weight_decay, settings.lr)
  );
  const data = batchOf(numbers(inputs.neutral), numbers(inputs.labels));
  for (const steps of [1, 2]) {
    if (!outputs[`w0_after${steps}`]) continue;
    const training = ops.fit(model, data, {params, optimizer, steps, batchSize: settings.batch});
    for await (const _ of training);
    const after = training.params as unknown as Record<string, {layer: Record<string, Tensor>}>;
    for (let i = 0; i < count; ++i) {
      const {layer} = after[`block${i + 1}`] as {layer: Record<string, Tensor>};
      await expectClose(layer.kernel as Tensor, turned(outputs[`w${i}_after${steps}`]), {atol: 1e-5});
      await expectClose(layer.bias as Tensor, outputs[`b${i}_after${steps}`], {atol: 1e-6});
    }
    const head = after.classifier as unknown as {kernel: Tensor};
    await expectClose(head.kernel, turned(outputs[`classifier_w_after${steps}`]), {atol: 1e-5});
    training.dispose();
  }
}

const decayed = (decay = 0, learningRate = 0) =>
  chain(addDecayedWeights(decay), sgd({learningRate, momentum: 0.9}));

/** Reference numbers of forward-forward. */
export function goodnessCases(backend: BackendName): void {
  describe(`forward-forward on ${backend}`, () => {
    beforeAll(() => use(backend));

    for (const name of ["loewe-ff-step", "loewe-ff-step-nopeer-2layers"])
      test(
        `${name}: gradients, running means and steps of all blocks and of the classifier`,
        withoutLeak(() => loewe(name))
      );

    test(
      "mohammadpz-layer-steps: block after block, and answers by goodness",
      withoutLeak(async () => {
        const at = fixture("forward-forward/mohammadpz-layer-steps");
        const {inputs, outputs} = at;
        const labels = labelInPixels({value: "max"});
        const rule = forwardForward({
          goodness: "mean",
          threshold: 2,
          normalization: "length",
          labels,
          negatives: storedNegatives(() => labels.embed(tensor(inputs.x), oneHot(tensor(inputs.y_neg), 10))),
          predictFrom: 1
        });
        const blocks = [7, 5].map((units) => dense({units, activation: "relu"})) as Layer[];
        const model = localNetwork({blocks, rule, classes: 10});
        const x = tensor(inputs.x);
        await expectClose(labels.embed(x, oneHot(tensor(inputs.y), 10)), outputs.x_pos);
        await expectClose(labels.embed(x, oneHot(tensor(inputs.y_neg), 10)), outputs.x_neg);
        let params: Record<string, Params> = blocksOf(at, 2);
        const before = tf.argMax(model.apply(params as never, x), 1);
        expect(Array.from(await before.data())).toEqual(numbers(outputs.predict_before));
        const data = batchOf(numbers(inputs.x), numbers(inputs.y));
        for (const i of [0, 1]) {
          const {updates} = learnOnce(model, params, x, tf.cast(tensor(inputs.y), "int32"));
          const {layer} = updates[`block${i + 1}`] as {layer: Record<string, Tensor>};
          await expectClose(layer.kernel as Tensor, turned(outputs[`grad_w_l${i}`]), {atol: 1e-6});
          await expectClose(layer.bias as Tensor, outputs[`grad_b_l${i}`], {atol: 1e-6});
          tree.dispose(updates as Params);
          const optimizer = layerwise((child) =>
            child === `block${i + 1}` ? adam({learningRate: 0.03}) : freeze()
          );
          const training = ops.fit(model, data, {
            params: params as never,
            optimizer,
            steps: 3,
            logEvery: 1,
            batchSize: 6
          });
          const rows: FitRow[] = [];
          for await (const row of training) rows.push(row);
          for (const [s, row] of rows.entries())
            expect(row[`loss${i + 1}`]).toBeCloseTo(numbers(outputs[`loss_l${i}_s${s}`])[0] as number, 4);
          params = tree.clone(training.params as Record<string, Params>);
          const trained = params[`block${i + 1}`] as unknown as {layer: Record<string, Tensor>};
          await expectClose(trained.layer.kernel as Tensor, turned(outputs[`w${i}_after`]));
          await expectClose(trained.layer.bias as Tensor, outputs[`b${i}_after`]);
          training.dispose();
        }
        const scores = model.apply(params as never, x);
        await expectClose(scores, outputs.goodness_per_label_after);
        expect(Array.from(await tf.argMax(scores, 1).data())).toEqual(numbers(outputs.predict_after));
      })
    );

    test(
      "symba-loss: the loss of pairs and its slopes",
      withoutLeak(async () => {
        const {inputs, outputs} = fixture("forward-forward/symba-loss");
        const both = tf.concat([tensor(inputs.g_pos), tensor(inputs.g_neg)]);
        for (const alpha of [1, 4]) {
          const {loss, slopes} = symbaLoss(alpha).of(both);
          await expectClose(loss, outputs[`loss_a${alpha}`]);
          const [positive, negative] = tf.split(slopes, 2) as [Tensor, Tensor];
          await expectClose(positive, outputs[`grad_pos_a${alpha}`], {atol: 1e-6});
          await expectClose(negative, outputs[`grad_neg_a${alpha}`], {atol: 1e-6});
        }
      })
    );
  });
}
