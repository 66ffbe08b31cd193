/** Resolves to `value` after `duration` milliseconds. */
function delay<T>(duration: number, value?: T): Promise<T | undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(value), duration));
}

/** Resolves to `value` at a time (a Date or milliseconds since the epoch); times past resolve soon. */
function when<T>(time: Date | number, value?: T): Promise<T | undefined> {
  return delay(Math.max(0, Number(time) - Date.now()), value);
}

/** Resolves to `value` at the next whole multiple of `duration` milliseconds since the epoch. */
function tick<T>(duration: number, value?: T): Promise<T | undefined> {
  return when(Math.ceil((Date.now() + 1) / duration) * duration, value);
}

/** Observable's deprecated `Promises` builtin. */
export const Promises = {delay, tick, when};
