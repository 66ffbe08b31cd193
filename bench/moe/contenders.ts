import {ops} from "../../src/ops/index.ts";
import {mlpExpert, moe, topKRouter} from "../../src/ops/moe/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {type MoeContender, type MoeTask, numbersOf} from "./task.ts";

const {tf} = ops;

type Parameters = Record<"router" | "first" | "second", Tensor>;

/** Which experts each token goes to and what they count, in plain tfjs. */
function routed(x: Tensor, router: Tensor, k: number): {indices: Tensor; weights: Tensor} {
  const {values, indices} = tf.topk(tf.matMul(x as never, router as never), k);
  return {indices, weights: tf.softmax(values)};
}

/** Gradients of the mean of the squared outputs, by all parameters. `apply` may have read what it needs beforehand. */
function contender(
  task: MoeTask,
  applyWith: (parameters: Parameters, x: Tensor) => Promise<(at: Parameters) => Tensor>
): MoeContender {
  const {x, ...numbers} = numbersOf(task);
  const tensor = ({values, shape}: typeof x) => tf.tensor(values, shape) as Tensor;
  const inputs = tensor(x);
  const parameters: Parameters = {
    router: tensor(numbers.router),
    first: tensor(numbers.first),
    second: tensor(numbers.second)
  };
  const read = async (loss: Tensor) => {
    const [value] = await loss.data();
    loss.dispose();
    return value as number;
  };
  const lossOf = (apply: (at: Parameters) => Tensor) => (at: Parameters) => tf.mean(tf.square(apply(at)));
  return {
    async outputs() {
      const apply = await applyWith(parameters, inputs);
      tf.tidy(() => void apply(parameters));
    },
    async forward() {
      const apply = await applyWith(parameters, inputs);
      return read(tf.tidy(() => lossOf(apply)(parameters)));
    },
    async both() {
      const apply = await applyWith(parameters, inputs);
      return read(
        tf.tidy(() => {
          const [loss, grads] = ops.valueAndGrad(lossOf(apply))(parameters);
          tf.dispose(grads as never);
          return loss;
        })
      );
    },
    dispose: () => tf.dispose([inputs, ...Object.values(parameters)])
  };
}

/** The layer of petri/moe. */
export function ours(task: MoeTask): MoeContender {
  const {experts, k, hidden} = task;
  const layer = moe({experts, router: topKRouter({k}), expert: mlpExpert({hidden, bias: false})});
  return contender(task, async (_parameters, x) => ({router, first, second}) => {
    const params = {router: {kernel: router}, experts: {in: {kernel: first}, out: {kernel: second}}};
    return layer.apply(params as never, x);
  });
}

/** Every expert has room for as many tokens as the busiest has; tokens come and go by products with zeros and ones, as in GShard. */
export function einsum(task: MoeTask): MoeContender {
  const {experts, k, tokens} = task;
  let capacity: Promise<number> | undefined;
  return contender(task, async ({router: kernel}, from) => {
    // Known beforehand: whoever uses this has it as an option.
    capacity ??= busiest(
      tf.tidy(() => routed(from, kernel, k).indices),
      experts
    );
    const room = await capacity;
    return ({router, first, second}) => {
      const {indices, weights} = routed(from, router, k);
      // Nothing goes back through whole numbers, and tfjs's gradient of cumsum has the wrong shape.
      const chosen = ops.stopGradient(
        tf.oneHot(tf.reshape(indices, [tokens * k]) as never, experts).toFloat()
      );
      const position = tf.sum(tf.mul(tf.cumsum(chosen, 0, true), chosen), 1);
      const slot = tf.oneHot(position.toInt(), room).toFloat();
      const slots = tf.reshape(slot, [tokens, k, room]);
      const own = tf.reshape(chosen, [tokens, k, experts]);
      const sent = (by: Tensor) => tf.reshape(tf.matMul(by, slots, true), [tokens, experts * room]);
      const taken = tf.reshape(tf.matMul(sent(own), from as never, true), [experts, room, -1]);
      const y = tf.matMul(tf.relu(tf.matMul(taken, first)), second);
      const combine = sent(tf.mul(own, tf.expandDims(weights, 2)));
      return tf.matMul(combine, tf.reshape(y, [experts * room, -1]));
    };
  });
}

async function busiest(indices: Tensor, experts: number): Promise<number> {
  const counts = new Int32Array(experts);
  for (const e of await indices.data()) counts[e] = (counts[e] as number) + 1;
  indices.dispose();
  return Math.max(...counts);
}

/** The experts one after the other, each with its own tokens, as the reference of Mixtral does: the choices are read first. */
export function loop(task: MoeTask): MoeContender {
  const {experts, k, tokens} = task;
  return contender(task, async ({router: kernel}, x) => {
    const known = tf.tidy(() => routed(x, kernel, k).indices);
    const choices = await known.data();
    known.dispose();
    const lists = Array.from({length: experts}, () => [] as number[]);
    choices.forEach((e, choice) => {
      lists[e]?.push(choice);
    });
    const order = lists.flat();
    const places = new Int32Array(order.length);
    order.forEach((choice, row) => {
      places[choice] = row;
    });
    return ({router, first, second}) => {
      const {weights} = routed(x, router, k);
      // Taken apart once: the gradient of a slice is as large as all kernels together.
      const [firsts, seconds] = [tf.unstack(first), tf.unstack(second)] as [Tensor[], Tensor[]];
      const outputs = lists.flatMap((list, e) => {
        if (list.length === 0) return [];
        const rows = tf.gather(
          x,
          tf.tensor1d(
            list.map((choice) => Math.floor(choice / k)),
            "int32"
          )
        );
        return [tf.matMul(tf.relu(tf.matMul(rows as never, firsts[e] as never)), seconds[e] as never)];
      });
      const y = tf.gather(tf.concat(outputs, 0), tf.tensor1d(places, "int32"));
      return tf.sum(tf.mul(tf.reshape(y, [tokens, k, -1]), tf.expandDims(weights, 2)), 1);
    };
  });
}

/** One network for all tokens that does as much work for each: k times the hidden units. */
export function dense({experts: _, k, ...task}: MoeTask): MoeContender {
  const [first, second] = [
    ops.dense({units: k * task.hidden, useBias: false, activation: "relu"}),
    ops.dense({units: task.features, useBias: false})
  ];
  return contender({...task, k: 1, experts: 1, hidden: k * task.hidden}, async (_parameters, x) => (at) => {
    const kernelOf = (stacked: Tensor) => ({kernel: tf.squeeze(stacked, [0])}) as never;
    return second.apply(kernelOf(at.second), first.apply(kernelOf(at.first), x));
  });
}
