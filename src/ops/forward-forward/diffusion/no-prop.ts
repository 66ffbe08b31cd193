import {oneHot} from "../../../gpu/kernels/cross-entropy.ts";
import {ArgumentError, checkCount, checkNumber, checkOptions} from "../../core/errors.ts";
import {valueAndGrad} from "../../core/grad.ts";
import {type Key, key as keyOf} from "../../core/key.ts";
import {
  type Child,
  type Context,
  inScope,
  type Layer,
  type LearningContext,
  type Shape
} from "../../core/layer.ts";
import {dense} from "../../core/layers/dense.ts";
import {softmaxCrossEntropy} from "../../core/losses/cross-entropy.ts";
import {normal} from "../../core/random.ts";
import type {Params} from "../../core/tree.ts";
import {checkChoice} from "../../datasets/checks.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkClasses} from "../local-network.ts";
import {denoisers, nameOf, oneHidden} from "./denoisers.ts";
import {denoisingLoss, nextEmbedding, noised, priorDivergence, squaredError} from "./denoising.ts";
import {ANSWERS, CLASSIFIER, EMBEDDING, type Embedding, labelEmbeddings} from "./label-embeddings.ts";
import {noiseSchedule} from "./noise-schedule.ts";

export interface NoPropOptions {
  /** Classes of the labels, at least 2. */
  classes: number;
  /** T, 10 by default. */
  blocks?: number;
  /** A fresh network of one block: from [features, noised embedding] to so many outputs. One hidden layer of 128 by default. */
  block?: (outputs: number) => Layer;
  /** A fresh network of one block that makes features of the input, which is flattened where there is none. */
  encoder?: () => Layer;
  /** Labels as rows of zeros and a one ("oneHot", the default), or so many numbers each, which are learned. */
  embedding?: Embedding;
  /** What a block gives: logits of the "classes", whose softmax weighs their embeddings (the default), or the "embedding". */
  output?: "classes" | "embedding";
  /** eta, 0.1 by default. */
  eta?: number;
  /** How the blocks' errors are weighed: by how much signal each adds ("snr", the default), or all alike ("none"). */
  weighting?: "snr" | "none";
  /** The factors alpha_0 ... alpha_T; a cosine by default. See noiseSchedule. */
  alpha?: readonly number[];
  /** Noise while answering: "sampled" (the default), or none after the first ("mean"). */
  inference?: "sampled" | "mean";
}

/** Parameters by block, {block1: {body, encoder}, ...}, of the classifier, and of learned embeddings, {table}. */
export type NoPropParams = Record<string, Params>;

const optionNames: Readonly<Record<keyof NoPropOptions, true>> = {
  classes: true,
  blocks: true,
  block: true,
  encoder: true,
  embedding: true,
  output: true,
  eta: true,
  weighting: true,
  alpha: true,
  inference: true
};

/**
 * NoProp in discrete time (Li, Teh & Pascanu, arXiv:2503.24322): every block learns alone to tell the embedding u of the label from
 * the input and a noised embedding, T/2 eta (SNR(t) - SNR(t-1)) |u_hat - u|^2, so that training passes through one block at a
 * time, neither forward nor back through the others. A linear classifier reads the last, least noised embedding. To answer,
 * noise goes through all blocks: z_t = a_t u_hat_t + b_t z_(t-1) + sqrt(c_t) noise (see noiseSchedule).
 *
 * Applied, it gives the classifier's scores, [batch, classes]; its noise comes from the context's key, and is the same in every
 * application without one. A tap sees z0, z1, ... on the way. Rows of a training tell the objective as loss (cross-entropy, divergence of z_0 from pure noise and
 * the blocks' mean), each block's as loss1, loss2, ..., and the classifier's as lossClassifier. Throws an ArgumentError for fewer than two
 * classes and for a schedule that does not fit the blocks.
 *
 * @example
 * import {adam, evaluate, fit} from "petri/core";
 * import {digits} from "petri/datasets";
 * import {noProp} from "petri/forward-forward";
 *
 * const data = await digits();
 * const model = noProp({classes: 10, blocks: 5});
 * const training = fit(model, data, {steps: 80, logEvery: 40, optimizer: adam({learningRate: 0.005})});
 * for await (const row of training) display(row);
 * display(await evaluate(model, training.params, data));
 * training.dispose();
 */
export function noProp(options: NoPropOptions): Layer<NoPropParams> {
  const {classes, block, encoder, embeddings, output, eta, weighting, schedule, inference} = checked(options);
  const blocks = schedule.alphaBar.length - 1;
  const {width, isLearned, tableOf} = embeddings;
  const outputs = output === "classes" ? classes : width;
  const parts = denoisers({name: "noProp", count: blocks, block, encoder, given: width, outputs});
  const classifier = dense({units: classes});

  const children = (inputShape: Shape): Child[] => [
    ...parts.children(inputShape),
    {name: CLASSIFIER, layer: classifier as Layer, inputShape: [width]}
  ];

  /** What block t makes of the input and z_(t-1): an embedding. */
  function denoised(
    t: number,
    params: Params,
    table: Tensor,
    x: Tensor,
    z: Tensor,
    context: Context
  ): Tensor {
    const told = parts.told(t, params, x, z, context);
    return output === "classes" ? tf.matMul(tf.softmax(told), table) : told;
  }

  function blockLoss(t: number, params: Params, table: Tensor, batch: Batch, context: Context): Tensor {
    const {x, labels, key} = batch;
    const u = tf.matMul(labels, table);
    const z = noised(schedule, t - 1, u, normal(key.fold(0), u.shape));
    const guess = denoised(t, params, table, x, z, {...context, key: key.fold(1)});
    return weighting === "snr" ? denoisingLoss(schedule, t, guess, u, eta) : squaredError(guess, u);
  }

  /** The classifier's cross-entropy on z_T, and the divergence of z_0 from noise, which embeddings alone can change. */
  function endLosses(own: Params, table: Tensor, {labels, key}: Batch): {told: Tensor; prior: Tensor} {
    const u = tf.matMul(labels, table);
    const z = noised(schedule, blocks, u, normal(key.fold(0), u.shape));
    const told = softmaxCrossEntropy(classifier.apply(own as never, z), labels);
    return {told, prior: priorDivergence(schedule, u)};
  }

  function learn(params: NoPropParams, x: Tensor, y: Tensor, context: LearningContext) {
    const key = context.key ?? keyOf(0);
    const labels = oneHot(y, classes);
    const {setState: _, ...still} = context;
    // Beforehand, because the parameters of blocks are freed with their updates.
    const given = context.wantsOutputs && answered(params, x, {...still, training: false});
    const tableGrads: Tensor[] = [];
    const losses: Tensor[] = [];
    const both = (own: Params): {own: Params; table?: Tensor} =>
      isLearned ? {own, table: tableOf(params)} : {own};
    for (let t = 1; t <= blocks; ++t) {
      const [loss, byTable] = tidy(() => {
        const lossOf = (at: ReturnType<typeof both>) =>
          blockLoss(t, at.own, at.table ?? tableOf(params), {x, labels, key: key.fold(t)}, context);
        const [value, grads] = valueAndGrad(lossOf as (at: Params) => Tensor)(
          both(params[nameOf(t)] ?? {}) as Params
        );
        const {own, table} = grads as ReturnType<typeof both>;
        context.update(nameOf(t), own, true);
        return [value, table] as const;
      });
      losses.push(loss);
      if (byTable) tableGrads.push(byTable);
    }
    const ends = valueAndGrad(
      (at: Params): [Tensor, Tensor] => {
        const {own, table = tableOf(params)} = at as ReturnType<typeof both>;
        const {told, prior} = endLosses(own, table, {x, labels, key: key.fold(blocks + 1)});
        return [tf.add(told, prior), told];
      },
      {hasAux: true}
    );
    const [[end, told], grads] = ends(both(params[CLASSIFIER] as Params) as Params);
    const {own, table} = grads as ReturnType<typeof both>;
    context.update(CLASSIFIER, own, true);
    // Every block's share in the objective is its mean over blocks; the blocks themselves go down all of theirs.
    if (table) context.update(EMBEDDING, {table: tf.add(table, tf.div(tf.addN(tableGrads), blocks))});
    return {
      loss: tf.add(end, tf.mean(tf.stack(losses))),
      outputs: () => given || answered(params, x, {...still, training: false}),
      figures: [...losses, told as Tensor]
    };
  }

  function answered(params: NoPropParams, x: Tensor, context: Context): Tensor {
    return inScope(context, (within = {}) => {
      const key = (within.key ?? keyOf(0)).fold(ANSWERS);
      const table = tableOf(params);
      const seen = (t: number, z: Tensor) => within.tap?.(`z${t}`, z) ?? z;
      let z = seen(0, normal(key.fold(0), [x.shape[0] as number, width]));
      for (let t = 1; t <= blocks; ++t) {
        const guess = denoised(t, params[nameOf(t)] ?? {}, table, x, z, within);
        const noise = inference === "sampled" ? normal(key.fold(t), z.shape) : undefined;
        z = seen(t, nextEmbedding(schedule, t, guess, z, noise));
      }
      return classifier.apply(params[CLASSIFIER] as never, z);
    });
  }

  return {
    name: "noProp",
    init: (key, inputShape, path) =>
      tidy(() => {
        const at = path ? `${path}/${CLASSIFIER}` : CLASSIFIER;
        return {
          ...parts.init(key, inputShape, path),
          [CLASSIFIER]: classifier.init(key.fold(ANSWERS + 1), [width], at),
          ...embeddings.init(key.fold(ANSWERS))
        };
      }),
    apply: (params, x, context = {}) => answered(params, x, context),
    outputShape: () => [classes],
    children,
    learning: {
      figures: [...Array.from({length: blocks}, (_, i) => `loss${i + 1}`), "lossClassifier"],
      classes,
      learn
    }
  };
}

/** One batch as blocks are told of it: labels as rows of zeros and a one, and a key of the block's own. */
interface Batch {
  x: Tensor;
  labels: Tensor;
  key: Key;
}

function checked(options: NoPropOptions) {
  checkOptions("noProp", options, optionNames);
  const {classes, alpha, blocks = alpha ? alpha.length - 1 : 10, block = oneHidden, encoder} = options;
  const {embedding = "oneHot", output = "classes", eta = 0.1} = options;
  const {weighting = "snr", inference = "sampled"} = options;
  checkClasses(classes);
  if (alpha !== undefined && !Array.isArray(alpha))
    throw new ArgumentError(
      `alpha must be a list of factors, one for every t from 0 on; got ${String(alpha)}.`
    );
  checkCount("blocks", blocks);
  checkChoice("output", output, ["classes", "embedding"]);
  checkNumber("eta", eta, 0);
  checkChoice("weighting", weighting, ["snr", "none"]);
  checkChoice("inference", inference, ["sampled", "mean"]);
  if (alpha && alpha.length !== blocks + 1)
    throw new ArgumentError(
      `alpha needs ${blocks + 1} factors for ${blocks} blocks, for t from 0 to ${blocks}; got ${alpha.length}.`
    );
  const schedule = noiseSchedule(alpha ?? blocks);
  const embeddings = labelEmbeddings(classes, embedding);
  return {classes, block, encoder, embeddings, output, eta, weighting, schedule, inference};
}
