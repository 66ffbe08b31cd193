// The steps of a mixture in ordinary operations, until kernels of their own stand in their place.
import type {FusedActivation} from "../../gpu/kernels/activation-grad.ts";
import {batchProduct} from "../../gpu/kernels/batch-product.ts";
import {countingSort} from "../../gpu/kernels/counting-sort.ts";
import {takeTableRows} from "../../gpu/kernels/rows.ts";
import {topK} from "../../gpu/kernels/top-k.ts";
import {activations} from "../core/activations.ts";
import {stopGradient} from "../core/stop-gradient.ts";
import {type Tensor, tf, tidy} from "../tf.ts";

/** How the weights of choices come from logits. */
export type ChoiceWeights = "softmax" | "renormalised" | "sigmoid";

interface TopKOptions {
  k: number;
  /** Softmax over all experts, the same divided by the sum of those chosen, or sigmoids divided by their sum. */
  weights: ChoiceWeights;
  /** [experts], added for the choice alone. */
  bias?: Tensor;
}

/** The k experts of largest score for each token, ties by the lower index: logits [tokens, experts]. */
export function routeTopK(logits: Tensor, {k, weights, bias}: TopKOptions) {
  return tidy(() => {
    const probabilities = weights === "sigmoid" ? tf.sigmoid(logits) : tf.softmax(logits);
    const scores = bias ? tf.add(stopGradient(probabilities), bias) : stopGradient(probabilities);
    const {indices} = topK(scores, k);
    const chosen = takeColumns(probabilities, indices);
    const raw = weights === "softmax";
    return {
      indices,
      weights: raw ? chosen : tf.div(chosen, tf.add(tf.sum(chosen, 1, true), 1e-20)),
      probabilities
    };
  });
}

/** x [rows, n] at the columns [rows, k] of each row. */
export function takeColumns(x: Tensor, columns: Tensor): Tensor {
  return tidy(() => {
    const [rows, n] = x.shape as [number, number];
    const first = tf.expandDims(tf.range(0, rows * n, n, "int32"), 1);
    const flat = tf.reshape(tf.add(columns, first), [-1]);
    return tf.reshape(takeTableRows(tf.reshape(x, [rows * n, 1]), flat), columns.shape);
  });
}

/** Where the rows of each expert lie when all choices are sorted. */
export interface SortedChoices {
  /** int32 [tokens k]: the choice (token k + place) that each sorted row is. */
  readonly order: Tensor;
  /** int32 [experts + 1]. */
  readonly offsets: Tensor;
  /** int32 [tokens, k]: the sorted row of each choice, -1 where it was dropped. */
  readonly places: Tensor;
}

/** Sorts choices [tokens, k] by expert; those of -1 come last, behind all offsets. */
export function sortByExpert(indices: Tensor, experts: number): SortedChoices {
  return tidy(() => {
    const {order, places, offsets} = countingSort(tf.reshape(indices, [-1]), experts);
    const own = tf.reshape(places, indices.shape);
    return {order, offsets, places: tf.where(tf.less(indices, 0), tf.onesLike(own).neg(), own)};
  });
}

interface GroupedProduct {
  x: Tensor;
  kernels: Tensor;
  bias: Tensor | undefined;
  offsets: Tensor;
  rows: Tensor | undefined;
  activation?: FusedActivation;
}

/** activation(row kernel_e + bias_e) for the rows of every expert. */
export function groupedMatmul({x, kernels, bias, offsets, rows, activation}: GroupedProduct): Tensor {
  return tidy(() => {
    const sorted = rows ? takeTableRows(x, rows) : x;
    const [experts, , outputs] = kernels.shape as [number, number, number];
    const count = sorted.shape[0] as number;
    const at = tf.range(0, count, 1, "int32");
    const sums = Array.from({length: experts}, (_, e) => {
      const kernel = tf.reshape(tf.slice(kernels, [e, 0, 0], [1, -1, -1]), kernels.shape.slice(1));
      const product = batchProduct(sorted, kernel);
      const sum = bias ? tf.add(product, tf.slice(bias, [e, 0], [1, outputs])) : product;
      const y = activation ? activations[activation](sum) : sum;
      const [first, end] = [tf.slice(offsets, [e], [1]), tf.slice(offsets, [e + 1], [1])];
      const own = tf.logicalAnd(tf.greaterEqual(at, first), tf.less(at, end));
      return tf.where(tf.reshape(own, [count, 1]), y, tf.zerosLike(y));
    });
    return tf.addN(sums);
  });
}

/** The sum of the k weighted rows of each token: y [rows, features], weights and places [tokens, k] -> [tokens, features]. */
export function combineRows(y: Tensor, weights: Tensor, places: Tensor): Tensor {
  return tidy(() => {
    const [tokens, k] = places.shape as [number, number];
    const rows = takeTableRows(y, tf.reshape(tf.maximum(places, 0), [-1]));
    const weighted = tf.mul(tf.reshape(rows, [tokens, k, -1]), tf.expandDims(weights, 2));
    return tf.sum(weighted, 1);
  });
}
