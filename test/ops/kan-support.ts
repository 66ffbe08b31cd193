import {expect} from "vitest";
import {type Stored, fixture as stored} from "./support.ts";

/** The numbers of a fixture's input or output in float64. */
export function float64(from: Stored | undefined): Float64Array {
  if (!from) throw new Error("The fixture has no such tensor.");
  return Float64Array.from(from.data as number[]);
}

/** A case of test/fixtures/kan. */
export function kanFixture(name: string): ReturnType<typeof stored> {
  return stored(`kan/${name}`);
}

/** Compares with reference numbers at float64 tolerances: |a - b| <= atol + rtol |b|. */
export function expectNear(
  actual: ArrayLike<number>,
  wanted: ArrayLike<number>,
  rtol = 1e-9,
  atol = 1e-12
): void {
  expect(actual.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    const [value, want] = [actual[i] as number, wanted[i] as number];
    if (!(Math.abs(value - want) <= atol + rtol * Math.abs(want))) expect(value, `element ${i}`).toBe(want);
  }
}
