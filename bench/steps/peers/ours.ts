import type {Layer} from "../../../src/ops/core/layer.ts";
import {ops} from "../../../src/ops/index.ts";
import {ADAM, type Contender, type Numbers, type Task} from "../task.ts";

const {tf} = ops;

/** petri/core, as a user trains a network without `fit`; tokens are given as float32, as datasets hold them. */
export function trainOurs({x, labels, params}: Task, model: Layer): Contender {
  const optimizer = ops.adam(ADAM);
  const inputs = tf.tensor(x.values, x.shape);
  const targets = tf.tensor1d(labels, "int32");
  const logitsOf = (at: ReturnType<typeof nested>) => {
    const y = model.apply(at, inputs);
    return tf.reshape(y, [targets.size, -1]);
  };
  const step = ops.trainStep(
    (at: ReturnType<typeof nested>) => ops.softmaxCrossEntropy(logitsOf(at), targets),
    optimizer
  );
  let state = ops.initTrainState(nested(params), optimizer);
  let loss = tf.scalar(NaN);
  return {
    step() {
      loss.dispose();
      ({state, loss} = step(state));
    },
    sync: async () => (await loss.data())[0] as number
  };
}

type Nested = ReturnType<typeof tf.tensor> | {[name: string]: Nested};

/** Paths as the branches of a tree. */
function nested(params: Record<string, Numbers>): Record<string, Nested> {
  const root: Record<string, Nested> = {};
  for (const [path, {shape, values}] of Object.entries(params)) {
    const names = path.split("/");
    const last = names.pop() as string;
    let at = root;
    for (const name of names) {
      at[name] ??= {};
      at = at[name] as Record<string, Nested>;
    }
    at[last] = tf.tensor(values, shape);
  }
  return root;
}
