import {oneHot} from "../../../gpu/kernels/cross-entropy.ts";
import {checkCount, checkNumber, checkOptions, ShapeError} from "../../core/errors.ts";
import {valueAndGrad} from "../../core/grad.ts";
import {type Key, key as keyOf} from "../../core/key.ts";
import {type Context, inScope, type Layer, type LearningContext} from "../../core/layer.ts";
import {normal, randint} from "../../core/random.ts";
import type {Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {rowsOf} from "../block.ts";
import {denoisers, nameOf, oneHidden} from "./denoisers.ts";
import {type NoiseIntervalsOptions, noiseIntervals} from "./noise-intervals.ts";

export interface DiffusionBlocksOptions extends NoiseIntervalsOptions {
  /** Numbers that are denoised: a unit for each class, or those of a target. */
  outputs: number;
  /** 4 by default. */
  blocks?: number;
  /** A fresh network of one block: from [features, noised outputs, noise level] to so many outputs. One hidden layer of 128 by default. */
  block?: (outputs: number) => Layer;
  /** A fresh network of one block that makes features of the input, which is flattened where there is none. */
  encoder?: () => Layer;
  /** The standard deviation of what is denoised, 0.5 by default. */
  dataDeviation?: number;
  /** Steps through each block's interval when it answers, 1 by default. */
  stepsPerBlock?: number;
}

/** Parameters by block: {block1: {body, encoder}, ...}. */
export type DiffusionBlocksParams = Record<string, Params>;

const optionNames: Readonly<Record<keyof DiffusionBlocksOptions, true>> = {
  outputs: true,
  blocks: true,
  block: true,
  encoder: true,
  dataDeviation: true,
  stepsPerBlock: true,
  mean: true,
  deviation: true,
  range: true,
  partition: true
};

/**
 * DiffusionBlocks (Shing & Akiba, arXiv:2506.14202): the blocks of a residual network as the steps of a denoising process, each
 * trained alone on the noise levels of its own interval (see noiseIntervals), so that one block at a time lies in memory. What
 * is denoised, given the input, is the label (as a row of zeros and a one) or the target of an example. With the preconditioning of
 * EDM, D(z; s) = c_skip z + c_out F(x, c_in z, ln(s)/4), and its weighted squared error. To answer, noise of the highest level goes
 * through all blocks by Euler's steps: the network gives the last block's guess, [batch, outputs]. The noise comes from the
 * context's key, and is the same in every application without one. A tap sees guess1, guess2, ... of the steps.
 *
 * Rows of a training tell the mean of the blocks' losses as loss, and each block's as loss1, loss2, ...; block 1 is the one of most noise.
 * Throws an ArgumentError for options it does not know, and a ShapeError where targets do not have `outputs` numbers.
 *
 * @example
 * import {adam, evaluate, fit} from "petri/core";
 * import {digits} from "petri/datasets";
 * import {diffusionBlocks} from "petri/forward-forward";
 *
 * const data = await digits();
 * const model = diffusionBlocks({outputs: 10, blocks: 3});
 * const training = fit(model, data, {steps: 80, logEvery: 40, optimizer: adam({learningRate: 0.005})});
 * for await (const row of training) display(row);
 * display(await evaluate(model, training.params, data));
 * training.dispose();
 */
export function diffusionBlocks(options: DiffusionBlocksOptions): Layer<DiffusionBlocksParams> {
  const {outputs, blocks, block, encoder, dataDeviation, stepsPerBlock, intervals} = checked(options);
  const parts = denoisers({
    name: "diffusionBlocks",
    count: blocks,
    block,
    encoder,
    given: outputs + 1,
    outputs
  });
  const levels = Array.from({length: blocks}, (_, i) => intervals.levels(i + 1, LEVELS));

  /** F, and what EDM multiplies and adds: for noise levels [batch, 1]. */
  function raw(t: number, params: Params, x: Tensor, z: Tensor, sigma: Tensor, context: Context) {
    const variance = tf.add(tf.square(sigma), dataDeviation ** 2);
    const length = tf.sqrt(variance);
    const given = tf.concat([tf.div(z, length), tf.div(tf.log(sigma), 4)], 1);
    const skip = tf.div(dataDeviation ** 2, variance);
    const out = tf.div(tf.mul(sigma, dataDeviation), length);
    return {told: parts.told(t, params, x, given, context), skip, out};
  }

  /** The weighted squared error is that of F: the weight is 1 / c_out^2. */
  function blockLoss(t: number, params: Params, batch: Batch, context: Context): Tensor {
    const {x, wanted, key} = batch;
    const rows = wanted.shape[0] as number;
    const drawn = randint(key.fold(0), [rows], 0, LEVELS);
    const sigma = tf.reshape(tf.gather(tf.tensor1d(levels[t - 1] as Float32Array), drawn), [rows, 1]);
    const z = tf.add(wanted, tf.mul(normal(key.fold(1), wanted.shape), sigma));
    const {told, skip, out} = raw(t, params, x, z, sigma, {...context, key: key.fold(2)});
    const goal = tf.div(tf.sub(wanted, tf.mul(z, skip)), out);
    return tf.mean(tf.sum(tf.square(tf.sub(told, goal)), 1));
  }

  function learn(params: DiffusionBlocksParams, x: Tensor, y: Tensor, context: LearningContext) {
    const key = context.key ?? keyOf(0);
    const wanted = wantedOf(y, outputs);
    const {setState: _, ...still} = context;
    // Beforehand, because the parameters of blocks are freed with their updates.
    const given = context.wantsOutputs && answered(params, x, {...still, training: false});
    const losses: Tensor[] = [];
    for (let t = 1; t <= blocks; ++t) {
      const name = nameOf(t);
      const loss = tidy(() => {
        const lossOf = (own: Params) => blockLoss(t, own, {x, wanted, key: key.fold(t)}, context);
        const [value, grads] = valueAndGrad(lossOf)(params[name] as Params);
        context.update(name, grads, true);
        return value;
      });
      losses.push(loss);
    }
    return {
      loss: tf.mean(tf.stack(losses)),
      outputs: () => given || answered(params, x, {...still, training: false}),
      figures: losses
    };
  }

  function answered(params: DiffusionBlocksParams, x: Tensor, context: Context): Tensor {
    return inScope(context, (within = {}) => {
      const rows = x.shape[0] as number;
      const draws = (within.key ?? keyOf(0)).fold(ANSWERS);
      const {borders} = intervals;
      let z = tf.mul(normal(draws, [rows, outputs]), borders[0] as number);
      let guess = z;
      for (let t = 1; t <= blocks; ++t) {
        const [from, to] = [borders[t - 1] as number, borders[t] as number];
        for (let step = 0; step < stepsPerBlock; ++step) {
          const sigma = from * (to / from) ** (step / stepsPerBlock);
          const next = from * (to / from) ** ((step + 1) / stepsPerBlock);
          const {told, skip, out} = raw(t, params[nameOf(t)] ?? {}, x, z, tf.fill([rows, 1], sigma), within);
          guess = tf.add(tf.mul(z, skip), tf.mul(told, out));
          guess = within.tap?.(`guess${(t - 1) * stepsPerBlock + step + 1}`, guess) ?? guess;
          z = tf.add(tf.mul(z, next / sigma), tf.mul(guess, 1 - next / sigma));
        }
      }
      return guess;
    });
  }

  return {
    name: "diffusionBlocks",
    init: (key, inputShape, path) => tidy(() => parts.init(key, inputShape, path)),
    apply: (params, x, context = {}) => answered(params, x, context),
    outputShape: () => [outputs],
    children: parts.children,
    learning: {figures: Array.from({length: blocks}, (_, i) => `loss${i + 1}`), classes: "outputs", learn}
  };
}

/** Noise levels a block is trained on: so many quantiles of its interval. */
const LEVELS = 256;
/** What the key of answers is folded by: more than there are blocks. */
const ANSWERS = 2 ** 20;

/** One batch as a block is told of it. */
interface Batch {
  x: Tensor;
  /** What is denoised, [batch, outputs]. */
  wanted: Tensor;
  key: Key;
}

function wantedOf(y: Tensor, outputs: number): Tensor {
  if (y.dtype === "int32" && y.rank === 1) return oneHot(y, outputs);
  const rows = rowsOf(y.rank === 1 ? tf.expandDims(y, 1) : y);
  if (rows.shape[1] !== outputs)
    throw new ShapeError(
      `diffusionBlocks: targets have ${rows.shape[1]} numbers, but outputs is ${outputs}: set outputs to ${rows.shape[1]}.`
    );
  return rows;
}

function checked(options: DiffusionBlocksOptions) {
  checkOptions("diffusionBlocks", options, optionNames);
  const {outputs, blocks = 4, block = oneHidden, encoder, dataDeviation = 0.5, stepsPerBlock = 1} = options;
  const {mean, deviation, range, partition} = options;
  checkCount("outputs", outputs);
  checkCount("stepsPerBlock", stepsPerBlock);
  checkNumber("dataDeviation", dataDeviation, Number.MIN_VALUE);
  const intervals = noiseIntervals(blocks, {mean, deviation, range, partition} as NoiseIntervalsOptions);
  return {outputs, blocks, block, encoder, dataDeviation, stepsPerBlock, intervals};
}
