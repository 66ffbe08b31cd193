import * as tf from "../tfjs.ts";
import {registerGradient} from "./register.ts";

interface CumprodAttrs {
  axis: number;
  exclusive: boolean;
  reverse: boolean;
}

/**
 * The gradient of a cumulative product y_j = x_0 ... x_j: dx_i = x_0 ... x_(i-1) x sum over j >= i of dy_j x_(i+1) ... x_j.
 * Nothing is divided by x, so it is right where elements are zero; it takes memory for n^2 numbers a row of n.
 */
registerGradient<CumprodAttrs>({
  kernelName: "Cumprod",
  save: ["x"],
  grads: ([dy], [x], {axis, exclusive, reverse}) => ({
    x: () => {
      const order = axisLast((x as tf.Tensor).rank, axis);
      const turn = (t: tf.Tensor) =>
        reverse ? tf.reverse(tf.transpose(t, order), t.rank - 1) : tf.transpose(t, order);
      const dx = gradientOf(turn(x as tf.Tensor), turn(dy as tf.Tensor), exclusive);
      return tf.transpose(reverse ? tf.reverse(dx, dx.rank - 1) : dx, order);
    }
  })
});

/** A permutation that swaps the axis with the last one: its own inverse. */
function axisLast(rank: number, axis: number): number[] {
  const order = Array.from({length: rank}, (_, i) => i);
  const at = (axis + rank) % rank;
  order[at] = rank - 1;
  order[rank - 1] = at;
  return order;
}

function gradientOf(x: tf.Tensor, dy: tf.Tensor, exclusive: boolean): tf.Tensor {
  const n = x.shape.at(-1) ?? 0;
  const rows = x.shape.slice(0, -1);
  const axis = rows.length;
  // An exclusive product is the inclusive one, a place later.
  const wanted = exclusive ? shifted(dy) : dy;
  const lower = tf.linalg.bandPart(tf.ones([n, n]), -1, 0);
  // [..., i, j]: x_j above the diagonal, 1 elsewhere; its product along j is x_(i+1) ... x_j.
  const factors = tf.add(tf.mul(tf.reshape(x, [...rows, 1, n]), tf.sub(1, lower)), lower);
  const products = tf.mul(tf.cumprod(factors, axis + 1), tf.transpose(lower));
  const sums = tf.matMul(products, tf.reshape(wanted, [...rows, n, 1]));
  return tf.mul(tf.cumprod(x, axis, true), tf.reshape(sums, x.shape));
}

/** Every element moved one place to the front, zero at the end. */
function shifted(x: tf.Tensor): tf.Tensor {
  const axis = x.rank - 1;
  const begin = x.shape.map((_, i) => (i === axis ? 1 : 0));
  const rest = tf.slice(x, begin);
  return tf.concat([rest, tf.zeros([...x.shape.slice(0, -1), 1])], axis);
}
