import {ArgumentError, checkCount} from "./errors.ts";
import {philox4x32, philoxStream} from "./philox.ts";

// The last counter word separates the uses of one key: draws, splits and folds never meet.
const DRAW = 0;
const SPLIT = 1;
const FOLD = 2;

/** A step of the 24 bits of a uniform number. */
export const UNIT = 2 ** -24;

/**
 * A random key in the manner of JAX: a value, not a generator. The same key always gives the same numbers, on every
 * backend; `split` it or `fold` a number in to get others. Element i of a draw is word i % 4 of Philox block i / 4.
 *
 * @example
 * import {key} from "petri/core";
 *
 * const [weights, noise] = key(42).split(2);
 * display(weights.uniform(3));
 * display(noise.normal(3));
 * display(key(42).fold(7).permutation(5));
 */
export class Key {
  readonly words: readonly [number, number];
  /** The same key of the step so many ahead, for a key that belongs to a step of a training: plans draw anew with it. */
  readonly later: ((ahead: number) => Key) | undefined;

  constructor(words: readonly [number, number], later?: (ahead: number) => Key) {
    this.words = [words[0] >>> 0, words[1] >>> 0];
    this.later = later;
  }

  /** `count` independent keys. */
  split(count = 2): Key[] {
    checkCount("count", count);
    return Array.from({length: count}, (_, i) => this.derive(i, SPLIT));
  }

  /** The key that belongs to `data` (a step, a layer's number): independent of this one and of its splits. */
  fold(data: number): Key {
    if (!Number.isSafeInteger(data) || data < 0) {
      throw new ArgumentError(`fold needs a whole number from 0 to 2^53 - 1, got ${String(data)}.`);
    }
    return this.derive(data, FOLD);
  }

  /** `count` uniformly distributed 32-bit words. */
  bits(count: number): Uint32Array {
    checkCount("count", count, 0);
    const words = new Uint32Array(count);
    philoxStream(this.words, DRAW, words);
    return words;
  }

  /** `count` numbers in [low, high), made from 24 bits each: exact in float32 from 0 to 1. */
  uniform(count: number, low = 0, high = 1): Float32Array {
    const {start, span, last} = uniformRange(low, high);
    const words = this.bits(count);
    const out = new Float32Array(count);
    for (let i = 0; i < count; ++i) {
      const value = start + ((words[i] as number) >>> 8) * UNIT * span;
      out[i] = Math.min(value, last);
    }
    return out;
  }

  /** `count` normally distributed numbers (Box-Muller over pairs of uniforms). */
  normal(count: number, mean = 0, standardDeviation = 1): Float32Array {
    const words = this.bits(Math.ceil(count / 2) * 2);
    const out = new Float32Array(count);
    for (let i = 0; i < count; i += 2) {
      const radius = radiusOf(1 - ((words[i] as number) >>> 8) * UNIT);
      const angle = 2 * Math.PI * ((words[i + 1] as number) >>> 8) * UNIT;
      out[i] = mean + standardDeviation * radius * Math.cos(angle);
      // Past the end of an odd count nothing is written.
      out[i + 1] = mean + standardDeviation * radius * Math.sin(angle);
    }
    return out;
  }

  /** The numbers 0 ... count-1 in random order (Fisher-Yates). */
  permutation(count: number): Int32Array {
    const order = Int32Array.from({length: count}, (_, i) => i);
    const words = this.bits(count);
    for (let i = count - 1; i > 0; --i) {
      const j = Math.floor((words[i] ?? 0) * 2 ** -32 * (i + 1));
      const swapped = order[i] ?? 0;
      order[i] = order[j] ?? 0;
      order[j] = swapped;
    }
    return order;
  }

  private derive(data: number, use: number): Key {
    const out = new Uint32Array(4);
    philox4x32([data >>> 0, Math.floor(data / 2 ** 32) >>> 0, 0, use], this.words, out);
    const {later} = this;
    return new Key([out[0] ?? 0, out[1] ?? 0], later && ((ahead) => later(ahead).derive(data, use)));
  }
}

/** `parent.fold(step)`, as a key that knows those of the steps after it. */
export function stepKey(parent: Key, step: number): Key {
  return new Key(parent.fold(step).words, (ahead) => parent.fold(step + ahead));
}

/** The key of a seed, a whole number from 0 to 2^53 - 1. */
export function key(seed: number): Key {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new ArgumentError(`A seed must be a whole number from 0 to 2^53 - 1, got ${String(seed)}.`);
  }
  return new Key([seed >>> 0, Math.floor(seed / 2 ** 32)]);
}

/** Two independent standard normals from u1 in (0, 1] and u2 in [0, 1) (Box & Muller 1958). */
export function boxMuller(u1: number, u2: number): [number, number] {
  const radius = radiusOf(u1);
  return [radius * Math.cos(2 * Math.PI * u2), radius * Math.sin(2 * Math.PI * u2)];
}

function radiusOf(u1: number): number {
  return Math.sqrt(-2 * Math.log(u1));
}

/** The numbers start + span u, as float32 has them, and the largest of them that is below `high`: rounding may reach it. */
export function uniformRange(low: number, high: number): {start: number; span: number; last: number} {
  const start = Math.fround(low);
  const end = new Float32Array([high]);
  const bits = new Int32Array(end.buffer);
  if ((end[0] as number) >= high) bits[0] = (bits[0] as number) + (high > 0 ? -1 : 1);
  const below = high === 0 ? -(2 ** -149) : (end[0] as number);
  return {start, span: Math.fround(high - low), last: Math.max(start, below)};
}
