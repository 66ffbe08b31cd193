import {describe, expect, test} from "vitest";
import {boxMuller, key} from "../../src/ops/core/key.ts";
import {philox4x32} from "../../src/ops/core/philox.ts";
import {fixture, numbers} from "./support.ts";

type Counter = [number, number, number, number];

describe("Philox4x32", () => {
  test.each([
    ["words", 10],
    ["words_7_rounds", 7]
  ])("gives the published known answers (%s)", (name, rounds) => {
    const {inputs, outputs} = fixture("core/philox4x32-known-answers");
    const out = new Uint32Array(12);
    for (let i = 0; i < 3; ++i) {
      const counter = numbers(inputs.counter).slice(4 * i, 4 * i + 4) as Counter;
      philox4x32(
        counter,
        numbers(inputs.key).slice(2 * i, 2 * i + 2) as [number, number],
        out,
        4 * i,
        rounds
      );
    }
    expect(Array.from(out)).toEqual(numbers(outputs[name]));
  });

  test("gives the reference stream for small and large counters", () => {
    const {inputs, outputs} = fixture("core/philox4x32-stream");
    const out = new Uint32Array(64);
    for (let i = 0; i < 16; ++i) {
      philox4x32(numbers(inputs.counter).slice(4 * i, 4 * i + 4) as Counter, [42, 0], out, 4 * i);
    }
    expect(Array.from(out)).toEqual(numbers(outputs.words));
  });
});

describe("Key", () => {
  test("draws uniforms and normals from the stream of its seed", () => {
    const {inputs, outputs} = fixture("core/philox4x32-stream");
    const consecutive = numbers(inputs.counter)
      .filter((_, i) => i % 4 === 0)
      .findIndex((c, i) => c !== i);
    const count = 4 * (consecutive === -1 ? 16 : consecutive);
    expect(count).toBeGreaterThan(16);
    expect(Array.from(key(42).uniform(count))).toEqual(numbers(outputs.uniform).slice(0, count));
    key(42)
      .normal(count)
      .forEach((z, i) => {
        expect(z).toBeCloseTo(numbers(outputs.normal)[i] as number, 5);
      });
  });

  test("transforms uniforms to normals as the reference does", () => {
    const {inputs, outputs} = fixture("core/box-muller");
    numbers(inputs.u1).forEach((u1, i) => {
      const [z0, z1] = boxMuller(u1, numbers(inputs.u2)[i] as number);
      expect(z0).toBeCloseTo(numbers(outputs.z0)[i] as number, 12);
      expect(z1).toBeCloseTo(numbers(outputs.z1)[i] as number, 12);
    });
  });

  test("is a value: the same numbers every time, and a prefix of a longer draw", () => {
    const k = key(7);
    expect(k.uniform(5)).toEqual(k.uniform(5));
    expect(k.uniform(9).slice(0, 5)).toEqual(k.uniform(5));
  });

  test("splits and folds into keys that all differ", () => {
    const k = key(1);
    const all = [k, ...k.split(8), ...Array.from({length: 8}, (_, i) => k.fold(i)), k.fold(2 ** 40)];
    expect(new Set(all.map(({words}) => words.join())).size).toBe(all.length);
  });

  test("permutes without loss, and differently for another key", () => {
    const order = key(3).permutation(1000);
    expect(Array.from(order).sort((a, b) => a - b)).toEqual(Array.from({length: 1000}, (_, i) => i));
    expect(key(4).permutation(1000)).not.toEqual(order);
  });

  test.each([-1, 0.5, NaN, 2 ** 53])("refuses the seed %s", (seed) => {
    expect(() => key(seed)).toThrow("whole number from 0 to 2^53 - 1");
  });
});
