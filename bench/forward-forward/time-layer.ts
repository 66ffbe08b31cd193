import type {DenseParams} from "../../src/ops/core/layers/dense.ts";
import {goodnessGradient, logisticLoss} from "../../src/ops/forward-forward/goodness.ts";
import type {Block} from "../../src/ops/forward-forward/local-rule.ts";
import {divisorOf} from "../../src/ops/forward-forward/normalization.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {counted} from "../steps/counts.ts";
import {generator} from "../steps/task.ts";
import {median} from "../support/median.ts";

const {tf} = ops;

export interface LayerEffort {
  /** Positives, and as many negatives. */
  batch: number;
  width: number;
  rounds: number;
}

/** What one way to do a layer's step did. */
export interface LayerTiming {
  name: "petri" | "plain tfjs";
  /** Milliseconds. */
  step: number;
  loss: number;
  /** On webgpu. */
  dispatches: number;
}

const RATE = 0.01;

/** A step of a layer: its parameters anew, its loss, and what the next layer is given. */
type Step = (params: DenseParams, x: Tensor) => {params: DenseParams; loss: Tensor; y: Tensor};

/** Our fused step, and the optimizer's. */
function fused(width: number): Step {
  const layer = ops.dense({units: width, activation: "relu"});
  const optimizer = ops.sgd({learningRate: RATE});
  const options = {goodness: "sum", loss: logisticLoss(width), divisor: divisorOf("rms", width)} as const;
  return (params, x) =>
    tf.tidy(() => {
      const block = {layer, params: {layer: params}} as unknown as Block;
      const {loss, normalized, updates} = goodnessGradient(block, x, {path: "block1"}, options);
      const next = ops.stepOptimizer(optimizer, updates, optimizer.init(params), params);
      return {params: next.params as DenseParams, loss, y: normalized as Tensor};
    }) as ReturnType<Step>;
}

/** What a reader of tfjs's guides writes: operations, and the gradients of a tape. */
function composed(width: number, batch: number): Step {
  return ({kernel, bias}, x) =>
    tf.tidy(() => {
      let z: Tensor | undefined;
      const lossOf = (w: Tensor, b: Tensor) => {
        z = tf.keep(tf.relu(tf.add(tf.matMul(x as never, w as never), b)));
        const goodness = tf.sum(tf.square(z), 1);
        const positive = tf.softplus(tf.sub(width, tf.slice(goodness, [0], [batch])));
        const negative = tf.softplus(tf.sub(tf.slice(goodness, [batch], [batch]), width));
        return tf.mean(tf.concat([positive, negative])) as never;
      };
      const {value, grads} = tf.valueAndGrads(lossOf as never)([kernel, bias] as never);
      const [dw, db] = grads as [Tensor, Tensor];
      const own = z as unknown as Tensor;
      const y = tf.div(own, tf.add(tf.sqrt(tf.mean(tf.square(own), 1, true)), 1e-8));
      own.dispose();
      const params = {
        kernel: tf.sub(kernel, tf.mul(dw, RATE)),
        bias: tf.sub(bias as Tensor, tf.mul(db, RATE))
      };
      return {params, loss: value, y};
    }) as unknown as ReturnType<Step>;
}

/** Steps of one layer in both ways, in turn. */
export async function timeGoodness({batch, width, rounds}: LayerEffort): Promise<LayerTiming[]> {
  const random = generator(3);
  const tensor = (shape: number[], size: number) =>
    tf.tensor(random.uniform(shape, size).values, shape) as Tensor;
  const x = tensor([2 * batch, width], 1.7);
  const start = () => ({
    kernel: tensor([width, width], 2 / Math.sqrt(width)),
    bias: tf.zeros([width]) as Tensor
  });
  const ways = [
    {name: "petri", step: fused(width)},
    {name: "plain tfjs", step: composed(width, batch)}
  ] as const;
  const first = start();
  const running = ways.map(({name, step}) => ({
    name,
    step,
    params: {kernel: tf.clone(first.kernel), bias: tf.clone(first.bias)} as DenseParams,
    times: [] as number[],
    loss: 0
  }));
  const once = async (way: (typeof running)[number]) => {
    const from = performance.now();
    const {params, loss, y} = way.step(way.params, x);
    tf.dispose([way.params.kernel, way.params.bias as Tensor, y]);
    way.params = params;
    const [value] = await loss.data();
    loss.dispose();
    way.loss = value as number;
    return performance.now() - from;
  };
  const dispatches: number[] = [];
  for (const way of running) {
    await once(way);
    const counts = await counted(async () => void (await once(way)));
    dispatches.push(counts.dispatches);
  }
  for (let round = 0; round < rounds; ++round) for (const way of running) way.times.push(await once(way));
  const timings = running.map(({name, times, loss}, i) => ({
    name,
    step: median(times),
    loss,
    dispatches: dispatches[i] as number
  }));
  for (const {params} of running) tf.dispose([params.kernel, params.bias as Tensor]);
  tf.dispose([x, first.kernel, first.bias]);
  return timings;
}
