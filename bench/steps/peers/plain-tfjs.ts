// The loss as tfjs ships it: ours replaces the one under tf.losses, whose second derivative is wrong.
import {softmaxCrossEntropy} from "@tensorflow/tfjs-core/dist/ops/losses/softmax_cross_entropy.js";
import {ops} from "../../../src/ops/index.ts";
import {ADAM, type Contender, type Task} from "../task.ts";

const {tf} = ops;
type Tensor = ReturnType<typeof tf.tensor>;

/** The variables by path. */
export type Variables = (path: string) => Tensor;

/** What a reader of tfjs's guides writes: variables, a loss, optimizer.minimize. */
export function trainPlainTfjs(
  {x, labels, classes, params}: Task,
  logitsOf: (variables: Variables, inputs: Tensor) => Tensor
): Contender {
  const variables = new Map(
    Object.entries(params).map(([path, {shape, values}]) => [path, tf.variable(tf.tensor(values, shape))])
  );
  const inputs = tf.tensor(x.values, x.shape);
  const targets = tf.cast(tf.oneHot(tf.tensor1d(labels, "int32"), classes), "float32");
  const optimizer = tf.train.adam(ADAM.learningRate, ADAM.beta1, ADAM.beta2, ADAM.eps);
  const lossOf = () => {
    const logits = logitsOf((path) => variables.get(path) as Tensor, inputs);
    return softmaxCrossEntropy(targets, logits).asScalar();
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
