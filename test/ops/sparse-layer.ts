import {expect} from "vitest";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {poison} from "./poison.ts";
import {expectClose} from "./support.ts";

const {tf} = ops;

/** A linear layer in plain numbers. */
export interface LayerData {
  rows: number;
  inputs: number;
  units: number;
  x: Float32Array;
  /** All weights; those that are not kept count as 0. */
  weights: Float32Array;
  /** 1 where a weight is kept. */
  kept: number[];
  bias: Float32Array;
  dy: Float32Array;
}

/** Random numbers for a layer that keeps some weights. */
export function sparseData(
  rows: number,
  inputs: number,
  units: number,
  isKept: (weight: number) => boolean
): LayerData {
  const draw = (seed: number, size: number) => ops.key(seed).uniform(size, -1, 1);
  return {
    rows,
    inputs,
    units,
    x: draw(1, rows * inputs),
    weights: draw(2, inputs * units),
    kept: Array.from({length: inputs * units}, (_, i) => (isKept(i) ? 1 : 0)),
    bias: draw(3, units),
    dy: draw(4, rows * units)
  };
}

type Activation = "linear" | "relu" | "tanh" | "sigmoid" | "elu";

type Layer = (x: Tensor, weights: Tensor, bias: Tensor, activation: Activation) => Tensor;

/** The weights of the layer's format, and how its gradient comes back as that of all weights. */
export interface Stored {
  weights: Tensor;
  spread: (gradient: Tensor) => Tensor;
}

/**
 * Compares a layer's values and gradients with the same in double precision, one product after the other; and a second
 * time with the first, bit for bit.
 */
export async function expectSameLayer(
  data: LayerData,
  stored: Float32Array | Stored,
  layer: Layer
): Promise<void> {
  const {rows, inputs, units} = data;
  const expected = byHand(data);
  const x = tf.tensor2d(data.x, [rows, inputs]);
  const bias = tf.tensor1d(data.bias);
  const dy = tf.tensor2d(data.dy, [rows, units]);
  const weights = stored instanceof Float32Array ? tf.tensor2d(stored, [inputs, units]) : stored.weights;
  const spread = stored instanceof Float32Array ? (gradient: Tensor) => gradient : stored.spread;
  poison([rows, units], [rows, inputs], [inputs, units], weights.shape);
  const run = () => {
    const y = layer(x, weights, bias, "sigmoid");
    const loss = (at: {x: Tensor; weights: Tensor; bias: Tensor}) =>
      tf.sum(tf.mul(layer(at.x, at.weights, at.bias, "sigmoid"), dy));
    return {y, ...ops.grad(loss)({x, weights, bias})};
  };
  const [first, second] = [run(), run()];
  await expectClose(first.y, expected.y);
  await expectClose(first.x, expected.x, {atol: 5e-5});
  await expectClose(spread(first.weights), expected.weights, {atol: 5e-5});
  await expectClose(first.bias, expected.bias, {atol: 5e-5});
  for (const name of ["y", "x", "weights", "bias"] as const)
    expect(await second[name].data(), name).toEqual(await first[name].data());
}

/** A sigmoid layer and its gradients in double precision. */
function byHand({rows, inputs, units, x, weights, kept, bias, dy}: LayerData) {
  const out = {
    y: Array<number>(rows * units).fill(0),
    x: Array<number>(rows * inputs).fill(0),
    weights: Array<number>(inputs * units).fill(0),
    bias: Array<number>(units).fill(0)
  };
  const add = (to: number[], at: number, value: number) => {
    to[at] = (to[at] as number) + value;
  };
  for (let r = 0; r < rows; ++r)
    for (let u = 0; u < units; ++u) {
      let sum = bias[u] as number;
      for (let i = 0; i < inputs; ++i)
        if (kept[i * units + u]) sum += (x[r * inputs + i] as number) * (weights[i * units + u] as number);
      const y = 1 / (1 + Math.exp(-sum));
      out.y[r * units + u] = y;
      const slope = (dy[r * units + u] as number) * y * (1 - y);
      add(out.bias, u, slope);
      for (let i = 0; i < inputs; ++i) {
        const at = i * units + u;
        if (!kept[at]) continue;
        add(out.x, r * inputs + i, slope * (weights[at] as number));
        add(out.weights, at, slope * (x[r * inputs + i] as number));
      }
    }
  return out;
}

/** a^T b of matrices [rows, width], in double precision. */
export function productByHand(a: ArrayLike<number>, b: ArrayLike<number>, rows: number): number[] {
  const [left, right] = [a.length / rows, b.length / rows];
  return Array.from({length: left * right}, (_, at) => {
    let sum = 0;
    for (let r = 0; r < rows; ++r)
      sum += (a[r * left + Math.floor(at / right)] as number) * (b[r * right + (at % right)] as number);
    return sum;
  });
}

/** [rows, columns] turned. */
export function turned(x: ArrayLike<number>, rows: number): number[] {
  const columns = x.length / rows;
  return Array.from(x, (_, at) => x[(at % rows) * columns + Math.floor(at / rows)] as number);
}
