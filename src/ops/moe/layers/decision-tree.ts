// A binary tree of decisions over tokens. Nodes lie level by level from the root: those below node i are 2 i + 1 and 2 i + 2.
import {denseProduct} from "../../../gpu/kernels/dense.ts";
import {takeTableRows} from "../../../gpu/kernels/rows.ts";
import {stopGradient} from "../../core/stop-gradient.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {expectMatrix} from "../options.ts";

/** A vector for each node, [nodes, features], and an offset, [nodes]. */
export type TreeNodes = {kernel: Tensor; bias: Tensor};

/** The logits of going right at every node, [tokens, nodes], of tokens [tokens, features]. */
export const decisionLogits = ({kernel, bias}: TreeNodes, x: Tensor): Tensor =>
  denseProduct(x, tf.transpose(kernel), bias, "linear");

/** The probability of each leaf, [tokens, 2^depth], from those of going right at every node, [tokens, 2^depth - 1]. */
export function leafProbabilities(right: Tensor): Tensor {
  return tidy(() => {
    const [tokens, nodes] = right.shape as [number, number];
    const left = tf.sub(1, right);
    let reached: Tensor = tf.ones([tokens, 1]);
    for (let width = 1; width <= nodes; width *= 2) {
      const both = [left, right].map((each) =>
        tf.mul(reached, tf.slice(each, [0, width - 1], [tokens, width]))
      );
      reached = tf.reshape(tf.stack(both, 2), [tokens, 2 * width]);
    }
    return reached;
  });
}

/** The leaf that each token comes to when it goes right where its logit is not below 0, int32 [tokens]; computes the nodes on its way alone. */
export function leafOf({kernel, bias}: TreeNodes, x: Tensor, depth: number): Tensor {
  return tidy(() => {
    const tokens = x.shape[0] as number;
    const offsets = tf.reshape(bias, [-1, 1]);
    let at: Tensor = tf.zeros([tokens], "int32");
    for (let level = 0; level < depth; ++level) {
      const vectors = takeTableRows(kernel, at);
      const logits = tf.add(tf.sum(tf.mul(x, vectors), 1), tf.reshape(takeTableRows(offsets, at), [tokens]));
      const goesRight = tf.cast(tf.greaterEqual(logits, 0), "int32");
      at = tf.add(tf.add(tf.mul(at, tf.scalar(2, "int32")), goesRight), tf.scalar(1, "int32"));
    }
    return tf.sub(at, tf.scalar(2 ** depth - 1, "int32"));
  });
}

/**
 * How undecided the nodes of a tree are: the mean over tokens and nodes of the entropy of sigmoid(logit), in nats (the hardening loss of
 * Belcak & Wattenhofer 2023). Logits [tokens, nodes] -> a scalar between 0 and log 2. Exact for logits of any size.
 *
 * @example
 * import {tf} from "petri/core";
 * import {decisionEntropy} from "petri/moe";
 *
 * display([0, 1, 10].map((logit) => decisionEntropy(tf.tensor2d([[logit]])).arraySync()));
 */
export function decisionEntropy(logits: Tensor): Tensor {
  expectMatrix("decisionEntropy", "logits [tokens, nodes]", logits);
  return tidy(() => tf.mean(tf.sub(tf.softplus(logits), tf.mul(logits, tf.sigmoid(logits)))));
}

/**
 * How unevenly the leaves of a tree are used (Charalampopoulos et al. 2024): leaves times the sum over them of the share of tokens
 * that come to it when every decision is rounded, and its mean probability. 1 where they are used evenly, the number of leaves where
 * all tokens come to one. Logits of going right, [tokens, nodes] -> a scalar, whose gradient goes through the probabilities.
 */
export function leafBalanceLoss(logits: Tensor): Tensor {
  expectMatrix("leafBalanceLoss", "logits [tokens, nodes]", logits);
  return tidy(() => {
    const leaves = (logits.shape[1] as number) + 1;
    const rounded = tf.cast(tf.greaterEqual(stopGradient(logits), 0), "float32");
    const shares = tf.mean(leafProbabilities(rounded), 0);
    const means = tf.mean(leafProbabilities(tf.sigmoid(logits)), 0);
    return tf.mul(tf.sum(tf.mul(shares, means)), leaves);
  });
}
