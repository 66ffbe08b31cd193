import {ShapeError} from "../../core/errors.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {expectMatrix} from "../options.ts";
import {checkChunkSparsity, checkLocality} from "./loss-options.ts";

export interface LocalityLossOptions {
  /** How sharply a logit counts as on or off; 100 by default. */
  steepness?: number;
  /** Tokens that follow each other: so many sequences of equal length; 1 by default. */
  sequences?: number;
}

/**
 * How much the experts of neighbouring tokens differ (BlockFFN, Song et al. 2025): the mean binary cross-entropy of one token's
 * sigmoid(steepness logit) against that of the next. `logits` [tokens, experts] are the router's before its ReLU. A scalar.
 *
 * @example
 * import {localityLoss} from "petri/moe";
 * import {tf} from "petri/core";
 *
 * const same = tf.tensor2d([[1, -1], [1, -1]]);
 * const other = tf.tensor2d([[1, -1], [-1, 1]]);
 * display([same, other].map((logits) => localityLoss(logits).arraySync()));
 */
export function localityLoss(logits: Tensor, options: LocalityLossOptions = {}): Tensor {
  checkLocality(options);
  const {steepness = 100, sequences = 1} = options;
  expectMatrix("localityLoss", "logits [tokens, experts]", logits);
  const [tokens, experts] = logits.shape as [number, number];
  const length = tokens / sequences;
  if (!Number.isInteger(length) || length < 2)
    throw new ShapeError(
      `localityLoss: expected logits [sequences length, experts] of ${sequences} sequences of two tokens or more, got [${tokens}, ${experts}].`
    );
  return tidy(() => {
    const sharp = tf.reshape(tf.mul(logits, steepness), [sequences, length, experts]);
    const before = tf.slice(sharp, [0, 0, 0], [-1, length - 1, -1]);
    const after = tf.slice(sharp, [0, 1, 0], [-1, length - 1, -1]);
    return tf.mean(tf.sub(tf.softplus(before), tf.mul(before, tf.sigmoid(after))));
  });
}

export interface ChunkSparsityLossOptions {
  /** Tokens of a chunk, 8 by default; the last one may be shorter. */
  chunk?: number;
}

/**
 * The mean probability that an expert is used anywhere in a chunk of tokens (BlockFFN): 1 - prod_t (1 - p_t), where p are the gates of a
 * token over their sum. `gates` [tokens, experts], none negative. A scalar.
 *
 * @example
 * import {chunkSparsityLoss} from "petri/moe";
 * import {tf} from "petri/core";
 *
 * const together = tf.tensor2d([[1, 0], [1, 0]]);
 * const apart = tf.tensor2d([[1, 0], [0, 1]]);
 * display([together, apart].map((gates) => chunkSparsityLoss(gates, {chunk: 2}).arraySync()));
 */
export function chunkSparsityLoss(gates: Tensor, options: ChunkSparsityLossOptions = {}): Tensor {
  checkChunkSparsity(options);
  const {chunk = 8} = options;
  expectMatrix("chunkSparsityLoss", "gates [tokens, experts]", gates);
  const [tokens, experts] = gates.shape as [number, number];
  return tidy(() => {
    const own = tf.div(gates, tf.add(tf.sum(gates, 1, true), 1e-5));
    const chunks = Math.ceil(tokens / chunk);
    const shares = tf.pad(own, [
      [0, chunks * chunk - tokens],
      [0, 0]
    ]);
    const logs = tf.log(tf.add(tf.sub(1, shares), 1e-5));
    const unused = tf.exp(tf.sum(tf.reshape(logs, [chunks, chunk, experts]), 1));
    return tf.sub(1, tf.mean(unused));
  });
}
