import {ops} from "../../src/ops/index.ts";
import {BATCH, type Contender, LEARNING_RATE, SIZES, type Task} from "./task.ts";

const {tf} = ops;

/** petri/core, as `fit` does it. */
export function ours({x, labels, kernels}: Task): Contender {
  const model = ops.mlp(SIZES);
  const optimizer = ops.sgd({learningRate: LEARNING_RATE});
  const params = Object.fromEntries(
    kernels.map((kernel, i) => {
      const shape: [number, number] = [SIZES[i] as number, SIZES[i + 1] as number];
      return [`dense${i + 1}`, {kernel: tf.tensor2d(kernel, shape), bias: tf.zeros([shape[1]])}];
    })
  );
  const inputs = tf.tensor2d(x, [BATCH, SIZES[0]]);
  const targets = tf.tensor1d(labels, "int32");
  const step = ops.trainStep(
    (at: typeof params) => ops.softmaxCrossEntropy(model.apply(at, inputs), targets),
    optimizer
  );
  let state = ops.initTrainState(params, optimizer);
  let loss = tf.scalar(NaN);
  return {
    step() {
      loss.dispose();
      ({state, loss} = step(state));
    },
    sync: async () => (await loss.data())[0] as number
  };
}
