import {fit} from "../../core/fit.ts";
import type {Key} from "../../core/key.ts";
import type {Layer} from "../../core/layer.ts";
import {dense} from "../../core/layers/dense.ts";
import {sequential} from "../../core/layers/sequential.ts";
import {softmaxCrossEntropy} from "../../core/losses/cross-entropy.ts";
import {adam} from "../../core/optimizers/adam.ts";
import {clone, type Params} from "../../core/tree.ts";
import type {Tensor} from "../../tf.ts";
import type {RouterShape} from "../routing.ts";

/** A small network that scores the experts of a token: [tokens, features] -> [tokens, experts]. */
export const scoreNetwork = (hidden: number, experts: number): Layer<Record<string, Params>> =>
  sequential([
    dense({units: hidden, activation: "tanh", useBias: false}),
    dense({units: experts, useBias: false})
  ]);

/** Operations of that network for a token. */
export const scoreFlops = (hidden: number, {features, experts}: RouterShape): number =>
  2 * hidden * (features + experts);

/** What it is trained on: tokens [tokens, features], the share that each expert should have [tokens, experts], and how. */
export interface ScoreTraining {
  x: Tensor;
  shares: Tensor;
  hidden: number;
  steps: number;
  key: Key;
}

/** The parameters of a score network whose softmax is near the shares. The caller owns them. */
export async function trainScores({x, shares, hidden, steps, key}: ScoreTraining): Promise<Params> {
  const [tokens, features] = x.shape as [number, number];
  const experts = shares.shape[1] as number;
  const data = {
    name: "shares of experts",
    inputs: Float32Array.from(await x.data()),
    inputShape: [features],
    labels: new Int32Array(),
    classes: 0,
    targets: Float32Array.from(await shares.data()),
    targetShape: [experts]
  };
  const training = fit(scoreNetwork(hidden, experts), data, {
    steps,
    batchSize: Math.min(64, tokens),
    optimizer: adam({learningRate: 0.01}),
    loss: (scores, wanted) => softmaxCrossEntropy(scores, wanted),
    key
  });
  for await (const _row of training);
  const params = clone(training.params as Params);
  training.dispose();
  return params;
}
