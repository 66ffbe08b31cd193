// Random tensors in the manner of jax.random: every function takes the key first. On webgpu large ones are made on the
// GPU from the key: the same bits for integers, uniforms in [0, 1) and zeros and ones, float32-close for the others.
import {type Distribution, drawKernel} from "../../gpu/kernels/random.ts";
import {type Tensor, tf, tidy} from "../tf.ts";
import {ArgumentError, checkCount, checkNumber, ShapeError} from "./errors.ts";
import {type Key, UNIT, uniformRange} from "./key.ts";
import type {Shape} from "./layer.ts";
import {mulHigh} from "./philox.ts";
import {inverseNormal} from "./quantile.ts";

/** Below this a draw in JavaScript and its upload cost less than a dispatch. */
const LEAST_FOR_GPU = 2048;

const sizeOf = (shape: Shape) => shape.reduce((size, dim) => size * dim, 1);

/** Uniform numbers in [low, high). */
export function uniform(key: Key, shape: Shape, low = 0, high = 1): Tensor {
  checkNumber("low", low);
  checkNumber("high", high, low);
  const distribution = {kind: "uniform", ...uniformRange(low, high)} as const;
  return drawn(key, shape, distribution, () => key.uniform(sizeOf(shape), low, high));
}

/**
 * Normal numbers (Box & Muller 1958).
 *
 * @example
 * import {key, random} from "petri/core";
 *
 * const points = random.normal(key(1), [300, 2]).arraySync();
 * display(Plot.dot(points, {r: 2}).plot({aspectRatio: 1, height: 260}));
 */
export function normal(key: Key, shape: Shape, mean = 0, standardDeviation = 1): Tensor {
  checkNumber("mean", mean);
  checkNumber("standardDeviation", standardDeviation, 0);
  const distribution = {kind: "normal", mean, deviation: standardDeviation} as const;
  return drawn(key, shape, distribution, () => key.normal(sizeOf(shape), mean, standardDeviation));
}

/** Standard normal numbers truncated to [-2, 2] by inversion, so that element i needs draw i alone. Its standard deviation is 0.8796. */
export function truncatedNormal(key: Key, shape: Shape, standardDeviation = 1): Tensor {
  checkNumber("standardDeviation", standardDeviation, 0);
  const {start, span} = uniformRange(TAIL, 1 - TAIL);
  const distribution = {kind: "truncatedNormal", start, span, deviation: standardDeviation} as const;
  return drawn(key, shape, distribution, () =>
    key
      .uniform(sizeOf(shape), TAIL, 1 - TAIL)
      .map((p) => standardDeviation * Math.max(-2, Math.min(2, inverseNormal(p))))
  );
}

/** Share of a standard normal below -2. */
const TAIL = 0.022750131948179212;

/** 1 with the given probability, else 0, as float32. */
export function bernoulli(key: Key, probability: number, shape: Shape): Tensor {
  checkNumber("probability", probability, 0, 1);
  // u < p for u = k / 2^24 is k < p 2^24: the same answer in whole numbers.
  const distribution = {kind: "bernoulli", threshold: Math.ceil(probability / UNIT)} as const;
  return drawn(key, shape, distribution, () =>
    key.uniform(sizeOf(shape)).map((u) => (u < probability ? 1 : 0))
  );
}

/** Whole numbers from low to high - 1, int32: the high word of a 32-bit draw times their count (a bias under count / 2^32). */
export function randint(key: Key, shape: Shape, low: number, high: number): Tensor {
  checkCount("low", low, -(2 ** 31));
  checkCount("high", high, low + 1);
  checkNumber("high", high, low + 1, Math.min(2 ** 31, low + 2 ** 32 - 1));
  const count = high - low;
  const distribution = {kind: "integers", low, count} as const;
  return drawn(key, shape, distribution, () =>
    Int32Array.from(key.bits(sizeOf(shape)), (word) => low + (mulHigh(word, count) >>> 0))
  );
}

/** Numbers of the standard Gumbel distribution, -ln(-ln u): added to logits, the largest is a sample of their softmax. */
export function gumbel(key: Key, shape: Shape): Tensor {
  return drawn(key, shape, {kind: "gumbel"}, () =>
    key.uniform(sizeOf(shape)).map((u) => -Math.log(Math.max(-Math.log(1 - u), UNIT / 2)))
  );
}

/**
 * Class numbers drawn from softmax(logits), int32, by the Gumbel-max trick (argmax of logits + Gumbel noise, Maddison et al.
 * 2014): logits [..., classes] -> [...]; with a count, [count, ...]. A class with logit -Infinity never comes.
 */
export function categorical(key: Key, logits: Tensor, count?: number): Tensor {
  if (logits.rank === 0)
    throw new ShapeError("categorical: expected logits of shape [..., classes], got a scalar.");
  if (count !== undefined) checkCount("count", count);
  const shape = count === undefined ? logits.shape : [count, ...logits.shape];
  return tidy(() => tf.argMax(tf.add(logits, gumbel(key, shape)), shape.length - 1));
}

/** The numbers 0 ... count-1 in random order, int32. */
export function permutation(key: Key, count: number): Tensor {
  return tf.tensor(key.permutation(count), [count], "int32");
}

/** `size` of the numbers 0 ... count-1, int32: each at most once, or any number of times with `replace`. */
export function choice(key: Key, count: number, size: number, options: {replace?: boolean} = {}): Tensor {
  checkCount("count", count);
  checkCount("size", size, 0);
  if (options.replace) return randint(key, [size], 0, count);
  if (size > count) {
    throw new ArgumentError(
      `choice: ${size} of ${count} different numbers cannot be had. Ask for fewer, or {replace: true}.`
    );
  }
  return tf.tensor(key.permutation(count).slice(0, size), [size], "int32");
}

function drawn(
  key: Key,
  shape: Shape,
  distribution: Distribution,
  values: () => Float32Array | Int32Array
): Tensor {
  const size = sizeOf(shape);
  // A step's draws are made on the GPU however small: a plan could not repeat the upload.
  const small = size < LEAST_FOR_GPU && !key.later && tf.getBackend() === "webgpu";
  if (small || size === 0) {
    return tf.tensor(values(), [...shape], distribution.kind === "integers" ? "int32" : "float32");
  }
  const {later} = key;
  const attrs = {shape, words: key.words, distribution, values};
  const attrsLater = later && ((ahead: number) => ({...attrs, words: later(ahead).words}));
  return drawKernel({}, attrs, attrsLater)[0] as Tensor;
}
