// The goodness of a block's outputs and the gradient of a loss of it: all that forward-forward rules take gradients of.
import {goodnessGrads} from "../../gpu/kernels/goodness-grads.ts";
import {goodnessRows} from "../../gpu/kernels/goodness-rows.ts";
import {matMul} from "../../gpu/kernels/matmul.ts";
import {isRecording} from "../../gpu/tape.ts";
import {valueAndGrad} from "../core/grad.ts";
import type {Context, Layer} from "../core/layer.ts";
import type {DenseParams} from "../core/layers/dense.ts";
import {stopGradient} from "../core/stop-gradient.ts";
import {map, type Params} from "../core/tree.ts";
import {type Tensor, tf, tidy} from "../tf.ts";
import {applyBlock, rowsOf} from "./block.ts";
import type {Block} from "./local-rule.ts";
import type {Divisor} from "./normalization.ts";
import {straightThroughRelu} from "./straight-through-relu.ts";

/** Sum or mean of the squares of a block's outputs for an example. */
export type GoodnessKind = "sum" | "mean";

/** What a rule makes small: a function of the goodness of all positives, then of all negatives, [2 batch]. */
export interface GoodnessLoss {
  /** Where this is `logisticLoss`, its threshold: kernels that fuse the whole step know this loss alone. */
  readonly threshold?: number;
  /** The loss, a scalar, and its slope by each goodness, [2 batch]. */
  of(goodness: Tensor): {loss: Tensor; slopes: Tensor};
}

/** Keeps units about equally active: weight * mean_j (mean(m) - m_j)^2 of their running mean activities m over positives. */
export interface PeerNormalization {
  weight: number;
  /** Share of the old running mean. */
  momentum: number;
  /** The running mean before this step, [units]. */
  mean: Tensor;
}

export interface GoodnessOptions {
  goodness: GoodnessKind;
  loss: GoodnessLoss;
  peer?: PeerNormalization;
  /** How outputs are divided before the next block is given them. */
  divisor?: Divisor;
}

/** What comes of `goodnessGradient`. The tensors belong to the caller. */
export interface GoodnessGradient {
  /** The loss of the goodness and the weighted one of peer normalisation. */
  loss: Tensor;
  /** Of positives, then negatives, [2 batch]. */
  goodness: Tensor;
  /** Of the layer, [2 batch, ...]. */
  output: Tensor;
  /** The output as the next block is given it, where that was computed along with the goodness. */
  normalized?: Tensor;
  /** By the layer's parameters. */
  updates: Params;
  /** The running mean activities after this step, with peer normalisation. */
  peerMean?: Tensor;
}

/**
 * One block's loss and its gradient by the block's layer, from positives, then negatives: x [2 batch, ...]. Nothing goes back to
 * blocks before it. A dense layer with a ReLU goes through `denseGoodness`, every other one is differentiated.
 */
export function goodnessGradient(
  block: Block,
  x: Tensor,
  context: Context,
  options: GoodnessOptions
): GoodnessGradient {
  const {layer, params} = block;
  // Whoever differentiates all this needs operations that have gradients.
  const isFused = layer.name === "dense" && isRelu(layer) && x.rank === 2 && !isRecording();
  return tidy(() =>
    isFused
      ? denseGoodness(params.layer as DenseParams, x, {
          ...options,
          straightThrough: layer.activation === straightThroughRelu
        })
      : tapedGoodness(block, x, context, options)
  );
}

const isRelu = ({activation}: Layer) => activation === "relu" || activation === straightThroughRelu;

const AS_IT_IS: Divisor = {spread: 0, epsilon: 1};

/**
 * `goodnessGradient` of y = relu(x kernel + bias) without a tape, in three kernels: with slopes s of the loss by the goodness, the
 * gradient of the sum before the ReLU is 2 s y (2 s y / units for the mean), which is zero where y is, so that nothing but a
 * number for each example is kept beside y. The logistic loss is known to the kernel; others are computed between the two.
 */
function denseGoodness(
  {kernel, bias}: DenseParams,
  x: Tensor,
  {goodness: kind, loss: lossOf, peer, divisor, straightThrough}: GoodnessOptions & {straightThrough: boolean}
): GoodnessGradient {
  const output = matMul(x, kernel, bias, {activation: "relu"});
  const [rows, units] = output.shape as [number, number];
  const positives = Math.floor(rows / 2);
  const share = kind === "sum" ? 1 : 1 / units;
  const {threshold} = lossOf;
  const attrs = {positives, threshold: threshold ?? 0, share, ...(divisor ?? AS_IT_IS)};
  const [normalized, goodness, factors, losses] = goodnessRows({z: output}, attrs) as Four;
  const {loss, slopes} = threshold === undefined ? lossOf.of(goodness) : {loss: tf.mean(losses)};
  const errors = slopes ? {b: output, factors: tf.mul(slopes, 2 * share)} : {b: normalized, factors};
  const peers = peer && peerLoss(output, peer);
  const [kernelGrad, biasGrad] = goodnessGrads(
    {a: x, ...errors, ...(peers && {offsets: peers.slope})},
    {positives, straightThrough}
  ) as [Tensor, Tensor];
  return {
    loss: peers ? tf.add(loss, peers.loss) : loss,
    goodness,
    output,
    ...(divisor && {normalized}),
    updates: {kernel: kernelGrad, ...(bias && {bias: biasGrad})},
    ...peers?.after
  };
}

type Four = [Tensor, Tensor, Tensor, Tensor];

/** The same of any layer: the gradient of sum(slopes y) with the slopes held constant, or of the loss itself where that is to be differentiated again. */
function tapedGoodness(
  block: Block,
  x: Tensor,
  context: Context,
  {goodness: kind, loss: lossOf, peer}: GoodnessOptions
): GoodnessGradient {
  const isDifferentiated = isRecording();
  const {layer: own} = block.params;
  const [[value, aux], updates] = valueAndGrad(
    (layer: Params) => {
      const output = applyBlock(block, x, context, layer);
      const goodness = goodnessOf(output, kind);
      const rows = rowsOf(output);
      const {loss, slopes} = lossOf.of(isDifferentiated ? goodness : stopGradient(goodness));
      const peers = peer && peerLoss(isDifferentiated ? rows : stopGradient(rows), peer);
      const all = peers ? tf.add(loss, peers.loss) : loss;
      const bySlopes = () => {
        const byGoodness = tf.sum(tf.mul(goodness, stopGradient(slopes)));
        if (!peers) return byGoodness;
        return tf.add(byGoodness, tf.sum(tf.mul(ofPositives(rows), stopGradient(peers.slope))));
      };
      return [isDifferentiated ? all : bySlopes(), {loss: all, goodness, output, ...peers?.after}];
    },
    {hasAux: true}
    // A copy of its own: what else was made of the parameters on that tape, other blocks' goodness say, is constant here.
  )(isDifferentiated ? map((leaf: Tensor) => tf.clone(leaf), own) : own);
  const constants = stopGradient(aux as Params) as unknown as Omit<GoodnessGradient, "updates">;
  return {...constants, ...(isDifferentiated && {loss: value}), updates};
}

/** The goodness of every example, [batch]: of outputs of any shape. */
export function goodnessOf(output: Tensor, kind: GoodnessKind): Tensor {
  const squares = tf.square(rowsOf(output));
  return kind === "sum" ? tf.sum(squares, 1) : tf.mean(squares, 1);
}

/**
 * The mean over positives and negatives of the cross-entropy of sigmoid(goodness - threshold) with "is positive" (Hinton 2022):
 * softplus(threshold - goodness) for positives, softplus(goodness - threshold) for negatives.
 */
export function logisticLoss(threshold: number): GoodnessLoss {
  return {threshold, of: (goodness) => logistic(tf.sub(goodness, threshold))};
}

/** The same for given logits of "is positive", positives first. */
export function logistic(logits: Tensor): {loss: Tensor; slopes: Tensor} {
  const count = logits.shape[0] as number;
  const towards = tf.concat([tf.fill([count / 2], -1), tf.ones([count / 2])]);
  const wrong = tf.mul(logits, towards);
  return {
    loss: tf.mean(tf.softplus(wrong)),
    slopes: tf.mul(tf.mul(tf.sigmoid(wrong), towards), 1 / count)
  };
}

/** The loss of peer normalisation, its slope by the outputs of each unit for any positive, [units], and the new running mean. */
function peerLoss(output: Tensor, {weight, momentum, mean}: PeerNormalization) {
  const [rows, units] = output.shape as [number, number];
  const after = tf.add(tf.mul(mean, momentum), tf.mul(tf.mean(ofPositives(output), 0), 1 - momentum));
  const drift = tf.sub(after, tf.mean(after));
  const slope = tf.mul(drift, (weight * 2 * (1 - momentum)) / (units * (rows / 2)));
  return {loss: tf.mul(tf.mean(tf.square(drift)), weight), slope, after: {peerMean: after}};
}

/** The first half of the rows. */
function ofPositives(output: Tensor): Tensor {
  const [rows, units] = output.shape as [number, number];
  return tf.slice(output, [0, 0], [rows / 2, units]);
}
