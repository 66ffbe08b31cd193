import {ops} from "../../src/ops/index.ts";
import {BATCH, type Contender, LEARNING_RATE, SIZES, type Task} from "./task.ts";

const {tf} = ops;

/** What a reader of tfjs's guides writes: variables, tf.losses, optimizer.minimize. */
export function plainTfjs({x, labels, kernels}: Task): Contender {
  const layers = kernels.map((kernel, i) => ({
    kernel: tf.variable(tf.tensor2d(kernel, [SIZES[i] as number, SIZES[i + 1] as number])),
    bias: tf.variable(tf.zeros([SIZES[i + 1] as number]))
  }));
  const inputs = tf.tensor2d(x, [BATCH, SIZES[0]]);
  const targets = tf.cast(tf.oneHot(tf.tensor1d(labels, "int32"), 10), "float32");
  const optimizer = tf.train.sgd(LEARNING_RATE);
  const lossOf = () => {
    const logits = layers.reduce((h: ReturnType<typeof tf.add>, {kernel, bias}, i) => {
      const z = tf.add(tf.matMul(h, kernel), bias);
      return i < layers.length - 1 ? tf.relu(z) : z;
    }, inputs);
    return tf.losses.softmaxCrossEntropy(targets, logits).asScalar();
  };
  let loss = tf.scalar(NaN);
  return {
    step() {
      loss.dispose();
      loss = optimizer.minimize(lossOf, true) ?? tf.scalar(NaN);
    },
    sync: async () => (await loss.data())[0] as number
  };
}
