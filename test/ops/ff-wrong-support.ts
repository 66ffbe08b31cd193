import {expect, test} from "vitest";
import {ops} from "../../src/ops/index.ts";
import {withoutLeak} from "./support.ts";

const {ArgumentError, ShapeError} = ops;

/** Calls that nobody should make, by what is wrong with them, and what is then said. */
export type WrongCalls = Readonly<Record<string, readonly [call: () => unknown, said: RegExp]>>;

/** A test for each: it throws one of our own errors, which says so, and leaves no tensors behind. */
export function testWrongCalls(calls: WrongCalls): void {
  for (const [name, [call, said]] of Object.entries(calls))
    test(
      `${name}: what was expected, what came, and what to do`,
      withoutLeak(async () => {
        const thrown = thrownBy(call);
        expect(thrown instanceof ArgumentError || thrown instanceof ShapeError).toBe(true);
        expect((thrown as Error).message).toMatch(said);
      })
    );
}

function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}
