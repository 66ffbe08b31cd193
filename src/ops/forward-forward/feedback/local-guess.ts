// Directions that small losses at hidden layers tell.
import {matMul} from "../../../gpu/kernels/matmul.ts";
import {lecunNormal} from "../../core/initializers.ts";
import type {Key} from "../../core/key.ts";
import type {Shape} from "../../core/layer.ts";
import type {BatchLoss} from "../../core/task.ts";
import {leaves, type Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {rowsOf} from "../block.ts";
import type {Stack, StackLayerParams, StackParams} from "../stack.ts";
import {at} from "./backward-rule.ts";
import {type Direction, type OnTheWay, scaled} from "./forward-mode.ts";
import {outputError} from "./output-error.ts";

/** A layer's parameters, and its classifier: [outputs of the layer, outputs of the network]. */
export type HeadedLayerParams = StackLayerParams & {head?: Tensor};

interface GuessOptions {
  perturb: "weights" | "activities";
  apart: boolean;
  loss?: BatchLoss;
}

/** The parameters of a stack with a classifier at every hidden layer. */
export function initHeads(
  layers: Stack,
  params: StackParams,
  inputShape: Shape,
  key: Key
): Record<string, HeadedLayerParams> {
  const places = layers.places(inputShape);
  const last = places.length - 1;
  return Object.fromEntries(
    places.map(({name, outputShape}, i) => {
      const own = params[name] as StackLayerParams;
      const size = outputShape.reduce((product, dim) => product * dim, 1);
      return [name, i === last ? own : {...own, head: lecunNormal(key.fold(i), [size, layers.outputs])}];
    })
  );
}

/**
 * The direction of the local gradients, of length 1: over each layer where layers are moved apart, otherwise over all; for
 * activities, example by example. The last layer's is that of the loss itself. Beside it the gradients of the classifiers.
 */
export function localGuess(
  {layers, params, passed, error}: OnTheWay,
  y: Tensor,
  {perturb, apart, loss}: GuessOptions
): {direction: Direction; heads: Record<string, Tensor>} {
  const last = layers.names.length - 1;
  const heads: Record<string, Tensor> = {};
  const deltas = layers.names.map((name, i) => {
    if (i === last) return layers.through(i, error, at(passed, i));
    const head = (params[name] as HeadedLayerParams).head as Tensor;
    const hidden = passed.activations[i] as Tensor;
    const rows = rowsOf(hidden);
    const local = outputError(matMul(rows, head, undefined, {}), y, loss).error;
    heads[name] = matMul(rows, local, undefined, {transposeA: true});
    const upstream = matMul(local, head, undefined, {transposeB: true});
    return layers.through(i, tf.reshape(upstream, hidden.shape), at(passed, i));
  });
  if (perturb === "activities") return {direction: {sums: ofLengthOne(deltas, apart)}, heads};
  const weights = layers.names.map((name, i) =>
    layers.grads(i, params[name] as StackLayerParams, passed.inputs[i] as Tensor, deltas[i] as Tensor)
  );
  const squares = weights.map((layer) => sumOfSquares(layer));
  const lengths = apart ? squares : squares.map(() => tf.addN(squares));
  const scaledWeights = weights.map((layer, i) => scaled(layer, inverse(lengths[i] as Tensor)));
  return {
    direction: {
      weights: Object.fromEntries(layers.names.map((name, i) => [name, scaledWeights[i] as StackLayerParams]))
    },
    heads
  };
}

/** Each example's part of length 1, by layer or over all layers. */
function ofLengthOne(deltas: readonly Tensor[], apart: boolean): Tensor[] {
  const squares = deltas.map((delta) => tf.sum(tf.square(rowsOf(delta)), 1));
  const all = tf.addN(squares);
  return deltas.map((delta, i) => {
    const by = inverse(apart ? (squares[i] as Tensor) : all);
    return tf.mul(delta, tf.reshape(by, [-1, ...delta.shape.slice(1).map(() => 1)]));
  });
}

/** 1 / sqrt; where there is nothing to point to, next to nothing. */
function inverse(squares: Tensor): Tensor {
  return tidy(() => tf.rsqrt(tf.maximum(squares, 1e-30)));
}

function sumOfSquares(layer: Params): Tensor {
  return tf.addN(leaves<Tensor>(layer).map((leaf) => tf.sum(tf.square(leaf))));
}
