import {denseProduct} from "../../../gpu/kernels/dense.ts";
import {normalised} from "../../../gpu/kernels/norm.ts";
import {type ActivationName, activationOf} from "../../core/activations.ts";
import {ArgumentError, checkCount} from "../../core/errors.ts";
import {expectShape, type Layer} from "../../core/layer.ts";
import {flatten} from "../../core/layers/flatten.ts";
import {sequential} from "../../core/layers/sequential.ts";
import type {Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {constant} from "../bases/basis.ts";
import {bumpEnds} from "../bases/relu-bumps.ts";
import {checkOptionNames} from "../option-names.ts";
import {torchLinear} from "./initializers.ts";

export interface AfKanOptions {
  /** Intervals of the grid, 3 by default. */
  grid?: number;
  /** Each function reaches over order + 1 intervals; 3 by default. */
  order?: number;
  /** Ends of the grid, [0, 1] by default. */
  range?: readonly [number, number];
  /** What is done to x - low and to high - x, and before the linear map; silu by default. */
  activation?: ActivationName;
  /** How the two are combined, "quad1" (the square of their product) by default. */
  combination?: keyof typeof COMBINATIONS;
  /** How the functions of an input become one number: attention among inputs ("global", the default), among functions ("spatial"), or a weighted sum ("linear"). */
  collapse?: "global" | "spatial" | "linear";
}

const OPTIONS: Readonly<Record<keyof AfKanOptions, true>> = {
  grid: true,
  order: true,
  range: true,
  activation: true,
  combination: true,
  collapse: true
};

/** Parameters of an AF-KAN layer. */
export type AfKanParams = {
  /** Where the functions begin and end, [grid + order], for all inputs. */
  low: Tensor;
  high: Tensor;
  /** [grid + order] and a number; for spatial attention [3, grid + order] and [grid + order]. */
  scores: {weights: Tensor; bias: Tensor};
  /** The attention's temperature, a number; it is taken as 1 where it is less. */
  temperature?: Tensor;
  norm: {scale: Tensor; bias: Tensor};
  /** [inputs, units]. */
  kernel: Tensor;
};

const EPSILON = 1e-5;

/** Names are the paper's. */
const COMBINATIONS = {
  quad1: (a: Tensor, b: Tensor) => tf.square(tf.mul(a, b)),
  quad2: (a: Tensor, b: Tensor) => tf.addN([tf.mul(a, b), tf.square(a), tf.square(b)]),
  sum: (a: Tensor, b: Tensor) => tf.add(a, b),
  prod: (a: Tensor, b: Tensor) => tf.mul(a, b),
  sumProd: (a: Tensor, b: Tensor) => tf.addN([a, b, tf.mul(a, b)]),
  cubic1: (a: Tensor, b: Tensor) => tf.mul(tf.add(a, b), tf.add(tf.square(a), tf.square(b))),
  cubic2: (a: Tensor, b: Tensor) => {
    const product = tf.mul(a, b);
    return tf.mul(tf.square(product), product);
  }
};

/**
 * A layer of AF-KAN (Ta & Tran 2025): ReLU-KAN's bumps with any activation and several ways to combine its two flanks, scaled to [0, 1]; attention makes one number
 * of the functions of each input, so that the linear map after it has as many weights as an MLP's. [batch, inputs] -> [batch, units].
 *
 * The extremes that scale the functions are those of an example here. The paper's code takes the whole batch's, so that what an image is told as depends on its neighbours.
 */
export function afKanLayer(options: AfKanOptions & {units: number}): Layer<AfKanParams> {
  checkOptionNames("afKanLayer", options, {units: true, ...OPTIONS});
  const {units, grid = 3, order = 3, range = [0, 1], collapse = "global"} = options;
  const {activation = "silu", combination = "quad1"} = options;
  checkCount("units", units);
  checkCount("grid", grid);
  checkCount("order", order, 0);
  const combine = COMBINATIONS[combination];
  if (!combine) throw unknown("combination", combination, Object.keys(COMBINATIONS));
  const collapsing = COLLAPSES[collapse];
  if (!collapsing) throw unknown("collapse", collapse, Object.keys(COLLAPSES));
  const activate = activationOf(activation);
  const size = grid + order;
  const name = "afKan";
  return {
    name,
    init(key, inputShape, path = name) {
      const [inputs] = inputShape;
      expectShape(inputShape.length === 1 && inputs !== undefined, path, "[inputs]", inputShape);
      const ends = bumpEnds({grid, order, range});
      return tidy(() => ({
        low: constant(ends.low, [size]),
        high: constant(ends.high, [size]),
        scores:
          collapse === "spatial"
            ? {weights: torchLinear(key.fold(0), [3, size]), bias: tf.zeros([size])}
            : {weights: tf.reshape(torchLinear(key.fold(0), [size, 1]), [size]), bias: tf.scalar(0)},
        ...(collapse !== "linear" && {temperature: tf.scalar(Math.sqrt(inputs))}),
        norm: {scale: tf.ones([inputs]), bias: tf.zeros([inputs])},
        kernel: torchLinear(key.fold(1), [inputs, units])
      }));
    },
    apply(params, x, context) {
      const {low, high, norm, kernel} = params;
      const [inputs] = kernel.shape;
      expectShape(
        x.rank === 2 && x.shape[1] === inputs,
        context?.path ?? name,
        `[batch, ${inputs}]`,
        x.shape
      );
      return tidy(() => {
        const at = tf.expandDims(x, 2);
        const functions = scaled(combine(activate(tf.sub(at, low)), activate(tf.sub(high, at))));
        const collapsed = normalised(collapsing(functions, params), norm, {epsilon: EPSILON, centred: true});
        return denseProduct(activate(collapsed), kernel, undefined, "linear");
      });
    },
    outputShape: () => [units],
    flops: ([inputs = 0]) => 2 * inputs * (units + 8 * size)
  };
}

/**
 * A network of AF-KAN layers (Ta & Tran 2025): afKan([784, 64, 10]). Inputs of any shape are flattened.
 *
 * @example
 * import {afKan} from "petri/kan";
 * import {fit} from "petri/core";
 * import {digits, split} from "petri/datasets";
 *
 * const {train, test} = split(await digits(), {test: 0.2});
 * const training = fit(afKan([64, 32, 10]), train, {test, epochs: 2, logEvery: 10});
 * const rows = [];
 * for await (const row of training) rows.push(row);
 * training.dispose();
 * display(rows.at(-1).testAccuracy);
 */
export function afKan(widths: readonly number[], options: AfKanOptions = {}): Layer<Record<string, Params>> {
  if (widths.length < 2)
    throw new ArgumentError(
      `afKan needs the sizes of inputs and outputs at least, e.g. [64, 32, 10]; got [${widths.join(", ")}].`
    );
  checkOptionNames("afKan", options, OPTIONS);
  const layers = widths.slice(1).map((units) => afKanLayer({...options, units}) as Layer);
  return {...sequential([flatten(), ...layers]), name: "afKan"};
}

function unknown(name: string, value: unknown, known: readonly string[]): ArgumentError {
  return new ArgumentError(`There is no ${name} ${JSON.stringify(value)}. Use one of ${known.join(", ")}.`);
}

/** From 0, the least of an example's numbers, to 1, the greatest. */
function scaled(functions: Tensor): Tensor {
  const least = tf.min(functions, [1, 2], true);
  const greatest = tf.max(functions, [1, 2], true);
  return tf.divNoNan(tf.sub(functions, least), tf.sub(greatest, least));
}

/** [batch, inputs, functions] -> [batch, inputs]. */
type Collapse = (functions: Tensor, params: AfKanParams) => Tensor;

const weighted = (functions: Tensor, {scores: {weights, bias}}: AfKanParams) =>
  tf.add(tf.sum(tf.mul(functions, weights), 2), bias);

const cooled = (scores: Tensor, temperature: Tensor | undefined) =>
  tf.div(scores, tf.maximum(temperature ?? tf.scalar(1), 1));

const COLLAPSES: Record<NonNullable<AfKanOptions["collapse"]>, Collapse> = {
  global(functions, params) {
    const scores = cooled(weighted(functions, params), params.temperature);
    return tf.mul(tf.sum(functions, 2), tf.softmax(scores, 1));
  },
  spatial(functions, {scores: {weights, bias}, temperature}) {
    const [, inputs = 0] = functions.shape;
    const padded = tf.pad(functions, [
      [0, 0],
      [1, 1],
      [0, 0]
    ]);
    const neighbours = [0, 1, 2].map((place) =>
      tf.mul(tf.slice(padded, [0, place, 0], [-1, inputs, -1]), tf.slice(weights, [place, 0], [1, -1]))
    );
    const scores = cooled(tf.add(tf.addN(neighbours), bias), temperature);
    return tf.sum(tf.mul(functions, tf.softmax(scores, 2)), 2);
  },
  linear: weighted
};
