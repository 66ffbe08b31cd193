import {ArgumentError, checkCount, checkNumber, checkOptions, ShapeError} from "../../core/errors.ts";
import type {Key} from "../../core/key.ts";
import {checkFinite, checkGiven, checkKey} from "../checks.ts";

/** Rows of spins, -1 and 1, or 0 where a pattern says nothing: row after row. */
export interface Spins {
  readonly rows: number;
  /** Spins a row. */
  readonly size: number;
  readonly values: Int8Array;
}

export interface PatternOptions {
  rows: number;
  size: number;
  /** The share of spins that are 0: patterns that leave room for others beside them. None by default. */
  dilution?: number;
}

/**
 * Random patterns: every spin is 0 with probability `dilution`, else -1 or 1, equally often. Plain data, from the key alone.
 *
 * @example
 * import {key} from "petri/core";
 * import {denseHebbian, noisyExamples, overlaps, randomPatterns, retrieve} from "petri/forward-forward";
 *
 * const archetypes = randomPatterns(key(0), {rows: 3, size: 200});
 * const examples = noisyExamples(key(1), archetypes, {count: 20, quality: 0.4});
 * const memory = denseHebbian(examples, {order: 4});
 * const {state} = retrieve(memory, examples.values.subarray(0, 200), {key: key(2)});
 * display(overlaps(state, archetypes));
 */
export function randomPatterns(key: Key, options: PatternOptions): Spins {
  checkKey("randomPatterns", key);
  checkOptions("randomPatterns", options, {rows: true, size: true, dilution: true});
  const {rows, size, dilution = 0} = options;
  checkCount("rows", rows);
  checkCount("size", size);
  checkNumber("dilution", dilution, 0, 1);
  const drawn = key.uniform(rows * size);
  const half = dilution + (1 - dilution) / 2;
  return {rows, size, values: Int8Array.from(drawn, (u) => (u < dilution ? 0 : u < half ? -1 : 1))};
}

/** Noisy examples of each archetype: [archetype][example][spin]. */
export interface Examples {
  readonly archetypes: number;
  /** Examples of each archetype. */
  readonly count: number;
  readonly size: number;
  readonly values: Int8Array;
}

export interface ExampleOptions {
  /** Examples of each archetype. */
  count: number;
  /** r: a spin is the archetype's with probability (1 + r) / 2, else the opposite; 1 makes copies, 0 noise. */
  quality: number;
}

/** Examples of archetypes, each spin turned with probability (1 - quality) / 2. Spins of 0 stay. */
export function noisyExamples(key: Key, archetypes: Spins, options: ExampleOptions): Examples {
  checkKey("noisyExamples", key);
  checkGiven("noisyExamples", archetypes, "spins such as randomPatterns(...) gives");
  checkOptions("noisyExamples", options, {count: true, quality: true});
  const {count, quality} = options;
  checkCount("count", count);
  checkNumber("quality", quality, 0, 1);
  const {rows, size, values} = archetypes;
  const drawn = key.uniform(rows * count * size);
  const turned = (1 - quality) / 2;
  const spins = Int8Array.from(drawn, (u, i) => {
    const row = Math.floor(i / (count * size));
    const spin = values[row * size + (i % size)] as number;
    return u < turned ? -spin : spin;
  });
  return {archetypes: rows, count, size, values: spins};
}

/** Rows of numbers as spins, 1 where a number is above the threshold: rows of images, say. @throws ShapeError where they are no whole rows. */
export function asSpins(numbers: ArrayLike<number>, size: number, threshold: number): Spins {
  checkCount("size", size);
  checkNumber("threshold", threshold);
  checkGiven("asSpins", numbers, "rows of numbers");
  if (numbers.length === 0 || numbers.length % size !== 0)
    throw new ShapeError(`asSpins: ${numbers.length} numbers are no whole rows of ${size}.`);
  checkFinite("Numbers of asSpins", numbers);
  const values = Int8Array.from({length: numbers.length}, (_, i) =>
    (numbers[i] as number) > threshold ? 1 : -1
  );
  return {rows: numbers.length / size, size, values};
}

/** Examples that are there already, with the archetype (from 0) of each: as many of each archetype as the rarest has. */
export function examplesOf(spins: Spins, labels: ArrayLike<number>, archetypes: number): Examples {
  checkCount("archetypes", archetypes);
  checkGiven("examplesOf", spins, "spins such as asSpins(...) gives");
  checkGiven("examplesOf", labels, "an archetype for each row of spins");
  if (labels.length !== spins.rows)
    throw new ShapeError(`examplesOf: ${labels.length} labels for ${spins.rows} rows of spins.`);
  const rows: number[][] = Array.from({length: archetypes}, () => []);
  for (let i = 0; i < labels.length; ++i) {
    const own = rows[labels[i] as number];
    if (!own)
      throw new ArgumentError(
        `examplesOf: row ${i} is of the archetype ${String(labels[i])}, and there are ${archetypes}, from 0 on: take the row out, or count more.`
      );
    own.push(i);
  }
  const count = Math.min(...rows.map((own) => own.length));
  if (count === 0)
    throw new ArgumentError(
      `examplesOf: every archetype from 0 to ${archetypes - 1} needs an example; some have none.`
    );
  const {size, values} = spins;
  const out = new Int8Array(archetypes * count * size);
  rows.forEach((own, mu) => {
    own.slice(0, count).forEach((row, a) => {
      out.set(values.subarray(row * size, (row + 1) * size), (mu * count + a) * size);
    });
  });
  return {archetypes, count, size, values: out};
}

/** The overlap of a state with every pattern, sum of products of spins over the number of all spins (0 where a pattern says nothing). */
export function overlaps(state: ArrayLike<number>, patterns: Spins): number[] {
  checkGiven("overlaps", patterns, "patterns such as randomPatterns(...) gives");
  checkGiven("overlaps", state, `a state of ${patterns.size} spins`);
  const {rows, size, values} = patterns;
  if (state.length !== size)
    throw new ShapeError(`overlaps: expected a state of ${size} spins, got ${state.length}.`);
  checkFinite("Spins of a state", state);
  return Array.from({length: rows}, (_, mu) => {
    let sum = 0;
    for (let i = 0; i < size; ++i) sum += (values[mu * size + i] as number) * (state[i] as number);
    return sum / size;
  });
}
