import {describe, expect, test} from "vitest";
import {type Key, key} from "../../src/ops/core/key.ts";
import {
  denseHebbian,
  type HebbianMemory,
  hebbianEnergy,
  retrieve
} from "../../src/ops/forward-forward/hopfield/dense-hebbian.ts";
import {
  asSpins,
  examplesOf,
  noisyExamples,
  overlaps,
  randomPatterns,
  type Spins
} from "../../src/ops/forward-forward/hopfield/patterns.ts";

const rowOf = ({values, size}: Spins, row: number) => values.subarray(row * size, (row + 1) * size);

/** -N/P sum over rows of (1/N^P) sum over all P-tuples of the products: with the couplings written out. */
function energyByCouplings(
  {size, order, rows, values, factor}: HebbianMemory,
  state: ArrayLike<number>
): number {
  let sum = 0;
  const tuples = (depth: number, product: number, row: number): void => {
    if (depth === order) {
      sum += product;
      return;
    }
    for (let i = 0; i < size; ++i)
      tuples(depth + 1, product * (values[row * size + i] as number) * (state[i] as number), row);
  };
  for (let row = 0; row < rows; ++row) tuples(0, 1, row);
  return ((-size / order) * factor * sum) / size ** order;
}

/** Of the first patterns. */
const TRIED = 4;

function meanOverlap(archetypes: Spins, memory: HebbianMemory, draws: Key): number {
  let sum = 0;
  for (let mu = 0; mu < TRIED; ++mu) {
    const {state} = retrieve(memory, rowOf(archetypes, mu), {key: draws.fold(mu)});
    sum += overlaps(state, archetypes)[mu] as number;
  }
  return sum / TRIED;
}

describe("dense Hebbian networks", () => {
  test("the energy is that of the couplings, for pairs and for four spins at a time", () => {
    const archetypes = randomPatterns(key(1), {rows: 2, size: 6, dilution: 0.2});
    const examples = noisyExamples(key(2), archetypes, {count: 3, quality: 0.5});
    for (const order of [2, 3, 4])
      for (const setting of ["unsupervised", "supervised"] as const) {
        const memory = denseHebbian(examples, {order, setting});
        const state = randomPatterns(key(3), {rows: 1, size: 6}).values;
        expect(hebbianEnergy(memory, state)).toBeCloseTo(energyByCouplings(memory, state), 9);
      }
  });

  test("examples are as good as they are asked to be, and diluted spins stay", () => {
    const archetypes = randomPatterns(key(1), {rows: 4, size: 500, dilution: 0.3});
    const zeros = archetypes.values.filter((spin) => spin === 0).length;
    expect(zeros / archetypes.values.length).toBeCloseTo(0.3, 1);
    const examples = noisyExamples(key(2), archetypes, {count: 8, quality: 0.4});
    const own = rowOf(archetypes, 1);
    let product = 0;
    let said = 0;
    for (let a = 0; a < 8; ++a)
      for (let i = 0; i < 500; ++i) {
        const spin = examples.values[(8 + a) * 500 + i] as number;
        product += spin * (own[i] as number);
        said += Math.abs(own[i] as number);
        if (own[i] === 0) expect(Math.abs(spin)).toBe(0);
      }
    expect(product / said).toBeCloseTo(0.4, 1);
  });

  test("energies never rise at temperature 0, and the same key gives the same spins", () => {
    const archetypes = randomPatterns(key(4), {rows: 5, size: 80});
    const memory = denseHebbian(noisyExamples(key(5), archetypes, {count: 4, quality: 0.8}), {order: 4});
    const start = randomPatterns(key(6), {rows: 1, size: 80}).values;
    const {state, energies} = retrieve(memory, start, {key: key(7)});
    energies.slice(1).forEach((energy, i) => {
      expect(energy).toBeLessThanOrEqual((energies[i] as number) + 1e-12);
    });
    expect(energies.at(-1)).toBeCloseTo(hebbianEnergy(memory, state), 9);
    expect(retrieve(memory, start, {key: key(7)}).state).toEqual(state);
    // A pass that turns nothing is the last.
    expect(energies.at(-1)).toBe(energies.at(-2));
  });

  test("Monte Carlo at a temperature visits states as often as Boltzmann says", () => {
    const memory = denseHebbian(
      noisyExamples(key(1), randomPatterns(key(0), {rows: 2, size: 4}), {count: 1, quality: 1})
    );
    const temperature = 1.5;
    const counts = new Float64Array(16);
    let state: ArrayLike<number> = [1, 1, 1, 1];
    const runs = 4000;
    for (let run = 0; run < runs; ++run) {
      ({state} = retrieve(memory, state, {key: key(100 + run), sweeps: 2, temperature}));
      counts[indexOf(state)] = (counts[indexOf(state)] as number) + 1 / runs;
    }
    const weights = counts.map((_, index) =>
      Math.exp(
        -hebbianEnergy(
          memory,
          [0, 1, 2, 3].map((bit) => ((index >> bit) & 1 ? 1 : -1))
        ) / temperature
      )
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    counts.forEach((share, index) => {
      expect(Math.abs(share - (weights[index] as number) / sum)).toBeLessThan(0.03);
    });
  });

  test("a teacher needs fewer examples, and four spins at a time hold more patterns than pairs", () => {
    const archetypes = randomPatterns(key(10), {rows: 4, size: 200});
    const examples = noisyExamples(key(11), archetypes, {count: 60, quality: 0.2});
    const of = (setting: "supervised" | "unsupervised") =>
      meanOverlap(archetypes, denseHebbian(examples, {setting}), key(12));
    expect(of("supervised")).toBeGreaterThan(of("unsupervised") + 0.1);
    const many = randomPatterns(key(13), {rows: 60, size: 100});
    const copies = noisyExamples(key(14), many, {count: 1, quality: 1});
    expect(meanOverlap(many, denseHebbian(copies, {order: 2}), key(15))).toBeLessThan(0.8);
    expect(meanOverlap(many, denseHebbian(copies, {order: 4}), key(15))).toBeGreaterThan(0.95);
  });

  test("diluted patterns are found several at once, each smaller than the one before", () => {
    const archetypes = randomPatterns(key(20), {rows: 3, size: 3000, dilution: 0.3});
    const memory = denseHebbian(noisyExamples(key(21), archetypes, {count: 1, quality: 1}));
    // Where the first says nothing, spins follow the second, and so on: overlaps (1 - d) d^k.
    const start = Float64Array.from({length: 3000}, (_, i) => {
      const spins = [0, 1, 2].map((mu) => rowOf(archetypes, mu)[i] as number);
      return spins.find((spin) => spin !== 0) ?? 1;
    });
    const {state} = retrieve(memory, start, {key: key(22)});
    const found = overlaps(state, archetypes);
    [0.7, 0.21, 0.063].forEach((wanted, mu) => {
      expect(Math.abs((found[mu] as number) - wanted)).toBeLessThan(0.05);
    });
  });

  test("means go to the fixed point of their equations", () => {
    const archetypes = randomPatterns(key(30), {rows: 1, size: 400});
    const memory = denseHebbian(noisyExamples(key(31), archetypes, {count: 1, quality: 1}));
    const options = {key: key(32), dynamics: "meanField", temperature: 0.5, sweeps: 200} as const;
    const {state} = retrieve(memory, archetypes.values, options);
    const [m = 0] = overlaps(state, archetypes);
    // Curie and Weiss: m = tanh(m / T).
    expect(m).toBeCloseTo(Math.tanh(m / 0.5), 6);
    expect(m).toBeGreaterThan(0.9);
  });

  test("images become spins, and classes archetypes", () => {
    const spins = asSpins([0, 9, 9, 0, 0, 9, 3, 9], 2, 4);
    expect(Array.from(spins.values)).toEqual([-1, 1, 1, -1, -1, 1, -1, 1]);
    const examples = examplesOf(spins, [0, 1, 0, 0], 2);
    expect(examples).toMatchObject({archetypes: 2, count: 1, size: 2});
    expect(Array.from(examples.values)).toEqual([-1, 1, 1, -1]);
  });

  test("wrong calls say what to pass instead", () => {
    const archetypes = randomPatterns(key(1), {rows: 2, size: 6});
    const examples = noisyExamples(key(2), archetypes, {count: 3, quality: 0.5});
    expect(() => denseHebbian(examples, {order: 1})).toThrow(/order must be a whole number of at least 2/);
    expect(() => denseHebbian(examples, {setting: "both" as never})).toThrow(
      /"unsupervised" or "supervised"/
    );
    expect(() => denseHebbian({...examples, count: 4})).toThrow(/48 numbers, got 36/);
    const memory = denseHebbian(examples);
    expect(() => retrieve(memory, [1, 1], {key: key(0)})).toThrow(/a state of 6 spins, got 2/);
    expect(() => retrieve(memory, [1, 1, 1, 1, 1, 3], {key: key(0)})).toThrow(/between -1 and 1, got 3/);
    expect(() => retrieve(memory, archetypes.values.subarray(0, 6), {key: key(0), temperature: NaN})).toThrow(
      /temperature must be/
    );
    expect(() => overlaps([1], archetypes)).toThrow(/6 spins, got 1/);
    expect(() => asSpins([1, 2, 3], 2, 0)).toThrow(/no whole rows of 2/);
    expect(() => examplesOf(asSpins([1, 2], 2, 0), [0], 2)).toThrow(/needs an example/);
    expect(() => noisyExamples(key(0), archetypes, {count: 2, quality: 1.5})).toThrow(/quality must be/);
  });
});

function indexOf(state: ArrayLike<number>): number {
  return [0, 1, 2, 3].reduce((index, bit) => index + ((state[bit] as number) > 0 ? 1 << bit : 0), 0);
}
