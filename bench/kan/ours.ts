import {splineDense} from "../../src/gpu/kernels/spline-dense.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {GRID, type KanContender, type KanTask, numbersOf} from "./task.ts";

const {tf} = ops;

export type Parameters = Tensor[];

/** A contender of tensors: gradients of `apply` of parameters and inputs. */
export function contender(
  parameters: Parameters,
  x: Tensor,
  apply: (at: Parameters, x: Tensor) => Tensor
): KanContender {
  const lossOf = (at: Parameters) => tf.mean(tf.square(apply(at, x)));
  const read = async (loss: Tensor) => {
    const [value] = await loss.data();
    loss.dispose();
    return value as number;
  };
  return {
    forward: () => read(tf.tidy(() => lossOf(parameters))),
    both: () =>
      read(
        tf.tidy(() => {
          const [loss, grads] = ops.valueAndGrad(lossOf as never)(parameters as never) as unknown as [
            Tensor,
            Tensor[]
          ];
          tf.dispose(grads);
          return loss;
        })
      )
  };
}

/** Parameters and inputs as tensors. */
export function tensorsOf(task: KanTask): {parameters: Parameters; x: Tensor} {
  const {x, layers} = numbersOf(task);
  const parameters = layers.flatMap(({coefficients, baseWeights}) =>
    [coefficients, baseWeights].map(({values, shape}) => tf.tensor(values, shape))
  );
  return {parameters, x: tf.tensor(x.values, x.shape)};
}

/** A network of fused layers. */
export function ours(task: KanTask): KanContender {
  const {order, intervals} = task;
  const {parameters, x} = tensorsOf(task);
  return contender(parameters, x, (at, inputs) => {
    let h = inputs;
    for (let i = 0; i < at.length; i += 2)
      h = splineDense({
        x: h,
        coefficients: at[i] as Tensor,
        baseWeights: at[i + 1] as Tensor,
        order,
        grid: {...GRID, intervals}
      });
    return h;
  });
}

/** Dense layers with as many parameters: of the same inputs and outputs, but more units between them. */
export function mlp({widths, batch, order, intervals}: KanTask): KanContender {
  const [inputs, hidden, outputs] = widths as [number, number, number];
  const units = hidden * (intervals + order + 1);
  const key = ops.key(1);
  const kernels = [
    ops.random.normal(key, [inputs, units]),
    ops.random.normal(ops.key(2), [units, outputs])
  ] as Parameters;
  const x = ops.random.normal(ops.key(3), [batch, inputs]) as Tensor;
  const model = [
    ops.dense({units, useBias: false, activation: "relu"} as never),
    ops.dense({units: outputs, useBias: false} as never)
  ];
  return contender(kernels, x, (at, from) =>
    model.reduce((h, layer, i) => layer.apply({kernel: at[i]} as never, h) as Tensor, from)
  );
}
