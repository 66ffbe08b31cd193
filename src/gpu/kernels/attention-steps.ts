// The steps of attention in ordinary operations.
import * as tf from "../tfjs.ts";
import {batchProduct} from "./batch-product.ts";

/** Weights [batch, heads, time, keys]: softmax(q k^T / sqrt(width)) of queries and keys [batch, heads, time or keys, width]. */
export function attentionWeights(q: tf.Tensor, k: tf.Tensor, allowed: tf.Tensor | undefined): tf.Tensor {
  const scores = tf.mul(batchProduct(q, k, {transposeB: true}), 1 / Math.sqrt(q.shape[3] as number));
  return softmaxWhere(scores, allowed);
}

/** Softmax over the last axis of those scores that are allowed; a row without any is zero. */
function softmaxWhere(scores: tf.Tensor, allowed: tf.Tensor | undefined): tf.Tensor {
  if (!allowed) return tf.softmax(scores);
  // Out of reach of any score, and finite: infinities minus themselves are no number.
  const masked = tf.add(tf.mul(scores, allowed), tf.mul(tf.sub(allowed, 1), 1e9));
  return tf.mul(tf.softmax(masked), allowed);
}

/**
 * 1 where a query may look at a key, 0 elsewhere: broadcast over [batch, heads, time, keys]. Undefined where it may look
 * everywhere. `mask` tells which keys are there, [batch, keys].
 */
export function allowedKeys(
  causal: boolean,
  mask: tf.Tensor | undefined,
  time: number,
  keys: number
): tf.Tensor | undefined {
  const there =
    mask && tf.reshape(tf.cast(mask, "float32"), [mask.shape[0] as number, 1, 1, mask.shape[1] as number]);
  if (!causal) return there;
  const past = Float32Array.from({length: time * keys}, (_, i) => (i % keys <= Math.floor(i / keys) ? 1 : 0));
  const triangle = tf.tensor(past, [1, 1, time, keys]);
  return there ? tf.mul(there, triangle) : triangle;
}

/** [batch, time, features] -> [batch, heads, time, features / heads] */
export function splitHeads(x: tf.Tensor, heads: number): tf.Tensor {
  const [batch = 0, time = 0, features = 0] = x.shape;
  return tf.transpose(tf.reshape(x, [batch, time, heads, features / heads]), [0, 2, 1, 3]);
}

/** [batch, heads, time, features / heads] -> [batch, time, features] */
export function mergeHeads(x: tf.Tensor): tf.Tensor {
  const [batch = 0, heads = 0, time = 0, width = 0] = x.shape;
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch, time, heads * width]);
}
