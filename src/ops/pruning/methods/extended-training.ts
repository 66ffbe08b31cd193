import {ArgumentError, checkNumber} from "../../core/errors.ts";
import {evaluate} from "../../core/evaluate.ts";
import {fit} from "../../core/fit.ts";
import type {FitOptions} from "../../core/fit-options.ts";
import type {Layer} from "../../core/layer.ts";
import {softmaxCrossEntropy} from "../../core/losses/cross-entropy.ts";
import type {BatchLoss} from "../../core/task.ts";
import type {Params} from "../../core/tree.ts";
import {classCount, type Dataset} from "../../datasets/dataset.ts";
import {checkSparsity} from "../kept-counts.ts";
import {predictionEntropy, type SparseRecipeOptions, sparseRecipe} from "./sparse-recipe.ts";

export interface ExtendedTrainingOptions
  extends Omit<SparseRecipeOptions, "sparsity" | "length">,
    Pick<FitOptions, "key" | "batchSize" | "signal" | "plan"> {
  /** The sparsities to train at; the dense network is trained besides. */
  sparsities: readonly number[];
  /** How many times as long as the dense recipe trainings are; 1, 2, 4 and 8 by default. */
  lengths?: readonly number[];
  /** Share of the target spread over all classes while training, 0 by default; the figures are without it. */
  labelSmoothing?: number;
  /** The data that accuracy is told of. */
  test: Dataset;
}

/** What one training came to. */
export type ExtendedRow = {
  /** Trainings so far, from 1. */
  step: number;
  progress: number;
  /** 0 for the dense network. */
  sparsity: number;
  length: number;
  /** Loss, share told rightly, and entropy of the predictions, all of the training data. */
  loss: number;
  accuracy: number;
  entropy: number;
  testLoss: number;
  testAccuracy: number;
};

/**
 * Trains a network dense and at some sparsities, by recipes of several lengths, and tells what makes sparse networks fall short (Kuznedelev et al. 2023): by the
 * dense recipe they are not trained out, their loss and the entropy of their predictions on the training data stay above the dense network's. Yields a row for
 * every training; `recipeLengths` reads from them how long is long enough.
 *
 * Left out: augmentation, and sparsity schedules of single layers; `pruningCycles` and `distillation` are what the paper fine-tunes with.
 *
 * @example
 * import {mlp} from "petri/core";
 * import {split, twoMoons} from "petri/datasets";
 * import {extendedTraining, recipeLengths} from "petri/pruning";
 *
 * const {train: seen, test} = split(twoMoons({n: 300}), {test: 0.3});
 * const rows = [];
 * const options = {sparsities: [0.9], lengths: [1, 2], steps: 60, peak: 0.01, test};
 * for await (const row of extendedTraining(mlp([2, 24, 24, 2]), seen, options)) rows.push(row);
 * display(Inputs.table(rows));
 * display(Inputs.table(recipeLengths(rows)));
 */
export async function* extendedTraining<P extends Params>(
  model: Layer<P>,
  data: Dataset,
  options: ExtendedTrainingOptions
): AsyncGenerator<ExtendedRow, void, undefined> {
  const {sparsities, lengths = [1, 2, 4, 8], labelSmoothing = 0, test} = options;
  const {key, batchSize, signal, plan, ...recipe} = options;
  checkNumber("labelSmoothing", labelSmoothing, 0, 1);
  for (const sparsity of sparsities) checkSparsity(sparsity, "sparsities");
  for (const length of lengths) checkNumber("lengths", length, 1);
  if (classCount(data) === 0) throw new ArgumentError(`${data.name} has no classes to be sure of.`);
  const loss: BatchLoss = (logits, labels) => softmaxCrossEntropy(logits, labels, {labelSmoothing});
  const trainings = [0, ...sparsities].flatMap((sparsity) => lengths.map((length) => ({sparsity, length})));
  for (const [i, {sparsity, length}] of trainings.entries()) {
    const {steps, optimizer} = sparseRecipe({...recipe, sparsity, length});
    const training = fit(model, data, {
      ...{steps, optimizer, loss, logEvery: steps},
      ...(key && {key}),
      ...(batchSize && {batchSize}),
      ...(signal && {signal}),
      ...(plan !== undefined && {plan})
    });
    try {
      for await (const _row of training);
      const {params, state} = training;
      const {modelState} = state;
      const known = await evaluate(model, params, data, {
        modelState,
        metrics: {entropy: predictionEntropy}
      });
      const unknown = await evaluate(model, params, test, {modelState});
      yield {
        step: i + 1,
        progress: (i + 1) / trainings.length,
        sparsity,
        length,
        ...known,
        testLoss: unknown.loss,
        testAccuracy: unknown.accuracy
      };
    } finally {
      training.dispose();
    }
  }
}

/** How long a sparsity wants to be trained. */
export interface RecipeLength {
  sparsity: number;
  /** The length of the highest accuracy on the test data, the shortest of equals. */
  best: number;
  /** The shortest at which loss and entropy of the training data are no higher than the dense recipe's; undefined where none is long enough. */
  trainedOut: number | undefined;
  /** Loss, and entropy, at the shortest length against the dense network's: above 1 it is under-trained. */
  lossRatio: number;
  entropyRatio: number;
}

/** Reads from rows of `extendedTraining` how long every sparsity wants to be trained; rows of several seeds are averaged. */
export function recipeLengths(rows: readonly ExtendedRow[]): RecipeLength[] {
  const means = meansOf(rows);
  const short = Math.min(...means.map(({length}) => length));
  const dense = means.find(({sparsity, length}) => sparsity === 0 && length === short);
  if (!dense)
    throw new ArgumentError(
      "recipeLengths needs the dense network's row: pass all rows of extendedTraining."
    );
  return [...new Set(means.map(({sparsity}) => sparsity))].map((sparsity) => {
    const own = means.filter((row) => row.sparsity === sparsity).sort((a, b) => a.length - b.length);
    const [first] = own as [ExtendedRow];
    const best = own.reduce((most, row) => (row.testAccuracy > most.testAccuracy ? row : most));
    const enough = own.find(({loss, entropy}) => loss <= dense.loss && entropy <= dense.entropy);
    return {
      sparsity,
      best: best.length,
      trainedOut: enough?.length,
      lossRatio: first.loss / dense.loss,
      entropyRatio: first.entropy / dense.entropy
    };
  });
}

function meansOf(rows: readonly ExtendedRow[]): ExtendedRow[] {
  const groups = new Map<string, ExtendedRow[]>();
  for (const row of rows) {
    const name = `${row.sparsity} ${row.length}`;
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  return [...groups.values()].map((group) => {
    const mean = (name: keyof ExtendedRow) => group.reduce((sum, row) => sum + row[name], 0) / group.length;
    const [any] = group as [ExtendedRow];
    const names = Object.keys(any) as (keyof ExtendedRow)[];
    const means = Object.fromEntries(names.map((name) => [name, mean(name)])) as ExtendedRow;
    return {...means, sparsity: any.sparsity, length: any.length};
  });
}
