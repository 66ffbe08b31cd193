import type {Evaluation} from "./evaluation.ts";
import type {CellPlan} from "./plan.ts";
import type {CellContext} from "./types.ts";

/** What a session gives to the code of its cells. */
export interface ArgumentHost {
  /** Builtins that are made anew for each evaluation. */
  readonly local: ReadonlyMap<string, (context: CellContext) => unknown>;
  /** Generators.input */
  input(element: unknown): unknown;
}

/** A builtin whose code is on its way. Not the promise itself: cells read promises that are meant, as `invalidation`. */
class Loading {
  readonly value: Promise<unknown>;

  constructor(value: Promise<unknown>) {
    this.value = value;
  }
}

/** What the code of a cell is called with: values of other cells, and builtins of this evaluation. */
export function cellArguments(
  plan: CellPlan,
  values: readonly unknown[],
  evaluation: Evaluation,
  host: ArgumentHost
): unknown[] {
  return plan.args.map((arg) =>
    typeof arg === "string"
      ? local(arg, evaluation, host)
      : inputValue(plan.inputs[arg], values[arg], evaluation)
  );
}

export const isLoading = (args: readonly unknown[]): boolean => args.some((arg) => arg instanceof Loading);

/** Waits for builtins that are still being loaded; other values that can be awaited, such as a Run, stay as they are. */
export async function loaded(args: readonly unknown[]): Promise<unknown[]> {
  const ready = args.map(async (arg) => ({value: arg instanceof Loading ? await arg.value : arg}));
  return (await Promise.all(ready)).map(({value}) => value);
}

/** Generators.input, remembered so that it can be made again. */
export function viewOf(element: unknown, evaluation: Evaluation, host: ArgumentHost): unknown {
  const generator = host.input(element);
  evaluation.views ??= new Map();
  evaluation.views.set(generator, element);
  return generator;
}

function inputValue(name: string, value: unknown, evaluation: Evaluation): unknown {
  if (name !== "visibility" || typeof value !== "function") return value;
  return (result: unknown) => evaluation.waitForReader(value(result) as Promise<unknown>);
}

function local(name: string, evaluation: Evaluation, host: ArgumentHost): unknown {
  switch (name) {
    case "display":
      return evaluation.context.display;
    case "view":
      return (element: unknown) => viewOf(evaluation.context.display(element), evaluation, host);
    case "signal":
      return evaluation.signal;
    default: {
      const value = host.local.get(name)?.(evaluation.context);
      return value instanceof Promise ? new Loading(value) : value;
    }
  }
}
