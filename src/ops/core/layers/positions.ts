import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkCount, checkNumber} from "../errors.ts";
import type {Initializer} from "../initializers.ts";
import {expectShape, type Layer, type Shape} from "../layer.ts";
import {normal} from "../random.ts";

/** Wavelengths go up to 2 pi times this, as in the paper. */
const BASE = 10_000;

/**
 * Adds sinusoidal positions (Vaswani et al. 2017): feature 2i of step t gets sin(t / 10000^(2i / features)), feature 2i + 1 the
 * cosine of the same angle. [batch, time, features] -> the same.
 *
 * @example
 * import {sinusoids} from "petri/core";
 *
 * const cells = sinusoids(40, 32).flatten().arraySync().map((value, i) => ({step: Math.floor(i / 32), feature: i % 32, value}));
 * display(Plot.plot({height: 240, color: {scheme: "RdBu"}, x: {ticks: []}, y: {ticks: []}, marks: [
 *   Plot.cell(cells, {x: "step", y: "feature", fill: "value", inset: -0.5})
 * ]}));
 */
export function sinusoidalPositions(): Layer<Record<never, never>> {
  const name = "sinusoidalPositions";
  return {
    name,
    init(_key, inputShape, path = name) {
      expectSteps(inputShape, path);
      return {};
    },
    apply(_params, x, context) {
      expectSteps(x.shape.slice(1), context?.path ?? name);
      return tidy(() => tf.add(x, sinusoids(x.shape[1] as number, x.shape[2] as number)));
    },
    flops: (shape) => shape.reduce((size, dim) => size * dim, 1)
  };
}

/** The table of sinusoidal positions, [time, features]: see `sinusoidalPositions`. */
export function sinusoids(time: number, features: number): Tensor {
  const values = Array.from({length: time * features}, (_, i) => {
    const [step, feature] = [Math.floor(i / features), i % features];
    const angle = step / BASE ** ((feature - (feature % 2)) / features);
    return feature % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
  return tf.tensor(values, [time, features]);
}

/** Parameters: a row for each step, [maxTime, features]. */
export type LearnedPositionsParams = {table: Tensor};

const smallNormal: Initializer = (key, shape) => normal(key, shape, 0, 0.02);

/** Adds a learned row to every step, [batch, time, features] -> the same, for at most `maxTime` steps (that of `init` by default), as in GPT-2. */
export function learnedPositions(
  options: {maxTime?: number; tableInit?: Initializer} = {}
): Layer<LearnedPositionsParams> {
  const {maxTime, tableInit = smallNormal} = options;
  if (maxTime !== undefined) checkCount("maxTime", maxTime);
  const name = "learnedPositions";
  return {
    name,
    init(key, inputShape, path = name) {
      const [time, features] = expectSteps(inputShape, path);
      expectShape(time <= (maxTime ?? time), path, `[at most ${maxTime}, features]`, inputShape);
      return {table: tableInit(key, [maxTime ?? time, features])};
    },
    apply({table}, x, context) {
      const [most = 0, features = 0] = table.shape;
      const [, time = 0] = x.shape;
      expectShape(
        x.rank === 3 && time <= most && x.shape[2] === features,
        context?.path ?? name,
        `[batch, at most ${most}, ${features}]`,
        x.shape
      );
      return tidy(() => tf.add(x, time === most ? table : tf.slice(table, [0, 0], [time, features])));
    },
    flops: (shape) => shape.reduce((size, dim) => size * dim, 1)
  };
}

export interface RotaryOptions {
  /** Wavelengths go up to 2 pi times this, 10,000 by default. */
  base?: number;
  /** The position of the first step, 0 by default. */
  offset?: number;
}

/**
 * Rotary position embedding (Su et al. 2021): features i and i + features / 2 of step t are turned by the angle
 * t / base^(2i / features), so that products of queries and keys depend on their distance alone. Halves are paired, as in
 * GPT-NeoX and LLaMA. [..., time, features] -> the same; the features must be even.
 */
export function rotary(x: Tensor, {base = BASE, offset = 0}: RotaryOptions = {}): Tensor {
  checkNumber("base", base, 1);
  const [time = 0, features = 0] = x.shape.slice(-2);
  expectShape(
    x.rank >= 2 && features % 2 === 0,
    "rotary",
    "[..., time, an even number of features]",
    x.shape
  );
  return tidy(() => {
    const half = features / 2;
    const angles = Array.from(
      {length: time * half},
      (_, i) => (Math.floor(i / half) + offset) / base ** ((2 * (i % half)) / features)
    );
    const cosines = tf.tensor(angles.map(Math.cos), [time, half]);
    const sines = tf.tensor(angles.map(Math.sin), [time, half]);
    const [a, b] = tf.split(x, 2, -1) as [Tensor, Tensor];
    return tf.concat(
      [tf.sub(tf.mul(a, cosines), tf.mul(b, sines)), tf.add(tf.mul(b, cosines), tf.mul(a, sines))],
      -1
    );
  });
}

function expectSteps(shape: Shape, path: string): [time: number, features: number] {
  const [time, features] = shape;
  expectShape(
    shape.length === 2 && time !== undefined && features !== undefined,
    path,
    "[time, features]",
    shape
  );
  return [time, features];
}
