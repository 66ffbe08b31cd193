import {breathe} from "../../tables/breathe.ts";

/** Longest time that work on rows keeps the page busy. */
const sliceMs = 10;

/** Rows between two looks at the clock. */
export const stride = 4096;

/**
 * Runs work that yields often, in short slices between which the page can draw. Work that fits into one slice is
 * done at once, so that a small table never shows a state in between.
 * @throws (or rejects with) the signal's reason when aborted.
 */
export function inSlices<T>(work: Generator<void, T, void>, signal?: AbortSignal): T | Promise<T> {
  const slice = () => {
    const until = performance.now() + sliceMs;
    let step = work.next();
    while (!step.done && performance.now() < until) step = work.next();
    return step;
  };
  const first = slice();
  if (first.done) return first.value;
  return (async () => {
    while (true) {
      await breathe();
      signal?.throwIfAborted();
      const step = slice();
      if (step.done) return step.value;
    }
  })();
}
