/** Starts whatever produces values and hands each to `notify`; may return a function that stops it. */
export type Initialize<T> = (notify: (value: T) => T) => (() => void) | undefined;

/** One value at a time for a consumer that may be slower than the producer. */
interface Buffer<T> {
  put(value: T): void;
  take(): {value: T} | undefined;
}

/** Keeps only the newest value: what a control shows now is all that matters. */
function newest<T>(): Buffer<T> {
  let held: {value: T} | undefined;
  return {
    put(value) {
      held = {value};
    },
    take() {
      const taken = held;
      held = undefined;
      return taken;
    }
  };
}

/** Keeps every value in order: no message may be lost. */
function everything<T>(): Buffer<T> {
  const held: {value: T}[] = [];
  return {
    put(value) {
      held.push({value});
    },
    take: () => held.shift()
  };
}

function generate<T>(initialize: Initialize<T>, buffer: Buffer<T>): AsyncGenerator<T, undefined> {
  let waiting: {resolve: (value: T) => void; reject: (error: unknown) => void} | undefined;
  const dispose = initialize((value) => {
    const consumer = waiting;
    waiting = undefined;
    if (consumer) consumer.resolve(value);
    else buffer.put(value);
    return value;
  });
  if (dispose != null && typeof dispose !== "function") {
    throw new TypeError(
      "the function given to Generators.observe must return nothing or a function that stops it; " +
        `it returned ${typeof (dispose as {then?: unknown}).then === "function" ? "a promise" : typeof dispose}`
    );
  }
  const finish = (error: unknown): Promise<IteratorReturnResult<undefined>> => {
    const consumer = waiting;
    waiting = undefined;
    consumer?.reject(error);
    dispose?.();
    return Promise.resolve({done: true, value: undefined});
  };
  const generator = {
    async next(): Promise<IteratorYieldResult<T>> {
      const ready = buffer.take();
      if (ready) return {done: false, value: ready.value};
      const value = await new Promise<T>((resolve, reject) => {
        waiting = {resolve, reject};
      });
      return {done: false, value};
    },
    return: () => finish(new Error("Generator returned")),
    throw: finish,
    [Symbol.asyncIterator]() {
      return generator as AsyncGenerator<T, undefined>;
    }
  };
  return generator as AsyncGenerator<T, undefined>;
}

/**
 * Yields the newest value that `initialize` notified; values that nobody waited for are replaced.
 * @see https://github.com/observablehq/stdlib#generators
 */
export function observe<T>(initialize: Initialize<T>): AsyncGenerator<T, undefined> {
  return generate(initialize, newest());
}

/** Like observe, but yields every value in order. */
export function queue<T>(initialize: Initialize<T>): AsyncGenerator<T, undefined> {
  return generate(initialize, everything());
}
