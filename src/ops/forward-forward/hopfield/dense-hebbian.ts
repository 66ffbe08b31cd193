import {ArgumentError, checkCount, checkNumber, checkOptions, ShapeError} from "../../core/errors.ts";
import type {Key} from "../../core/key.ts";
import {checkChoice} from "../../datasets/checks.ts";
import {checkGiven, checkKey} from "../checks.ts";
import type {Examples} from "./patterns.ts";

export interface DenseHebbianOptions {
  /** P, how many spins interact at once: 2 (the default) is Hopfield's network. */
  order?: number;
  /**
   * "unsupervised" (the default): the couplings are summed over single examples; "supervised": over the means of the examples of
   * each archetype, which takes a teacher to know.
   */
  setting?: "unsupervised" | "supervised";
}

/** A network of spins whose couplings come from Hebb's rule. They are never written down: its energy needs overlaps alone. */
export interface HebbianMemory {
  readonly size: number;
  readonly order: number;
  /** What the couplings are sums over: rows of `size` numbers, and the factor of each in the energy. */
  readonly rows: number;
  readonly values: Float64Array;
  readonly factor: number;
}

export interface RetrieveOptions {
  key: Key;
  /** Passes over all spins, 20 by default. It ends before that at temperature 0 when nothing changes in a pass. */
  sweeps?: number;
  /** 0 by default: a spin then turns where that makes the energy smaller. */
  temperature?: number;
  /** Spins one by one in random order ("glauber", the default), or the means of all at once, tanh of their fields ("meanField"). */
  dynamics?: "glauber" | "meanField";
}

/** Where the spins came to. */
export interface Retrieved {
  /** -1 and 1; means between them with "meanField". */
  state: Float64Array;
  /** The energy before the first pass and after each. */
  energies: number[];
}

/**
 * A dense Hebbian network, of spins that interact P at a time (Gardner 1987; the replica symmetric pictures of supervised and of
 * unsupervised learning are by Albanese, Alessandrelli, Barra and others, 2023). With diluted patterns and P = 2 it is a multitasking
 * network, which finds several patterns at once (Agliari et al. 2012). From examples of archetypes, the energy of a state s of N spins is
 * H = -N / P sum over rows of factor (1/N sum_i row_i s_i)^P, the rows being all examples, each with a factor of 1 / (examples of an
 * archetype), or the mean of each archetype's examples. A spin of 0 in a row takes no part. Throws an ArgumentError for an order
 * below 2.
 *
 * @example
 * import {key} from "petri/core";
 * import {denseHebbian, noisyExamples, overlaps, randomPatterns, retrieve} from "petri/forward-forward";
 *
 * const archetypes = randomPatterns(key(0), {rows: 4, size: 300});
 * const examples = noisyExamples(key(1), archetypes, {count: 30, quality: 0.3});
 * const found = ["unsupervised", "supervised"].map((setting) => {
 *   const memory = denseHebbian(examples, {order: 2, setting});
 *   const {state} = retrieve(memory, archetypes.values.subarray(0, 300), {key: key(2)});
 *   return {setting, overlap: overlaps(state, archetypes)[0]};
 * });
 * display(Inputs.table(found));
 */
export function denseHebbian(examples: Examples, options: DenseHebbianOptions = {}): HebbianMemory {
  checkOptions("denseHebbian", options, {order: true, setting: true});
  const {order = 2, setting = "unsupervised"} = options;
  checkCount("order", order, 2);
  checkChoice("setting", setting, ["unsupervised", "supervised"]);
  checkGiven("denseHebbian", examples, "examples such as noisyExamples(...) gives");
  const {archetypes, count, size, values} = examples;
  for (const [name, number] of Object.entries({archetypes, count, size}))
    checkCount(`${name} of the examples`, number);
  if (values.length !== archetypes * count * size)
    throw new ShapeError(
      `denseHebbian: ${archetypes} archetypes with ${count} examples of ${size} spins are ${archetypes * count * size} numbers, got ${values.length}.`
    );
  if (setting === "unsupervised")
    return {size, order, rows: archetypes * count, values: Float64Array.from(values), factor: 1 / count};
  const means = new Float64Array(archetypes * size);
  for (let i = 0; i < values.length; ++i) {
    const at = Math.floor(i / (count * size)) * size + (i % size);
    means[at] = (means[at] as number) + (values[i] as number) / count;
  }
  return {size, order, rows: archetypes, values: means, factor: 1};
}

/** The energy of a state, as denseHebbian defines it. */
export function hebbianEnergy(memory: HebbianMemory, state: ArrayLike<number>): number {
  checkState("hebbianEnergy", memory, state);
  return energyOf(memory, projections(memory, state));
}

/**
 * Where the spins of a memory go from a state: Monte Carlo at a temperature T, a spin taking its value by the difference dE of the
 * energy with probability 1 / (1 + exp(dE / T)), or the fixed point of the mean-field equations. The same key, the same spins.
 * A pass takes (rows of the memory) x (spins) multiplications.
 */
export function retrieve(
  memory: HebbianMemory,
  start: ArrayLike<number>,
  options: RetrieveOptions
): Retrieved {
  checkOptions("retrieve", options, {key: true, sweeps: true, temperature: true, dynamics: true});
  const {key, sweeps = 20, temperature = 0, dynamics = "glauber"} = options;
  checkCount("sweeps", sweeps);
  checkNumber("temperature", temperature, 0);
  checkChoice("dynamics", dynamics, ["glauber", "meanField"]);
  checkKey("retrieve", key);
  checkState("retrieve", memory, start);
  const state = Float64Array.from({length: start.length}, (_, i) => start[i] as number);
  const overlapsOf = projections(memory, state);
  const energies = [energyOf(memory, overlapsOf)];
  for (let sweep = 0; sweep < sweeps; ++sweep) {
    const changed =
      dynamics === "glauber"
        ? glauberSweep(memory, state, overlapsOf, temperature, key.fold(sweep))
        : meanFieldSweep(memory, state, overlapsOf, temperature);
    energies.push(energyOf(memory, overlapsOf));
    if (temperature === 0 && !changed) break;
  }
  return {state, energies};
}

/** @throws ArgumentError for what is no memory and for spins beyond -1 and 1, ShapeError for another number of them */
function checkState(of: string, memory: HebbianMemory, state: ArrayLike<number>): void {
  checkGiven(of, memory, "a memory such as denseHebbian(...) gives");
  checkGiven(of, state, `a state of ${memory.size} spins`);
  if (state.length !== memory.size)
    throw new ShapeError(`${of}: expected a state of ${memory.size} spins, got ${state.length}.`);
  for (let i = 0; i < state.length; ++i)
    if (!(Math.abs(state[i] as number) <= 1))
      throw new ArgumentError(`${of}: spins lie between -1 and 1, got ${String(state[i])}.`);
}

/** 1/N sum_i row_i s_i, by row. */
function projections({size, rows, values}: HebbianMemory, state: ArrayLike<number>): Float64Array {
  const out = new Float64Array(rows);
  for (let row = 0; row < rows; ++row) {
    let sum = 0;
    for (let i = 0; i < size; ++i) sum += (values[row * size + i] as number) * (state[i] as number);
    out[row] = sum / size;
  }
  return out;
}

function energyOf({size, order, factor}: HebbianMemory, overlaps: Float64Array): number {
  let sum = 0;
  for (const overlap of overlaps) sum += power(overlap, order);
  return (-size / order) * factor * sum;
}

/** For small whole exponents; several times as fast as Math.pow, and what a pass takes its time for. */
function power(base: number, exponent: number): number {
  let out = base;
  for (let i = 1; i < exponent; ++i) out *= base;
  return out;
}

/** Every spin once, in random order. True if one turned. */
function glauberSweep(
  memory: HebbianMemory,
  state: Float64Array,
  overlaps: Float64Array,
  temperature: number,
  key: Key
): boolean {
  const {size, order, rows, values, factor} = memory;
  const [orderKey, drawKey] = key.split(2) as [Key, Key];
  const drawn = drawKey.uniform(size);
  let changed = false;
  for (const i of orderKey.permutation(size)) {
    const spin = state[i] as number;
    const turn = -spin - spin;
    let sum = 0;
    for (let row = 0; row < rows; ++row) {
      const before = overlaps[row] as number;
      const after = before + ((values[row * size + i] as number) * turn) / size;
      sum += power(after, order) - power(before, order);
    }
    const cost = (-size / order) * factor * sum;
    const turns =
      temperature === 0 ? cost < 0 : (drawn[i] as number) < 1 / (1 + Math.exp(cost / temperature));
    if (!turns) continue;
    changed = true;
    state[i] = -spin;
    for (let row = 0; row < rows; ++row)
      overlaps[row] = (overlaps[row] as number) + ((values[row * size + i] as number) * turn) / size;
  }
  return changed;
}

/** Every mean at once: tanh(field / T), or the sign of the field. True if one moved by more than rounding. */
function meanFieldSweep(
  memory: HebbianMemory,
  state: Float64Array,
  overlaps: Float64Array,
  temperature: number
): boolean {
  const {size, order, rows, values, factor} = memory;
  let changed = false;
  for (let i = 0; i < size; ++i) {
    let field = 0;
    for (let row = 0; row < rows; ++row)
      field += (values[row * size + i] as number) * power(overlaps[row] as number, order - 1);
    field *= factor;
    const mean =
      temperature === 0 ? Math.sign(field) || (state[i] as number) : Math.tanh(field / temperature);
    if (Math.abs(mean - (state[i] as number)) > 1e-9) changed = true;
    state[i] = mean;
  }
  overlaps.set(projections(memory, state));
  return changed;
}
