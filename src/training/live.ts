import {copyData} from "./capture/copy.ts";

/** A live value: itself, an input (an element with `value` and the event `input`), or an async iterable of values. */
export type LiveSource = unknown;

/** Live values under watch. */
export interface LiveWatch {
  /** The values at the start; those of async iterables that have not come yet are undefined. */
  initial: Record<string, unknown>;
  /** Whether some values were given as they are: they change when the cell runs again. */
  hasPlain: boolean;
  stop(): void;
}

interface Input extends EventTarget {
  value: unknown;
}

const isInput = (source: unknown): source is Input =>
  typeof source === "object" &&
  source !== null &&
  "value" in source &&
  typeof (source as Partial<EventTarget>).addEventListener === "function";

const isAsyncIterable = (source: unknown): source is AsyncIterable<unknown> =>
  typeof source === "object" && source !== null && Symbol.asyncIterator in source;

/**
 * Reads live sources and reports their changes.
 * @throws CaptureError when a value at the start cannot be sent to a worker.
 */
export function watchLive(
  sources: Readonly<Record<string, LiveSource>>,
  onChange: (name: string, value: unknown) => void,
  onError: (error: unknown) => void
): LiveWatch {
  const initial: Record<string, unknown> = {};
  const stops: (() => void)[] = [];
  let stopped = false;
  let hasPlain = false;
  const change = (name: string, value: unknown) => {
    if (stopped) return;
    try {
      onChange(name, copyData(value, `live.${name}`).copy);
    } catch (error) {
      onError(error);
    }
  };
  for (const [name, source] of Object.entries(sources)) {
    if (isInput(source)) {
      initial[name] = copyData(source.value, `live.${name}`).copy;
      const listen = () => change(name, source.value);
      source.addEventListener("input", listen);
      stops.push(() => source.removeEventListener("input", listen));
    } else if (isAsyncIterable(source)) {
      initial[name] = undefined;
      const iterator = source[Symbol.asyncIterator]();
      stops.push(() => void Promise.resolve(iterator.return?.()).catch(() => undefined));
      void follow(iterator, (value) => change(name, value)).catch(onError);
    } else {
      initial[name] = copyData(source, `live.${name}`).copy;
      hasPlain = true;
    }
  }
  return {
    initial,
    hasPlain,
    stop() {
      stopped = true;
      for (const stop of stops.splice(0)) stop();
    }
  };
}

async function follow(iterator: AsyncIterator<unknown>, change: (value: unknown) => void): Promise<void> {
  for (;;) {
    const {done, value} = await iterator.next();
    if (done) return;
    change(value);
  }
}
