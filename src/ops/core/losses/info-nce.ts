import {crossEntropy} from "../../../gpu/kernels/cross-entropy.ts";
import {denseProduct} from "../../../gpu/kernels/dense.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {ArgumentError, checkNumber, ShapeError} from "../errors.ts";
import {checkReduction, checkSameShape, type LossOptions} from "./reduction.ts";

export interface InfoNceOptions extends LossOptions {
  /** Divides the similarities, 0.1 by default; a scalar tensor where it is learned. */
  temperature?: number | Tensor;
  /** Scale all vectors to length 1, so that similarities are cosines; true by default. */
  normalize?: boolean;
  /** The mean of both directions, queries to keys and keys to queries, as CLIP has it (Radford et al. 2021). */
  symmetric?: boolean;
}

/**
 * InfoNCE (van den Oord, Li & Vinyals 2018), in nats: row i of `queries` [batch, features] has to find row i of `keys`
 * [batch, features] among all keys, -log softmax(queries keys^T / temperature)_ii. It lies near log(batch) for vectors that
 * know nothing of each other. "none" gives one number a pair.
 *
 * @example
 * import {infoNce, key, random} from "petri/core";
 *
 * const [images, texts] = key(0).split(2).map((each) => random.normal(each, [16, 8]));
 * display([infoNce(images, texts).arraySync(), infoNce(images, images).arraySync()]);
 */
export function infoNce(queries: Tensor, keys: Tensor, options: InfoNceOptions = {}): Tensor {
  const {temperature = 0.1, normalize = true, symmetric = false, reduction = "mean"} = options;
  checkReduction(reduction);
  checkTemperature(temperature);
  checkSameShape("infoNce", ["the queries", queries], ["keys", keys]);
  if (queries.rank !== 2) {
    throw new ShapeError(`infoNce: expected queries [batch, features], got [${queries.shape.join(", ")}].`);
  }
  return tidy(() => {
    const [q, k] = normalize ? [unitRows(queries), unitRows(keys)] : [queries, keys];
    const logits = tf.div(denseProduct(q, tf.transpose(k), undefined, "linear"), temperature);
    const pairs = tf.range(0, queries.shape[0] as number, 1, "int32");
    const there = crossEntropy(logits, pairs, 0, reduction);
    if (!symmetric) return there;
    return tf.mul(tf.add(there, crossEntropy(tf.transpose(logits), pairs, 0, reduction)), 0.5);
  });
}

/** Rows divided by their length; rows of zeros stay. */
function unitRows(x: Tensor): Tensor {
  return tf.mul(x, tf.rsqrt(tf.add(tf.sum(tf.square(x), 1, true), 1e-12)));
}

function checkTemperature(temperature: number | Tensor): void {
  if (typeof temperature !== "number") {
    if (temperature.size !== 1) {
      throw new ShapeError(`infoNce: expected one temperature, got shape [${temperature.shape.join(", ")}].`);
    }
    return;
  }
  checkNumber("temperature", temperature, 0);
  if (temperature === 0) throw new ArgumentError("temperature must be above 0, got 0.");
}
