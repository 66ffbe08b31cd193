import {ArgumentError, checkCount, checkNumber} from "../../core/errors.ts";
import {adam} from "../../core/optimizers/adam.ts";
import type {Optimizer} from "../../core/optimizers/optimizer.ts";
import {joinSchedules, linearSchedule, type Schedule, warmupCosineSchedule} from "../../core/schedules.ts";
import {softmax} from "../../core/softmax.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {Distribution} from "../distributions.ts";
import {checkSparsity} from "../kept-counts.ts";
import {acdc} from "../updaters/ac-dc.ts";
import {rigl} from "../updaters/rigl.ts";
import {gradualCubic} from "./gradual-cubic.ts";

/** The sparse trainings that a recipe can stretch. */
export type StretchedMethod = "acdc" | "gradual" | "rigl";

export interface SparseRecipeOptions {
  /** Share of the prunable weights that are zero in the end, in [0, 1); 0 is the dense recipe. */
  sparsity: number;
  /** Steps of the dense recipe, 20 or more. */
  steps: number;
  /** How many times as long as the dense recipe it is, 1 by default. */
  length?: number;
  /** "acdc" by default, as in the paper. */
  method?: StretchedMethod;
  /** The highest learning rate, 1e-3 by default. */
  peak?: number;
  /** The optimizer inside, of its learning rate; adam by default. */
  inner?: (learningRate: Schedule) => Optimizer;
  /** How the sparsity is shared out among the layers; that of the method by default. */
  distribution?: Distribution;
}

/** What `fit` takes. */
export interface SparseRecipe {
  steps: number;
  optimizer: Optimizer;
  learningRate: Schedule;
}

/**
 * A recipe for sparse training that is `length` times as long as the dense one (Kuznedelev et al. 2023): steps, warmup and cosine of the learning rate, and when weights
 * go, all stretched together. "acdc" is dense for the first tenth and sparse from 85% on; in between, its phases keep the length that they have in the dense
 * recipe, 5% of it, so that a longer training has more of them. "gradual" prunes in the same span, "rigl" moves its weights for the first three quarters, each as
 * often as phases change.
 *
 * @example
 * import {evaluate, fit, mlp} from "petri/core";
 * import {digits, split} from "petri/datasets";
 * import {predictionEntropy, sparseRecipe} from "petri/pruning";
 *
 * const {train: seen, test: unseen} = split(await digits(), {test: 0.25, seed: 1});
 * const model = mlp([64, 48, 10]);
 * for (const length of [1, 4]) {
 *   const {steps, optimizer} = sparseRecipe({sparsity: 0.95, steps: 100, length, peak: 0.01});
 *   const training = fit(model, seen, {steps, optimizer});
 *   for await (const row of training);
 *   const onSeen = await evaluate(model, training.params, seen, {metrics: {entropy: predictionEntropy}});
 *   const {accuracy} = await evaluate(model, training.params, unseen);
 *   display({length, trainingLoss: onSeen.loss, entropy: onSeen.entropy, testAccuracy: accuracy});
 *   training.dispose();
 * }
 */
export function sparseRecipe(options: SparseRecipeOptions): SparseRecipe {
  const {sparsity, steps: short, length = 1, method = "acdc", peak = 1e-3, distribution} = options;
  const {inner = (learningRate: Schedule) => adam({learningRate})} = options;
  checkSparsity(sparsity);
  checkCount("steps", short, 20);
  checkNumber("length", length, 1);
  const steps = Math.round(short * length);
  const [warmup, every] = [Math.round(0.1 * steps), Math.round(0.05 * short)];
  const learningRate = warmupCosineSchedule({peak, warmup: Math.round(0.05 * steps), steps});
  const base = inner(learningRate);
  const wanted = {sparsity, ...(distribution && {distribution})};
  const methods: Record<StretchedMethod, () => Optimizer> = {
    acdc: () => acdc(base, {...wanted, phase: every, warmup, end: Math.round(0.85 * steps)}),
    gradual: () =>
      gradualCubic(base, {
        ...wanted,
        start: warmup,
        end: warmup + every * Math.floor((0.85 * steps - warmup) / every),
        every
      }),
    rigl: () => rigl(base, {...wanted, end: Math.round(0.75 * steps), every})
  };
  if (!Object.hasOwn(methods, method))
    throw new ArgumentError(`method must be "acdc", "gradual" or "rigl", got ${JSON.stringify(method)}.`);
  return {steps, learningRate, optimizer: sparsity === 0 ? base : methods[method]()};
}

export interface PruningCyclesOptions {
  /** The learning rate right after a pruning. */
  peak: number;
  /** The rate at the end of a cycle, 0 by default. */
  low?: number;
  /** Steps in all. */
  steps: number;
  /** The first pruning, the last, and the steps between them, as in `gradualCubic`. */
  start: number;
  end: number;
  every: number;
}

/**
 * The learning rate for gradual pruning of a trained network (Kuznedelev et al. 2023): it falls in a line from `peak` to `low` until the next pruning and is at the peak again
 * right after it, so that every sparsity gets a training of its own; the last line goes to the end.
 *
 * @example
 * import {pruningCycles} from "petri/pruning";
 *
 * const rate = pruningCycles({peak: 1e-3, steps: 500, start: 100, end: 400, every: 100});
 * display(Plot.lineY(d3.range(500), {x: (step) => step, y: rate}).plot({height: 160}));
 */
export function pruningCycles({peak, low = 0, steps, start, end, every}: PruningCyclesOptions): Schedule {
  checkCount("every", every);
  checkCount("start", start);
  checkCount("end", end, start);
  if ((end - start) % every !== 0)
    throw new ArgumentError(
      `end must come a whole number of times \`every\` (${every}) after start (${start}), got ${end}.`
    );
  checkCount("steps", steps, end + 1);
  const prunings = Array.from({length: (end - start) / every + 1}, (_, i) => start + i * every);
  const cycles = [0, ...prunings].map((from, i) =>
    linearSchedule({from: peak, to: low, steps: (prunings[i] ?? steps) - from})
  );
  return joinSchedules(cycles, prunings);
}

/**
 * The entropy of the predictions in nats, the mean over examples of -sum_c p_c log p_c with p = softmax(logits): 0 of a network that is sure, log(classes) of one that
 * knows nothing. A metric for `fit` and `evaluate`. Together with the loss on the training data it tells a network that is not trained out: sparse ones are less sure.
 */
export function predictionEntropy(logits: Tensor): Tensor {
  return tidy(() => {
    const shares = softmax(logits);
    // p log p is 0 where p is: below the smallest float32 there is nothing to add.
    const terms = tf.mul(shares, tf.log(tf.maximum(shares, 1e-37)));
    return tf.sub(0, tf.mean(tf.sum(terms, -1)));
  });
}
