import * as tf from "../tfjs.ts";

type Loss = typeof tf.losses.softmaxCrossEntropy;

/**
 * tfjs's own saves a tensor that is neither its input nor its output: the second derivative is zero without a word, and
 * its own leak check fails. This is the same in ordinary operations, -sum(labels x logSoftmax(logits)).
 */
const softmaxCrossEntropy: Loss = (labels, logits, weights, labelSmoothing = 0, reduction) => {
  const x = tf.cast(logits as tf.Tensor, "float32");
  const targets = tf.add(tf.mul(labels, 1 - labelSmoothing), labelSmoothing / (x.shape.at(-1) ?? 1));
  const logProbabilities = tf.sub(x, tf.logSumExp(x, -1, true));
  const losses = tf.neg(tf.sum(tf.mul(targets, logProbabilities), -1));
  return tf.losses.computeWeightedLoss(losses, weights, reduction) as never;
};

tf.losses.softmaxCrossEntropy = softmaxCrossEntropy;
