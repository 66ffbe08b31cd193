import {observe} from "./generators/observe.ts";

/** A generator of one changing value: assign `.value` in the cell that made it, other cells follow. */
export type Mutable<T> = AsyncGenerator<T, undefined> & {value: T};

/** Makes a Mutable; an undefined initial value yields nothing until one is assigned. */
export function Mutable<T>(value: T): Mutable<T> {
  let current = value;
  let change: ((value: T) => T) | undefined;
  const generator = observe<T>((notify) => {
    change = notify;
    if (current !== undefined) notify(current);
    return undefined;
  });
  return Object.defineProperty(generator, "value", {
    get: () => current,
    set: (next: T) => {
      current = next;
      change?.(next);
    }
  }) as Mutable<T>;
}
