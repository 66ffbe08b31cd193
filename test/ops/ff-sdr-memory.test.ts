import {describe, expect, test} from "vitest";
import {type Key, key} from "../../src/ops/core/key.ts";
import {codeOverlap, SdrMemory} from "../../src/ops/forward-forward/hopfield/sdr-memory.ts";

const SIZE = 100;

/** An input of 25 ones in random places. */
function item(draws: Key): Uint8Array {
  const out = new Uint8Array(SIZE);
  for (const i of draws.permutation(SIZE).subarray(0, 25)) out[i] = 1;
  return out;
}

/** The same with so many of its ones moved elsewhere. */
function moved(input: Uint8Array, count: number, draws: Key): Uint8Array {
  const out = Uint8Array.from(input);
  const order = Array.from(draws.permutation(SIZE));
  for (const i of order.filter((at) => input[at] === 1).slice(0, count)) out[i] = 0;
  for (const i of order.filter((at) => input[at] === 0).slice(0, count)) out[i] = 1;
  return out;
}

const options = {inputs: SIZE, modules: 50, units: 10};

describe("superposed memory of sparse codes", () => {
  test("what was stored once is familiar, and gets its code again", () => {
    const memory = new SdrMemory(options);
    const items = Array.from({length: 6}, (_, i) => item(key(i)));
    const stored = items.map((each, i) => memory.store(each, key(100 + i)));
    expect(stored[0]?.familiarity).toBe(0);
    items.forEach((each, i) => {
      const again = memory.code(each, key(200 + i));
      expect(again.familiarity).toBe(1);
      stored.forEach((code, j) => {
        const overlap = codeOverlap(again, code);
        if (i === j) expect(overlap).toBeGreaterThan(0.85);
        else expect(overlap).toBeLessThan(0.4);
      });
    });
  });

  test("the more alike inputs are, the more of their codes is the same", () => {
    const overlaps = [0, 10, 14, 25].map((count) => {
      let sum = 0;
      for (let run = 0; run < 10; ++run) {
        const memory = new SdrMemory(options);
        const first = item(key(run));
        const code = memory.store(first, key(300 + run));
        sum += codeOverlap(code, memory.code(moved(first, count, key(400 + run)), key(500 + run))) / 10;
      }
      return sum;
    });
    overlaps.slice(1).forEach((overlap, i) => {
      expect(overlap).toBeLessThan((overlaps[i] as number) - 0.02);
    });
    // What has nothing in common meets by chance: one unit of ten.
    expect(Math.abs((overlaps.at(-1) as number) - 0.1)).toBeLessThan(0.05);
  });

  test("weights are set from ones to winners, and by storing alone", () => {
    const memory = new SdrMemory({inputs: 4, modules: 3, units: 2});
    memory.code([1, 0, 1, 0], key(1));
    expect(memory.weights.some((weight) => weight !== 0)).toBe(false);
    const {winners} = memory.store([1, 0, 1, 0], key(1));
    memory.weights.forEach((weight, at) => {
      const [i, q, unit] = [Math.floor(at / 6), Math.floor(at / 2) % 3, at % 2];
      expect(weight).toBe((i === 0 || i === 2) && winners[q] === unit ? 1 : 0);
    });
    expect(memory.code([1, 1, 0, 0], key(2)).familiarity).toBeCloseTo(0.5, 12);
  });

  test("wrong calls say what to pass instead", () => {
    const memory = new SdrMemory({inputs: 3, modules: 2, units: 2});
    expect(() => memory.code([1, 0], key(0))).toThrow(/3 numbers, got 2/);
    expect(() => memory.code([0, 0, 0], key(0))).toThrow(/without a single 1/);
    expect(() => memory.code([0.5, 0, 0], key(0))).toThrow(/0 or 1, got 0.5 at 0/);
    expect(() => new SdrMemory({inputs: 3, modules: 2, units: 1})).toThrow(/units must be/);
    expect(() => new SdrMemory({inputs: 3, modules: 2, units: 2, gain: NaN})).toThrow(/gain must be/);
    const other = new SdrMemory({inputs: 3, modules: 4, units: 2}).code([1, 0, 0], key(0));
    expect(() => codeOverlap(memory.code([1, 0, 0], key(0)), other)).toThrow(/2 and 4 modules/);
  });
});
