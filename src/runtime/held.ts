/** A value in a box that promises pass on as it is. */
class Held {
  readonly value: object;
  constructor(value: object) {
    this.value = value;
  }
}

/**
 * Boxes what can be awaited but has a life of its own until then, such as a training run: the runtime hands values on
 * through promises, which would wait for its end and hand on its result.
 */
export function hold(value: unknown): unknown {
  return isAwaitableStream(value) ? new Held(value) : value;
}

/** The value itself, out of its box. */
export function release(value: unknown): unknown {
  return value instanceof Held ? value.value : value;
}

function isAwaitableStream(value: unknown): value is object {
  if (typeof value !== "object" || value === null || value instanceof Promise) return false;
  return "then" in value && typeof value.then === "function" && Symbol.asyncIterator in value;
}
