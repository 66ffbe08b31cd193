// What NoProp in continuous time and by flow matching have in common: one network that is told the time, and steps of an equation.
import {oneHot} from "../../../gpu/kernels/cross-entropy.ts";
import {checkCount} from "../../core/errors.ts";
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
import {normal} from "../../core/random.ts";
import type {Params} from "../../core/tree.ts";
import {checkChoice} from "../../datasets/checks.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkClasses} from "../local-network.ts";
import {denoisers, nameOf, oneHidden} from "./denoisers.ts";
import {ANSWERS, CLASSIFIER, type Embedding, labelEmbeddings} from "./label-embeddings.ts";

/** Parameters of the network, {block1: {body, encoder}}, of the classifier, and of learned embeddings, {table}. */
export type ContinuousParams = Record<string, Params>;

/** What both take. */
export interface ContinuousOptions {
  /** Classes of the labels, at least 2. */
  classes: number;
  /** A fresh network: from [features, noised embedding, the time as 16 numbers] to so many outputs. One hidden layer of 128 by default. */
  block?: (outputs: number) => Layer;
  /** A fresh network that makes features of the input, which is flattened where there is none. */
  encoder?: () => Layer;
  /** Labels as rows of zeros and a one ("oneHot", the default), or so many numbers each, which are learned. */
  embedding?: Embedding;
  /** Steps from noise to an answer, 20 by default. */
  steps?: number;
  /** Of the differential equation: Euler's steps (the default), or Heun's, which ask the network twice. */
  solver?: "euler" | "heun";
}

export const continuousOptionNames: Readonly<Record<keyof ContinuousOptions, true>> = {
  classes: true,
  block: true,
  encoder: true,
  embedding: true,
  steps: true,
  solver: true
};

/** A batch as an objective is told of it: labels as rows of zeros and a one. */
interface LabelledBatch {
  labels: Tensor;
  /** What the labels are noised as, [batch, width]. */
  u: Tensor;
  key: Key;
}

/** The network on one batch of inputs, with some parameters. */
export interface Network {
  params: ContinuousParams;
  /** What it gives for noised embeddings [batch, width] at times [batch, 1] or [1, 1]. */
  told(z: Tensor, times: Tensor): Tensor;
  /** The embeddings of all labels, [classes, width]. */
  table: Tensor;
  /** The classifier's scores for embeddings. */
  scores(z: Tensor): Tensor;
}

/** What is different. */
export interface Objective {
  name: string;
  /** Outputs of the network. */
  outputs(width: number): number;
  /** Parameters of its own, by name. */
  init?(key: Key): Record<string, Params>;
  /** Names of the parts of the loss, as rows of a training tell them. */
  figures: readonly string[];
  loss(network: Network, batch: LabelledBatch): {loss: Tensor; parts: Tensor[]};
  /** dz/dt as a function of z and of which of the times, [n, 1], it is. */
  velocities(network: Network, times: Tensor): (z: Tensor, at: number) => Tensor;
}

/** A network that learns by an objective, and answers by following its equation from noise at time 0 to time 1. */
export function continuousNetwork(options: ContinuousOptions, objective: Objective): Layer<ContinuousParams> {
  const {classes, block = oneHidden, encoder, embedding = "oneHot", steps = 20, solver = "euler"} = options;
  checkClasses(classes);
  checkCount("steps", steps);
  checkChoice("solver", solver, ["euler", "heun"]);
  const {name} = objective;
  const embeddings = labelEmbeddings(classes, embedding);
  const {width} = embeddings;
  const parts = denoisers({
    name,
    count: 1,
    block,
    encoder,
    given: width + FREQUENCIES.length * 2,
    outputs: objective.outputs(width)
  });
  const classifier = dense({units: classes});

  const children = (inputShape: Shape): Child[] => [
    ...parts.children(inputShape),
    {name: CLASSIFIER, layer: classifier as Layer, inputShape: [width]}
  ];

  const networkOf = (params: ContinuousParams, x: Tensor, context: Context): Network => ({
    params,
    table: embeddings.tableOf(params),
    scores: (z) => classifier.apply(params[CLASSIFIER] as never, z),
    told: (z, times) => {
      const rows = z.shape[0] as number;
      const features = timeFeatures(times);
      const given = tf.concat([z, features.shape[0] === rows ? features : tf.tile(features, [rows, 1])], 1);
      return parts.told(1, params[nameOf(1)] ?? {}, x, given, context);
    }
  });

  function learn(params: ContinuousParams, x: Tensor, y: Tensor, context: LearningContext) {
    const key = context.key ?? keyOf(0);
    const labels = oneHot(y, classes);
    const lossOf = (at: Params): [Tensor, {parts: Tensor[]}] => {
      const network = networkOf(at as ContinuousParams, x, {...context, key: key.fold(0)});
      const u = tf.matMul(labels, network.table);
      const {loss, parts: figures} = objective.loss(network, {labels, u, key: key.fold(1)});
      return [loss, {parts: figures}];
    };
    const [[loss, {parts: figures}], grads] = valueAndGrad(lossOf as never, {hasAux: true})(
      params
    ) as unknown as [[Tensor, {parts: Tensor[]}], ContinuousParams];
    for (const child of Object.keys(params)) context.update(child, grads[child] as Params);
    const {setState: _, ...still} = context;
    return {loss, outputs: () => answered(params, x, {...still, training: false}), figures};
  }

  function answered(params: ContinuousParams, x: Tensor, context: Context): Tensor {
    return inScope(context, (within = {}) => {
      const draws = (within.key ?? keyOf(0)).fold(ANSWERS);
      const times = tf.tensor2d(Array.from({length: steps + 1}, (_, step) => [step / steps]));
      const velocity = objective.velocities(networkOf(params, x, within), times);
      const seen = (step: number, z: Tensor) => within.tap?.(`z${step}`, z) ?? z;
      let z = seen(0, normal(draws, [x.shape[0] as number, width]));
      for (let step = 0; step < steps; ++step) {
        const first = velocity(z, step);
        const there = tf.add(z, tf.div(first, steps));
        const second = solver === "heun" && velocity(there, step + 1);
        z = seen(step + 1, second ? tf.add(z, tf.div(tf.add(first, second), 2 * steps)) : there);
      }
      return classifier.apply(params[CLASSIFIER] as never, z);
    });
  }

  return {
    name,
    init: (key, inputShape, path) =>
      tidy(() => ({
        ...parts.init(key, inputShape, path),
        [CLASSIFIER]: classifier.init(
          key.fold(ANSWERS + 1),
          [width],
          path ? `${path}/${CLASSIFIER}` : CLASSIFIER
        ),
        ...embeddings.init(key.fold(ANSWERS)),
        ...objective.init?.(key.fold(ANSWERS + 2))
      })),
    apply: (params, x, context = {}) => answered(params, x, context),
    outputShape: () => [classes],
    children,
    learning: {figures: objective.figures, classes, learn}
  };
}

/** One of some times. */
export const timeAt = (times: Tensor, at: number): Tensor => tf.slice(times, [at, 0], [1, 1]);

/** From half a turn between the times 0 and 1 to some six turns. */
const FREQUENCIES = Array.from({length: 8}, (_, i) => Math.PI * 2 ** (i / 2));

/** Sines and cosines of times [n, 1]: [n, 16]. */
function timeFeatures(times: Tensor): Tensor {
  return tidy(() => {
    const angles = tf.mul(times, tf.tensor2d([FREQUENCIES]));
    return tf.concat([tf.sin(angles), tf.cos(angles)], 1);
  });
}
