import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import type {LocalRule} from "../../src/ops/forward-forward/local-rule.ts";
import type {NegativesContext} from "../../src/ops/forward-forward/negatives.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {
  classGoodnessByHand,
  crossEntropyByHand,
  dividedByHand,
  goodnessByHand,
  type HandLayer,
  type HandSettings,
  lossByHand,
  productByHand,
  reluByHand,
  slopesByHand
} from "./ff-by-hand-reference.ts";
import {learnOnce} from "./ff-rule-support.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf, batchNorm, dense, dropout, key, random, sequential, softmaxCrossEntropy, tree} = ops;
const {
  cascadedForward,
  forwardForward,
  hardNegatives,
  labelAsInput,
  labelInPixels,
  layerCollaboration,
  lls,
  localNetwork,
  momentumAuxiliary,
  scalableForwardForward,
  symba
} = ops.forwardForward;

const relu = (units: number) => dense({units, activation: "relu"}) as Layer;
const peer = {weight: 4, momentum: 0.6, initial: 0.2};

const settings: Record<string, HandSettings> = {
  usual: {goodness: "sum", normalization: "rms", epsilon: 1e-8, threshold: 3},
  "with a large epsilon": {goodness: "sum", normalization: "rms", epsilon: 0.5, threshold: 2},
  "mean goodness and length": {goodness: "mean", normalization: "length", epsilon: 0.3, threshold: 0.4},
  "as they are, with peers": {goodness: "mean", normalization: "none", epsilon: 1, threshold: 0.2, peer},
  "SymBa by mean goodness": {goodness: "mean", normalization: "rms", epsilon: 1e-8, threshold: 0, alpha: 3},
  "SymBa with peers": {goodness: "sum", normalization: "rms", epsilon: 1e-8, threshold: 0, alpha: 0.5, peer},
  "with peers": {goodness: "sum", normalization: "rms", epsilon: 1e-8, threshold: 1, peer}
};

const layerOf = async (params: Params): Promise<HandLayer> => {
  const {kernel, bias} = params as unknown as Record<"kernel" | "bias", Tensor>;
  return {kernel: (await kernel.array()) as number[][], bias: (await bias.array()) as number[]};
};

/** Positives are the inputs with their labels, negatives those with the next one. */
const nextLabel = {
  name: "next",
  byLabel: true,
  make({x, y, labels, classes}: NegativesContext) {
    const told = (by: number) =>
      labels.embed(
        x,
        tf.cast(tf.oneHot(tf.mod(tf.add(y, by), classes).toInt() as never, classes), "float32")
      );
    return {positive: told(0), negative: told(1)};
  }
};

/** What the first block is given, before it is divided: rows whose first pixels are a label. */
const embedded = (rows: number[][], labels: number[], classes: number) =>
  rows.map((row, i) => row.map((value, at) => (at < classes ? Number(at === labels[i]) : value)));

const rowsOf = async (tensor: Tensor) => (await tensor.array()) as number[][];
/** The numbers of a rule's parameters, by name. */
const numbersOf = async (params: Record<string, Tensor> = {}): Promise<Numbers> =>
  Object.fromEntries(
    await Promise.all(
      Object.entries(params).map(async ([name, tensor]) => [name, await rowsOf(tensor)] as const)
    )
  );
type Numbers = Record<string, number[][]>;
const rms: HandSettings = {goodness: "sum", normalization: "rms", epsilon: 1e-8, threshold: 0};
const length: HandSettings = {...rms, normalization: "length", epsilon: 1e-4};

interface ByHand {
  rule(): LocalRule;
  /** From a block's output, by the parameters of the rule and the next block's layer. */
  scores(output: number[], rule: Numbers, next?: HandLayer): number[];
  onward?(output: number[]): number[];
  loss?(scores: number[], label: number): number;
  votes: "sum" | "mean" | "last";
}

/** sin(2 pi (c + 1) (i + 1/2) / features) sqrt(2 / features): see lls. */
const wavesByHand = (output: number[]) =>
  [1, 2, 3].map((turns) =>
    dividedByHand(output, length).reduce(
      (sum, value, i) =>
        sum +
        value * Math.sin((2 * Math.PI * turns * (i + 0.5)) / output.length) * Math.sqrt(2 / output.length),
      0
    )
  );

/** Rules whose blocks each tell the classes. */
const local: Record<string, ByHand> = {
  lls: {
    rule: () => lls({temperature: 0.3}),
    scores: (output) => wavesByHand(output).map((product) => product / 0.3),
    votes: "last"
  },
  "scalable forward-forward": {
    rule: () => scalableForwardForward({channelsPerClass: 2, margin: 0.4}),
    scores: (output, {projection}) => classGoodnessByHand(productByHand(output, projection as number[][]), 2),
    onward: (output) => dividedByHand(output, rms),
    loss: (goodness, label) =>
      crossEntropyByHand(
        goodness.map((value, c) => (c === label ? value - 0.4 : value)),
        label
      ),
    votes: "mean"
  },
  "cascaded forward by squared errors": {
    rule: () => cascadedForward({loss: "squaredError"}),
    scores: (output, {kernel}) => productByHand(output, kernel as number[][]),
    loss: (scores, label) =>
      scores.reduce((sum, score, c) => sum + (score - Number(c === label)) ** 2 / scores.length, 0),
    votes: "sum"
  },
  "the momentum auxiliary network": {
    rule: () => momentumAuxiliary(),
    scores: (output, {kernel}, next) =>
      productByHand(next ? reluByHand(output, next) : output, kernel as number[][]),
    votes: "last"
  }
};

/** Forward-Forward against loops of float64. */
export function byHandCases(backend: BackendName): void {
  describe(`forward-forward by hand on ${backend}`, () => {
    beforeAll(() => use(backend));

    for (const [name, own] of Object.entries(settings))
      for (const fused of [true, false])
        test(
          `${name}, ${fused ? "fused" : "differentiated"}: losses, slopes, running means and answers`,
          withoutLeak(async () => {
            const {threshold, alpha, ...shared} = own;
            const options = {...shared, negatives: nextLabel, predictFrom: 2};
            const rule = alpha ? symba({...options, alpha}) : forwardForward({...options, threshold});
            const block = (units: number) => (fused ? relu(units) : (sequential([relu(units)]) as Layer));
            const model = localNetwork({blocks: [5, 4, 6].map(block), rule, classes: 3});
            const params = model.init(key(3), [7]) as Record<string, {layer: Params}>;
            const layers = await Promise.all(
              [1, 2, 3].map((n) => {
                const {layer} = params[`block${n}`] as {layer: Params};
                return layerOf(fused ? layer : ((layer as Record<string, Params>).dense1 as Params));
              })
            );
            const x = random.normal(key(1), [4, 7]);
            const labels = [2, 0, 1, 1];
            const rows = await rowsOf(x);
            const {updates, learned, state} = learnOnce(
              model,
              params as Params,
              x,
              tf.tensor1d(labels, "int32")
            );
            let given = [0, 1].flatMap((by) =>
              embedded(
                rows,
                labels.map((label) => (label + by) % 3),
                3
              ).map((row) => dividedByHand(row, own))
            );
            for (const [i, layer] of layers.entries()) {
              const {loss, peerMean} = lossByHand(given, layer, own);
              await expectClose(learned.figures?.[i] as Tensor, [loss], {atol: 2e-4});
              const {layer: grads} = updates[`block${i + 1}`] as {layer: Params};
              const {kernel} = (fused ? grads : (grads as Record<string, Params>).dense1) as {kernel: Tensor};
              await expectClose(kernel, slopesByHand(given, layer, own), {rtol: 1e-3, atol: 2e-4});
              if (own.peer) await expectClose(state[`block${i + 1}`]?.peerMean as Tensor, peerMean);
              given = given.map((row) => dividedByHand(reluByHand(row, layer), own));
            }
            const scores = rows.flatMap((_, row) =>
              [0, 1, 2].map((label) => {
                let at = dividedByHand(embedded([rows[row] as number[]], [label], 3)[0] as number[], own);
                let total = 0;
                for (const [i, layer] of layers.entries()) {
                  const output = reluByHand(at, layer);
                  if (i >= 1) total += goodnessByHand(output, own);
                  at = dividedByHand(output, own);
                }
                return total;
              })
            );
            await expectClose(model.apply(params as never, x, {state}), scores, {rtol: 1e-3});
            tree.dispose([updates, state] as unknown as Params);
          })
        );

    for (const [name, {rule, scores, onward = (row: number[]) => row, loss, votes}] of Object.entries(local))
      test(
        `${name}: losses of blocks and answers`,
        withoutLeak(async () => {
          const model = localNetwork({blocks: [relu(9), relu(8)], rule: rule(), classes: 3});
          const params = model.init(key(3), [5]) as Record<string, {layer: Params; rule?: Params}>;
          const x = random.normal(key(1), [4, 5]);
          const labels = [2, 0, 1, 1];
          const y = tf.tensor1d(labels, "int32");
          const {updates, learned, state} = learnOnce(model, params as Params, x, y);
          const blocks = ["block1", "block2"].map((block) => params[block] as {layer: Params; rule?: Params});
          const layers = await Promise.all(blocks.map(({layer}) => layerOf(layer)));
          const rules = await Promise.all(
            blocks.map((block) => numbersOf(block.rule as Record<string, Tensor>))
          );
          const all = (await rowsOf(x)).map((row) => {
            let at = row;
            return rules.map((own, i) => {
              const output = reluByHand(at, layers[i] as HandLayer);
              at = onward(output);
              return scores(output, own, layers[i + 1]);
            });
          });
          for (const i of [0, 1]) {
            const each = all.map((rows, row) =>
              (loss ?? crossEntropyByHand)(rows[i] as number[], labels[row] as number)
            );
            const mean = each.reduce((sum, value) => sum + value, 0) / each.length;
            await expectClose(learned.figures?.[i] as Tensor, [mean], {rtol: 1e-3, atol: 1e-4});
          }
          const wanted = all.flatMap(([first = [], last = []]) =>
            last.map((score, c) =>
              votes === "last" ? score : ((first[c] as number) + score) / (votes === "mean" ? 2 : 1)
            )
          );
          await expectClose(model.apply(params as never, x), wanted, {rtol: 1e-3, atol: 1e-3});
          tree.dispose([updates, state] as unknown as Params);
        })
      );

    test(
      "what a classifier reads, and what hard negatives go by, is what the network gives when it answers",
      withoutLeak(async () => {
        // Dropout and batch norms do something else in training.
        const blocks = () => [
          sequential([relu(9), dropout(0.5)]) as Layer,
          sequential([relu(8), batchNorm()]) as Layer
        ];
        const x = random.normal(key(1), [6, 5]);
        const y = tf.tensor1d([0, 1, 2, 2, 1, 0], "int32");
        const seen: Tensor[] = [];
        const watching = {
          ...hardNegatives(),
          make(context: NegativesContext) {
            seen.push(tf.keep(context.scores()));
            return nextLabel.make(context);
          }
        };
        const rule = forwardForward({
          labels: labelAsInput(),
          negatives: watching,
          predict: "classifier",
          classifierInit: (own, shape) => random.normal(own, shape)
        });
        const model = localNetwork({blocks: blocks(), rule, classes: 3});
        const params = model.init(key(2), [5]);
        const {updates, learned, state} = learnOnce(model, params as Params, x, y);
        const begun = ops.initState(model as never, [5], key(3));
        const scores = model.apply(params, x, {state: begun});
        await expectClose(seen[0] as Tensor, Array.from(await scores.data()));
        // The classifier comes after the block whose norm has moved on.
        const after = model.apply(params, x, {state});
        await expectClose(
          learned.figures?.[2] as Tensor,
          Array.from(await softmaxCrossEntropy(after, y).data())
        );
        // So are the outputs that a training's rows are reckoned from.
        const told = learned.outputs() as Tensor;
        await expectClose(told, Array.from(await after.data()));
        // The blocks themselves learn with the dropout, and the norms see the batch.
        expect(state["block2/layer/batchNorm1"]).not.toBe(begun["block2/layer/batchNorm1"]);
        tree.dispose([updates, state, begun, seen] as unknown as Params);
      })
    );

    test(
      "without a layer that differs in training, answers do not either; the goodness of others is without dropout",
      withoutLeak(async () => {
        const x = random.normal(key(1), [6, 5]);
        const y = tf.tensor1d([0, 1, 2, 2, 1, 0], "int32");
        const lossWith = async (rate: number) => {
          const blocks = [relu(9), sequential([relu(8), dropout(rate)]) as Layer];
          const rule = layerCollaboration({
            labels: labelAsInput(),
            negatives: nextLabel,
            normalization: "none"
          });
          const model = localNetwork({blocks, rule, classes: 3});
          const plain = localNetwork({blocks: [relu(9), sequential([relu(8)]) as Layer], rule, classes: 3});
          const params = plain.init(key(2), [5]);
          const {updates, learned, state} = learnOnce(model, params as Params, x, y);
          tree.dispose([updates, state] as unknown as Params);
          const [loss] = learned.figures as [Tensor];
          return Array.from(await loss.data());
        };
        expect(await lossWith(0.7)).toEqual(await lossWith(0));
      })
    );

    test(
      "labels over pixels that are read by a classifier are all alike, 1 / classes",
      withoutLeak(async () => {
        const rule = forwardForward({predict: "classifier", predictFrom: 1, normalization: "none"});
        const model = localNetwork({blocks: [relu(4)], rule, classes: 3});
        const params = model.init(key(5), [5]);
        const x = random.normal(key(1), [2, 5]);
        const shares = tf.fill([2, 3], 1 / 3);
        const told = labelInPixels().embed(x, shares);
        const features: Tensor[] = [];
        const tap = (path: string, given: Tensor) => {
          if (path === "block1") features.push(given);
          return given;
        };
        model.apply(params, x, {tap});
        const {layer} = params.block1 as {layer: Params};
        const first = await layerOf(layer);
        const byHand = (await rowsOf(told)).flatMap((row) => reluByHand(row, first));
        await expectClose(features[0] as Tensor, byHand);
      })
    );
  });
}
