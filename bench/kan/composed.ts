import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {contender, tensorsOf} from "./ours.ts";
import {type KanContender, type KanTask, knotsOf} from "./task.ts";

const {tf} = ops;

/** What a reader of tfjs's guides writes: all bases by the recursion of Cox and de Boor, then a product. */
export function composed(task: KanTask): KanContender {
  const {order, intervals} = task;
  const {parameters, x} = tensorsOf(task);
  const knots = tf.tensor1d(knotsOf(task));
  const part = (start: number, count: number) => tf.slice(knots, start, count);
  const basesOf = (h: Tensor): Tensor => {
    const at = tf.expandDims(h, 2);
    let count = intervals + 2 * order;
    const isInside = tf.logicalAnd(tf.greaterEqual(at, part(0, count)), tf.less(at, part(1, count)));
    let bases: Tensor = tf.cast(isInside, "float32");
    for (let degree = 1; degree <= order; ++degree) {
      --count;
      const rising = tf.div(tf.sub(at, part(0, count)), tf.sub(part(degree, count), part(0, count)));
      const falling = tf.div(
        tf.sub(part(degree + 1, count), at),
        tf.sub(part(degree + 1, count), part(1, count))
      );
      const shape = [-1, -1, count];
      bases = tf.add(
        tf.mul(rising, tf.slice(bases, [0, 0, 0], shape)),
        tf.mul(falling, tf.slice(bases, [0, 0, 1], shape))
      );
    }
    return bases;
  };
  return contender(parameters, x, (at, inputs) => {
    let h = inputs;
    for (let i = 0; i < at.length; i += 2) {
      const coefficients = at[i] as Tensor;
      const [own = 0, bases = 0, outputs = 0] = coefficients.shape;
      const flat = tf.reshape(basesOf(h), [-1, own * bases]);
      const splines = tf.matMul(flat, tf.reshape(coefficients, [own * bases, outputs]));
      h = tf.add(splines, tf.matMul(tf.mul(h, tf.sigmoid(h)), at[i + 1] as Tensor));
    }
    return h;
  });
}
