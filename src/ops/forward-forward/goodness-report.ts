import {batchRows, takeRows} from "../core/batches.ts";
import {ArgumentError, checkCount, checkOptions} from "../core/errors.ts";
import {type Key, key as keyOf} from "../core/key.ts";
import type {ModelState} from "../core/layer.ts";
import {classCount, type Dataset, rowCount} from "../datasets/dataset.ts";
import {auroc} from "../metrics/ranking.ts";
import {tf, tidy} from "../tf.ts";
import {checkGiven} from "./checks.ts";
import type {LocalNetwork, LocalParams} from "./local-network.ts";

export interface GoodnessReportOptions {
  /** What negatives are drawn by, key(0) by default: reports of one training compare when they have the same. */
  key?: Key;
  /** Rows of data at a time, 256 by default. Negatives that mix inputs mix them within such a batch. */
  batchSize?: number;
  /** What layers with a state learned in training: `training.state.modelState`. */
  modelState?: ModelState;
}

/** How one block judges a dataset: plain data. */
export interface GoodnessOfBlock {
  /** The goodness of each positive, in the order of the rows. */
  positive: number[];
  /** The goodness of each negative. */
  negative: number[];
  /** Goodness above it stands for positive, where the rule compares with one number. */
  threshold?: number;
  /** The share of pairs of a positive and a negative in which the positive has more goodness, ties counting one half: 1/2 is chance, 1 is all. */
  apart: number;
}

/**
 * How the blocks of a network of positives and negatives tell them apart, on a dataset with classes: the goodness of every row as a
 * positive and as a negative, block by block, for `goodnessView` and for reckoning. Throws an ArgumentError where the network's rule
 * has no goodness of positives and negatives, and where the data have no rows or no classes.
 *
 * @example
 * import {adam, dense, fit} from "petri/core";
 * import {digits} from "petri/datasets";
 * import {forwardForward, goodnessReport, labelAsInput, localNetwork} from "petri/forward-forward";
 *
 * const data = await digits();
 * const blocks = [64, 64].map((units) => dense({units, activation: "relu"}));
 * const model = localNetwork({blocks, rule: forwardForward({labels: labelAsInput({value: 3})}), classes: 10});
 * const training = fit(model, data, {steps: 80, logEvery: 40, batchSize: 64, optimizer: adam({learningRate: 0.01})});
 * for await (const row of training);
 * const report = await goodnessReport(model, training.params, data);
 * display(Inputs.table(report.map(({threshold, apart}, i) => ({block: i + 1, threshold, apart}))));
 * training.dispose();
 */
export async function goodnessReport(
  model: LocalNetwork,
  params: LocalParams,
  data: Dataset,
  options: GoodnessReportOptions = {}
): Promise<GoodnessOfBlock[]> {
  checkOptions("goodnessReport", options, {key: true, batchSize: true, modelState: true});
  const {key = keyOf(0), batchSize = 256, modelState} = options;
  checkCount("batchSize", batchSize);
  checkGiven("goodnessReport", model, "a localNetwork");
  checkGiven("goodnessReport", data, "a dataset");
  if (!model.goodness)
    throw new ArgumentError(
      `goodnessReport compares positives with negatives, and ${model.name} has none: pass a localNetwork whose rule is forwardForward(), symba() or layerCollaboration().`
    );
  if (rowCount(data) === 0) throw new ArgumentError(`${data.name} has no rows to report on.`);
  const [classes = 0] = model.outputShape?.(data.inputShape) ?? [];
  if (data.labels && classCount(data) > classes)
    throw new ArgumentError(
      `${data.name} has ${classCount(data)} classes, and the network ${classes}: pass the data it was trained on, or such.`
    );
  if (!data.labels) throw new ArgumentError(`goodnessReport needs data with classes; ${data.name} has none.`);
  const blocks: Omit<GoodnessOfBlock, "apart">[] = [];
  for (const [batch, rows] of [...batchRows(rowCount(data), batchSize)].entries()) {
    const context = {key: key.fold(batch), state: modelState};
    const thresholds: (number | undefined)[] = [];
    const all = tidy(() => {
      const {x, y} = takeRows(data, rows);
      const judged = model.goodness?.(params, x, y, context) ?? [];
      thresholds.push(...judged.map(({threshold}) => threshold));
      return tf.stack(judged.map(({goodness}) => goodness));
    });
    const values = (await all.array()) as number[][];
    all.dispose();
    values.forEach((goodness, i) => {
      const threshold = thresholds[i];
      blocks[i] ??= {positive: [], negative: [], ...(threshold !== undefined && {threshold})};
      blocks[i].positive.push(...goodness.slice(0, rows.length));
      blocks[i].negative.push(...goodness.slice(rows.length));
    });
  }
  return blocks.map((block) => ({...block, apart: apartOf(block)}));
}

function apartOf({positive, negative}: {positive: readonly number[]; negative: readonly number[]}): number {
  return auroc([...positive, ...negative], [...positive.map(() => 1), ...negative.map(() => 0)]);
}
