import type {Runtime, Variable} from "@observablehq/runtime";
import {immediateClock} from "../../src/runtime/clock.ts";
import {ReactiveRuntime} from "../../src/runtime/reactive-runtime.ts";

export function create(
  builtins?: Record<string, unknown>,
  global?: (name: string) => unknown
): ReactiveRuntime {
  return new ReactiveRuntime(builtins, immediateClock(), global);
}

/** What a variable comes to after the computation that is due. */
export async function outcomeOf(variable: Variable): Promise<{value: unknown} | {error: string}> {
  await variable._module._runtime._compute();
  try {
    return {value: await variable._promise};
  } catch (error) {
    return {error: String(error)};
  }
}

export async function values(...variables: Variable[]): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const variable of variables) {
    const result = await outcomeOf(variable);
    results.push("error" in result ? result.error : result.value);
  }
  return results;
}

/** Lets microtasks and a few computations pass. */
export async function pass(runtime: Runtime, computations = 3): Promise<void> {
  for (let i = 0; i < computations; i++) {
    await runtime._compute();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export const reachable = (variable: Variable) => (variable as unknown as {_reachable: boolean})._reachable;
export const range = function* (n: number) {
  for (let i = 0; i < n; ++i) yield i;
};
