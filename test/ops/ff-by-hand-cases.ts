import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import type {NegativesContext} from "../../src/ops/forward-forward/negatives.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {
  dividedByHand,
  goodnessByHand,
  type HandLayer,
  type HandSettings,
  lossByHand,
  reluByHand,
  slopesByHand
} from "./ff-by-hand-reference.ts";
import {learnOnce} from "./ff-rule-support.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf, batchNorm, dense, dropout, key, random, sequential, softmaxCrossEntropy, tree} = ops;
const {forwardForward, hardNegatives, labelAsInput, labelInPixels, layerCollaboration, localNetwork, symba} =
  ops.forwardForward;

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

const layerOf = (params: Params): HandLayer => {
  const {kernel, bias} = params as unknown as Record<"kernel" | "bias", Tensor>;
  return {kernel: kernel.arraySync() as number[][], bias: bias.arraySync() as number[]};
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
            const layers = [1, 2, 3].map((n) => {
              const {layer} = params[`block${n}`] as {layer: Params};
              return layerOf(fused ? layer : ((layer as Record<string, Params>).dense1 as Params));
            });
            const x = random.normal(key(1), [4, 7]);
            const labels = [2, 0, 1, 1];
            const rows = x.arraySync() as number[][];
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
        const byHand = (told.arraySync() as number[][]).flatMap((row) => reluByHand(row, layerOf(layer)));
        await expectClose(features[0] as Tensor, byHand);
      })
    );
  });
}
