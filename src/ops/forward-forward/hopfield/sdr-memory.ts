import {ArgumentError, checkCount, checkNumber, checkOptions, ShapeError} from "../../core/errors.ts";
import type {Key} from "../../core/key.ts";
import {checkGiven, checkKey} from "../checks.ts";

export interface SdrMemoryOptions {
  /** Numbers of an input, each 0 or 1. */
  inputs: number;
  /** Q: a code is one winner in each of so many modules. */
  modules: number;
  /** K: units of a module. */
  units: number;
  /** By how much a familiar input's best unit is preferred, times K, 100 by default. */
  gain?: number;
  /** Of the sigmoid over a unit's share of the input that it knows, 20 by default. */
  steepness?: number;
  /** Where it is one half, 0.7 by default. */
  midpoint?: number;
  /** Familiarity below which all units are alike, 0.1 by default. */
  floor?: number;
}

/** What a memory makes of an input. */
export interface SdrCode {
  /** The winner of each module, from 0. */
  winners: Int32Array;
  /** G: the mean over modules of the best unit's share of the input that it knows, 0 to 1. */
  familiarity: number;
}

const optionNames: Readonly<Record<keyof SdrMemoryOptions, true>> = {
  inputs: true,
  modules: true,
  units: true,
  gain: true,
  steepness: true,
  midpoint: true,
  floor: true
};

/**
 * A memory of sparse distributed codes that are laid over each other (after Rinkus & Leveille, arXiv:1710.07829): weights are 0 or 1, and an input
 * is stored in one presentation. A unit's u is the share of the input's ones that it has a weight from; G, how familiar the input is,
 * is the mean over modules of the largest u. Winners are drawn in each module with probabilities in proportion to
 * 1 + gain K g^2 sigmoid(steepness (u - midpoint)), g = max(0, (G - floor) / (1 - floor)): at random for what is new, the best for what is
 * known, so that similar inputs get codes that overlap. Storing sets the weights from the input's ones to its winners to 1.
 * Throws an ArgumentError for options it does not know.
 *
 * @example
 * import {key} from "petri/core";
 * import {codeOverlap, SdrMemory} from "petri/forward-forward";
 *
 * const memory = new SdrMemory({inputs: 60, modules: 20, units: 8});
 * const item = Uint8Array.from(key(1).uniform(60), (u) => (u < 0.3 ? 1 : 0));
 * const first = memory.store(item, key(2));
 * const again = memory.code(item, key(3));
 * display({familiarity: [first.familiarity, again.familiarity], overlap: codeOverlap(first, again)});
 */
export class SdrMemory {
  readonly options: Required<SdrMemoryOptions>;
  /** [inputs, modules, units], 0 or 1. */
  readonly weights: Uint8Array;

  constructor(options: SdrMemoryOptions) {
    checkOptions("SdrMemory", options, optionNames);
    const {inputs, modules, units, gain = 100, steepness = 20, midpoint = 0.7, floor = 0.1} = options;
    checkCount("inputs", inputs);
    checkCount("modules", modules);
    checkCount("units", units, 2);
    checkNumber("gain", gain, 0);
    checkNumber("steepness", steepness, 0);
    checkNumber("midpoint", midpoint, 0, 1);
    checkNumber("floor", floor, 0, 0.999);
    this.options = {inputs, modules, units, gain, steepness, midpoint, floor};
    this.weights = new Uint8Array(inputs * modules * units);
  }

  /** The code of an input, without learning it. The same key draws the same. */
  code(input: ArrayLike<number>, key: Key): SdrCode {
    checkKey("SdrMemory", key);
    const {modules, units, gain, steepness, midpoint, floor} = this.options;
    const shares = this.shares(this.onesOf(input));
    const best = Array.from({length: modules}, (_, q) =>
      Math.max(...shares.subarray(q * units, (q + 1) * units))
    );
    const familiarity = best.reduce((sum, share) => sum + share, 0) / modules;
    const certain = Math.max(0, (familiarity - floor) / (1 - floor)) ** 2;
    const odds = shares.map(
      (u) => 1 + (gain * units * certain) / (1 + Math.exp(-steepness * (u - midpoint)))
    );
    const drawn = key.uniform(modules);
    const winners = Int32Array.from(drawn, (u, q) => pick(odds.subarray(q * units, (q + 1) * units), u));
    return {winners, familiarity};
  }

  /** The code of an input, which the memory learns at once. */
  store(input: ArrayLike<number>, key: Key): SdrCode {
    const {modules, units} = this.options;
    const made = this.code(input, key);
    for (const i of this.onesOf(input))
      made.winners.forEach((winner, q) => {
        this.weights[(i * modules + q) * units + winner] = 1;
      });
    return made;
  }

  /** By unit, [modules x units]: the share of the input's ones that it has a weight from. */
  private shares(ones: readonly number[]): Float64Array {
    const size = this.options.modules * this.options.units;
    const out = new Float64Array(size);
    for (const i of ones)
      for (let unit = 0; unit < size; ++unit)
        out[unit] = (out[unit] as number) + (this.weights[i * size + unit] as number);
    return out.map((known) => known / ones.length);
  }

  private onesOf(input: ArrayLike<number>): number[] {
    const {inputs} = this.options;
    checkGiven("SdrMemory", input, `an input of ${inputs} numbers`);
    if (input.length !== inputs)
      throw new ShapeError(`SdrMemory: expected an input of ${inputs} numbers, got ${input.length}.`);
    const ones = Array.from({length: inputs}, (_, i) => i).filter((i) => input[i] !== 0);
    const other = ones.find((i) => input[i] !== 1);
    if (other !== undefined)
      throw new ArgumentError(`SdrMemory: numbers of an input are 0 or 1, got ${input[other]} at ${other}.`);
    if (ones.length === 0) throw new ArgumentError("SdrMemory: an input without a single 1 has no code.");
    return ones;
  }
}

/** The share of modules in which two codes have the same winner. @throws ShapeError for codes of other lengths */
export function codeOverlap(a: SdrCode, b: SdrCode): number {
  for (const code of [a, b]) checkGiven("codeOverlap", code?.winners, "two codes of an SdrMemory");
  if (a.winners.length !== b.winners.length || a.winners.length === 0)
    throw new ShapeError(`codeOverlap: codes of ${a.winners.length} and ${b.winners.length} modules.`);
  const same = a.winners.filter((winner, q) => winner === b.winners[q]);
  return same.length / a.winners.length;
}

/** The place where a share u of all odds is reached. */
function pick(odds: Float64Array, u: number): number {
  const wanted = u * odds.reduce((sum, each) => sum + each, 0);
  let sum = 0;
  for (const [unit, each] of odds.entries()) {
    sum += each;
    if (wanted < sum) return unit;
  }
  return odds.length - 1;
}
