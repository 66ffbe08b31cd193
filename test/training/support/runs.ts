import type {Run} from "../../../src/training/run.ts";

/** Resolves when `condition` holds for a run, checked at each of its changes. */
export function when(run: Run, condition: (run: Run) => boolean): Promise<void> {
  return new Promise((resolve) => {
    if (condition(run)) return resolve();
    const stop = run.subscribe(() => {
      if (!condition(run)) return;
      stop();
      resolve();
    });
  });
}

/** Resolves when `condition` holds, for what gives no sign of itself. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve));
}

/** What a promise rejects with. */
export async function rejection(promise: PromiseLike<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("It did not reject.");
}

/** A function as text, so that no build step touches its source. */
export function fn(code: string): () => unknown {
  return new Function(`return (${code})`)() as () => unknown;
}
