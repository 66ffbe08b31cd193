/** Where a function literal begins in a cell's source. */
export interface FunctionPlace {
  cellId: number;
  /** 1-based. */
  line: number;
  /** 1-based. */
  column: number;
  /** The source's line for every line of the function, where they are not simply consecutive: columns differ then too. */
  lines?: readonly number[];
}

/** The values of a function's free names, read when asked for. */
export type Scope = () => Record<string, unknown>;

interface Captured {
  scope: Scope;
  place: FunctionPlace | undefined;
}

// biome-ignore lint/complexity/noBannedTypes: classes are captured too, and they are not callable types
type AnyFunction = Function;

const captures = new WeakMap<AnyFunction, Captured>();

/**
 * Notes the free names of a function, so that it can be sent to a worker with their values. The cell compiler
 * adds the calls; returns the function itself.
 */
export function captured<T extends AnyFunction>(fn: T, scope: Scope, place?: FunctionPlace): T {
  captures.set(fn, {scope, place});
  return fn;
}

/** The values of the free names of a function which a cell defined; undefined for any other function. */
export function scopeOf(fn: AnyFunction): Record<string, unknown> | undefined {
  return captures.get(fn)?.scope();
}

/** Where a function which a cell defined begins; undefined for any other function. */
export function placeOf(fn: AnyFunction): FunctionPlace | undefined {
  return captures.get(fn)?.place;
}
