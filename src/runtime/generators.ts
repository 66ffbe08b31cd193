/** What the runtime takes for a generator. */
export interface Generatorish {
  next(value?: unknown): unknown;
  return(value?: unknown): unknown;
}

export function isGenerator(value: unknown): value is Generatorish {
  // Most values are no objects, and looking for a method of a number takes its time.
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return false;
  const {next, return: end} = value as Partial<Generatorish>;
  return typeof next === "function" && typeof end === "function";
}

/**
 * Whether a generator waits for something to happen (an input's event) rather than computes: objects made by
 * Generators.observe and the like, in contrast to a generator function's.
 */
export function isEventDriven(generator: Generatorish): boolean {
  return !/^\[object (Async)?Generator\]$/.test(Object.prototype.toString.call(generator));
}

/** A value that changes in place, as `mutable x` in Observable JavaScript; reading it is a generator. */
export interface Mutable extends Generatorish {
  value: unknown;
}

/** The box that code writes `mutable x` through; not a generator, so that the runtime passes it on as it is. */
export function boxOf(target: Mutable): {value: unknown} {
  return {
    get value() {
      return target.value;
    },
    set value(value) {
      target.value = value;
    }
  };
}

/** Yields the value that is set last; values set between two pulls are skipped. */
export function mutable(initial: unknown): Mutable {
  let value = initial;
  let fresh = true;
  let resume: (() => void) | null = null;
  return {
    get value() {
      return value;
    },
    set value(next) {
      value = next;
      fresh = true;
      resume?.();
    },
    async next() {
      if (!fresh) {
        await new Promise<void>((resolve) => {
          resume = resolve;
        });
      }
      fresh = false;
      resume = null;
      return {done: false, value};
    },
    return() {
      return {done: true, value: undefined};
    }
  };
}

/** A generator of the numbers of an async iterable, after a first 0 that does not wait for it. */
export function startingWith(first: unknown, iterable: AsyncIterable<unknown>): Generatorish {
  const iterator = iterable[Symbol.asyncIterator]();
  let started = false;
  return {
    next() {
      if (started) return iterator.next();
      started = true;
      return {done: false, value: first};
    },
    return() {
      return iterator.return?.() ?? {done: true, value: undefined};
    }
  };
}
