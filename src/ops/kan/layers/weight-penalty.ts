import {entries, type Params} from "../../core/tree.ts";
import {type Scalar, type Tensor, tf, tidy} from "../../tf.ts";
import {checkOptionNames} from "../option-names.ts";

export interface WeightPenaltyOptions {
  /** Factor of the sum of the edges' mean absolute coefficients, 1 by default. */
  l1?: number;
  /** Factor of the entropy of how that sum is shared among the edges, 1 by default. */
  entropy?: number;
}

/**
 * efficient-kan's regularisation of weights, the stand-in for pykan's of activations that needs no data (Blealtan 2024): for each layer l1 times the sum over edges of
 * mean |coefficients|, plus entropy times the entropy of the edges' shares of it. A scalar, differentiable; factors of edges do not enter.
 *
 * @example
 * import {efficientKan, weightPenalty} from "petri/kan";
 * import {key} from "petri/core";
 *
 * display(weightPenalty(efficientKan([2, 5, 1]).init(key(0))).arraySync());
 */
export function weightPenalty(params: Params, options: WeightPenaltyOptions = {}): Scalar {
  checkOptionNames("weightPenalty", options, {l1: true, entropy: true});
  const {l1 = 1, entropy = 1} = options;
  return tidy(() => {
    const layers = entries<Tensor>(params).filter(
      ({path, leaf}) => /(^|\/)coefficients$/.test(path) && leaf.rank === 3
    );
    const penalties = layers.map(({leaf}) => {
      const sizes = tf.mean(tf.abs(leaf), 1);
      return tf.add(tf.mul(tf.sum(sizes), l1), tf.mul(entropyOf(sizes), entropy));
    });
    return (penalties.length === 0 ? tf.scalar(0) : tf.addN(penalties)) as Scalar;
  });
}

/** The entropy, in nats, of the shares of numbers that are not negative; shares of zero count as zero. */
function entropyOf(sizes: Tensor): Tensor {
  // Of a sum of nothing the shares are nothing, and so are their derivatives.
  const shares = tf.div(sizes, tf.maximum(tf.sum(sizes), LEAST_SUM));
  return tf.neg(tf.sum(tf.mul(shares, tf.log(tf.maximum(shares, LEAST)))));
}

/** Below this a share's logarithm is that of this. */
const LEAST = 1e-30;

/** A sum is taken as this where it is less: its square is no zero in float32. */
const LEAST_SUM = 1e-12;
