import type {CompiledCell} from "./compile.ts";
import {isGenerator} from "./generators.ts";
import type {CellPlan} from "./plan.ts";
import type {Trace} from "./trace.ts";

/** Something that a cell showed. */
export interface Shown {
  value: unknown;
  name: string | undefined;
}

/** A finished evaluation, by which the next of the same code on the same inputs is spared. */
export interface Memo {
  shape: string;
  inputs: readonly unknown[];
  /** Names of the outputs in `result`. */
  outputs: readonly string[];
  /** What the cell's function returned. */
  result: unknown;
  shown: readonly Shown[];
  claimed: boolean;
  cached: boolean;
  startedAt: number;
  trace: Trace | null;
  /** The elements whose values `view()` gave, by the generators it returned. */
  views: ReadonlyMap<unknown, unknown>;
}

/** Inputs of code that sees more of an evaluation than values: it cannot be spared. */
const SITUATED = new Set(["invalidation", "visibility", "@variable"]);

/** Equal for definitions that compute the same, whatever they call it. Null for those that must always run. */
export function shapeOf(compiled: CompiledCell, plan: CellPlan): string | null {
  if (compiled.automutable || plan.args.includes("signal")) return null;
  if (plan.inputs.some((name) => SITUATED.has(name))) return null;
  return JSON.stringify([compiled.shape(), plan.inputs, plan.args, plan.tables.length, compiled.autoview]);
}

/** Whether a result can be given again: a generator can only when it is an input's. */
export function isRepeatable({result, views, outputs}: Pick<Memo, "result" | "views" | "outputs">): boolean {
  return parts(result, outputs).every((value) => !isGenerator(value) || views.has(value));
}

/** The result for new names, with new generators for the elements that `view()` was given. */
export function repeat(memo: Memo, names: readonly string[], input: (element: unknown) => unknown): unknown {
  const again = (value: unknown) => (memo.views.has(value) ? input(memo.views.get(value)) : value);
  if (names.length === 0) return again(memo.result);
  const values = parts(memo.result, memo.outputs).map(again);
  return Object.fromEntries(names.map((name, i) => [name, values[i]]));
}

function parts(result: unknown, outputs: readonly string[]): unknown[] {
  return outputs.length === 0 ? [result] : outputs.map((name) => (result as Record<string, unknown>)[name]);
}
