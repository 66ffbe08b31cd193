import type {Layer} from "../../../src/ops/core/layer.ts";
import {ops} from "../../../src/ops/index.ts";
import {ADAM, type Contender, type Numbers, type Task} from "../task.ts";

const {tf} = ops;

/** petri/core, with steps that are recorded and replayed as `fit` does it; tokens are given as float32, as datasets hold them. */
export function trainOurs({x, labels, params}: Task, model: Layer): Contender {
  const optimizer = ops.adam(ADAM);
  const inputs = tf.tensor(x.values, x.shape);
  const targets = tf.tensor1d(labels, "int32");
  const slope = ops.valueAndGrad((at: ReturnType<typeof nested>) =>
    ops.softmaxCrossEntropy(tf.reshape(model.apply(at, inputs), [targets.size, -1]), targets)
  );
  const training = ops.planned(
    (state) => {
      const [loss, grads] = slope(state.params);
      return {state: ops.applyGradients(state, grads, optimizer), outputs: {loss}};
    },
    ops.initTrainState(nested(params), optimizer)
  );
  return {
    step: () => training.step(),
    async sync() {
      const loss = training.take("loss");
      const [value] = await loss.data();
      loss.dispose();
      return value as number;
    },
    get note() {
      const {status, reason} = training.report;
      return reason === undefined ? status : `${status}: ${reason}`;
    }
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
