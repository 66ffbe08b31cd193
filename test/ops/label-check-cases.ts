import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {FitOptions} from "../../src/ops/core/fit-options.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Dataset} from "../../src/ops/datasets/index.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {use, withoutLeak} from "./support.ts";

const {dense, embedding, evaluate, fitAll, layerNorm, mlp, tf, tree} = ops;
const ff = ops.forwardForward;

const ROWS = 12;

/** Rows of two numbers with these labels, 0 where there are none. */
function rowsWith(labels: Readonly<Record<number, number>>, more: Partial<Dataset> = {}): Dataset {
  return {
    name: "plane",
    inputs: Float32Array.from({length: 2 * ROWS}, (_, i) => Math.sin(i)),
    inputShape: [2],
    labels: Int32Array.from({length: ROWS}, (_, row) => labels[row] ?? 0),
    classes: 3,
    ...more
  };
}

const network = () => mlp([2, 4, 3]) as Layer;
const blocks = () =>
  ff.localNetwork({blocks: [dense({units: 4, activation: "relu"})], rule: ff.monoForward(), classes: 3});
const read = () => embedding({count: 5, features: 5}) as unknown as Layer;

/** What a training says that is asked for its first row. */
async function refusal(model: Layer, data: Dataset, options: FitOptions = {}): Promise<string> {
  const seen: number[] = [];
  const training = ops.fit(model, data, {
    steps: 3,
    batchSize: 4,
    onStep: ({step}) => seen.push(step),
    ...options
  });
  const error = await training.next().then(
    () => new Error("It gave a row."),
    (thrown: Error) => thrown
  );
  expect(error).toBeInstanceOf(ops.ArgumentError);
  expect(seen).toEqual([]);
  return error.message;
}

/** Labels that are none of the model's classes. */
export function labelCheckCases(backend: BackendName): void {
  describe(`labels outside of the classes on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "are refused before the first step, with the label, its row and the classes",
      withoutLeak(async () => {
        expect(await refusal(network(), rowsWith({7: 3, 9: 4}))).toBe(
          "The label of row 7 of plane is 3, but the model has 3 classes, 0 to 2: number classes from 0, or give its last layer 5 units."
        );
        expect(await refusal(network(), rowsWith({2: -1, 7: 3}))).toBe(
          "The label of row 2 of plane is -1, but the model has 3 classes, 0 to 2: number classes from 0, or leave out rows that have none."
        );
        expect(await refusal(mlp([2, 1]) as Layer, rowsWith({4: 1}))).toContain(
          "The label of row 4 of plane is 1, but the model has one class, 0: number"
        );
      })
    );

    test(
      "are refused in the data of evaluations before the first step, in `evaluate` and in every run of `fitAll`",
      withoutLeak(async () => {
        const unseen = rowsWith({11: 6}, {name: "unseen"});
        expect(await refusal(network(), rowsWith({}), {test: unseen})).toContain("row 11 of unseen is 6");
        expect(await refusal(blocks() as unknown as Layer, rowsWith({}), {test: unseen})).toContain(
          "row 11 of unseen is 6, but localNetwork has"
        );
        const params = network().init(ops.key(0), [2]);
        await expect(evaluate(network(), params, unseen)).rejects.toThrow(
          /row 11 of unseen is 6, but the model has 3 classes/
        );
        tree.dispose(params);
        await expect(fitAll(network(), unseen, [{steps: 2}, {steps: 2}]).next()).rejects.toThrow(
          /row 11 of unseen is 6/
        );
      })
    );

    test(
      "are refused in sequences, with the place in the row, and in texts",
      withoutLeak(async () => {
        const inputs = Float32Array.from({length: 4 * 3}, (_, i) => i % 5);
        const labels = Int32Array.from(inputs);
        labels[3 * 2 + 1] = 5;
        const sequences = {name: "words", inputs, inputShape: [3], labels, labelShape: [3], classes: 6};
        expect(await refusal(read(), sequences)).toBe(
          "Label 1 of row 2 of words is 5, but the model has 5 classes, 0 to 4: number classes from 0, or give its last layer 6 units."
        );
        const tokens = Int32Array.from({length: 20}, (_, i) => (i === 19 ? 8 : i % 5));
        const text = {
          ...sequences,
          name: "text",
          inputs: new Float32Array(),
          labels: new Int32Array(),
          tokens
        };
        expect(await refusal(read(), text)).toMatch(/^Token 19 of text is 8, but the model has 5 classes/);
      })
    );

    test(
      "are refused by rules of learning: by their classes, or by those that the data tells",
      withoutLeak(async () => {
        expect(await refusal(blocks() as unknown as Layer, rowsWith({7: 3}, {classes: 4}))).toBe(
          "The label of row 7 of plane is 3, but localNetwork has 3 classes, 0 to 2: number classes from 0, or pass classes: 4."
        );
        const own = {...mlp([2, 3]), name: "own", learning: {learn: () => expect.fail("it began")}} as Layer;
        expect(await refusal(own, rowsWith({7: 3}))).toBe(
          "The label of row 7 of plane is 3, but plane has 3 classes, 0 to 2: number classes from 0, or set its classes to 4."
        );
      })
    );

    test(
      "are refused by every rule that has fewer outputs or classes than the data, also where its rows tell cosines",
      withoutLeak(async () => {
        const data = rowsWith({7: 3}, {classes: 4});
        const layers = [4, 3];
        const byOutputs: Layer[] = [
          ff.feedbackAlignment({layers, cosines: true}),
          ff.directFeedbackAlignment({layers}),
          ff.pepita({layers}),
          ff.forwardGradient({layers}),
          ff.counterCurrent({layers}),
          ff.feedbackPoints(mlp([2, 4, 3]), {points: ["dense1"]}),
          ff.seededPerturbations(network(), {samples: 1}),
          ff.predictiveCoding({layers: [dense({units: 4}), dense({units: 3})], steps: 2}),
          ff.diffusionBlocks({outputs: 3, blocks: 2})
        ] as unknown[] as Layer[];
        for (const model of byOutputs)
          expect(await refusal(model, data)).toBe(
            `The label of row 7 of plane is 3, but ${model.name} has 3 classes, 0 to 2: number classes from 0, or give it 4 outputs.`
          );
        const byClasses: Layer[] = [
          ff.noProp({classes: 3, blocks: 2}),
          ff.noPropCT({classes: 3}),
          ff.noPropFM({classes: 3}),
          ff.hebbianNetwork({layers: [ff.softHebbDense({units: 4})], classes: 3})
        ] as unknown[] as Layer[];
        for (const model of byClasses)
          expect(await refusal(model, data)).toContain(`${model.name} has 3 classes, 0 to 2: number classes`);
        const inPlace = ff.seededPerturbations(layerNorm() as unknown as Layer, {samples: 1});
        expect(await refusal(inPlace, data)).toContain("layerNorm has 2 classes, 0 to 1");
        const tokens = Int32Array.from({length: 20}, (_, i) => (i === 19 ? 8 : i % 5));
        const text = {...rowsWith({}), name: "text", inputShape: [3], tokens};
        expect(await refusal(ff.seededPerturbations(read(), {samples: 1}), text)).toMatch(
          /^Token 19 of text is 8, but embedding has 5 classes, 0 to 4: number classes from 0, or give it 9 outputs/
        );
      })
    );

    test(
      "are taken by rules with a loss of their own or an output for them, by rules that learn targets, and where they are shares",
      withoutLeak(async () => {
        const known = (outputs: Tensor, wanted: Tensor) =>
          tf.mean(tf.square(tf.sub(tf.sum(outputs, -1), tf.cast(wanted, "float32"))));
        const labelled = rowsWith({7: 9, 8: -1});
        const numbers = Float32Array.from({length: 3 * ROWS}, (_, i) => i % 2);
        const several = Int32Array.from({length: 3 * ROWS}, (_, i) => (i % 4 === 0 ? 5 : 0));
        const none = {labels: new Int32Array(), classes: 0, targets: numbers, targetShape: [3]};
        const trainings: [Layer, Dataset][] = [
          [ff.directFeedbackAlignment({layers: [4, 1], loss: known}) as Layer, labelled],
          [ff.seededPerturbations(mlp([2, 1]) as Layer, {samples: 1, loss: known}), labelled],
          [
            ff.directFeedbackAlignment({layers: [4, 1], loss: known}) as Layer,
            rowsWith({7: 9}, {classes: 0})
          ],
          [ff.directFeedbackAlignment({layers: [4, 4]}) as Layer, rowsWith({7: 3})],
          [
            ff.directFeedbackAlignment({layers: [4, 3]}) as Layer,
            rowsWith({}, {labels: several, labelShape: [3]})
          ],
          [ff.directFeedbackAlignment({layers: [4, 3]}) as Layer, rowsWith({}, none)]
        ];
        for (const [model, data] of trainings) {
          const training = ops.fit(model, data, {steps: 2, batchSize: 4});
          for await (const row of training) expect(row.loss).not.toBeNaN();
          training.dispose();
        }
      })
    );

    test(
      "stay where no cross-entropy of classes is asked for; the labels are looked at once",
      withoutLeak(async () => {
        const done = async (data: Dataset, options: FitOptions = {}) => {
          const training = ops.fit(network(), data, {steps: 6, batchSize: 4, ...options});
          for await (const row of training) expect(row.loss).not.toBeNaN();
          training.dispose();
        };
        const known = (outputs: Tensor, wanted: Tensor) =>
          tf.mean(tf.mul(tf.sum(tf.square(outputs), -1), tf.cast(tf.greater(wanted, -1), "float32")));
        await done(rowsWith({2: -1, 5: 9}), {loss: known});
        const targets = Float32Array.from({length: 3 * ROWS}, (_, i) => i);
        await done(rowsWith({}, {labels: new Int32Array(), classes: 0, targets, targetShape: [3]}));
        // Several classes a row: a number for each.
        const several = Int32Array.from({length: 3 * ROWS}, (_, i) => (i % 4 === 0 ? 5 : 0));
        await done(rowsWith({}, {labels: several, labelShape: [3]}));
        let passes = 0;
        class Watched extends Int32Array {
          override [Symbol.iterator]() {
            passes += 1;
            return super[Symbol.iterator]();
          }
        }
        await done(rowsWith({}, {labels: new Watched(ROWS)}));
        expect(passes).toBe(1);
      })
    );
  });
}
