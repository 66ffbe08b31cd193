import type {Module, Observer, Variable} from "@observablehq/runtime";
import {isEventDriven, isGenerator} from "./generators.ts";
import {abandon} from "./reactive-runtime.ts";
import type {TracedCell} from "./trace.ts";

export type PartState = "idle" | "queued" | "running" | "done" | "failed";

/** Who is told what becomes of a part. */
export interface PartListener {
  pending?(): void;
  fulfilled?(value: unknown): void;
  rejected?(error: unknown): void;
  /** The state changed. */
  changed(): void;
}

/** One runtime variable of a cell, and how far it is. It is what observes the variable. */
export class Part implements Observer {
  state: PartState = "idle";
  /** Its value is a generator that waits for an event, such as an input without a value. */
  waiting = false;
  /** Its value is a generator that goes on by itself. */
  live = false;
  /** Its value is a generator of either kind, so that it has many values. */
  streams = false;
  readonly _node?: object;
  readonly variable: Variable;
  /** The cell that has it; null for one that none has. */
  readonly owner: TracedCell | null;
  readonly #listener: PartListener;
  #disposed = false;

  constructor(
    module: Module,
    node: object | undefined,
    listener: PartListener,
    owner: TracedCell | null = null
  ) {
    this.#listener = listener;
    this.owner = owner;
    if (node) this._node = node;
    this.variable = module.variable(this);
  }

  get name(): string | null {
    return this.variable._name;
  }

  /** Called by the runtime: the definition is about to be computed. */
  pending(): void {
    if (this.#disposed) return;
    abandon(this.variable);
    this.#become("queued");
    this.#listener.pending?.();
  }

  /** Called by the runtime: here is a value. */
  fulfilled(value: unknown): void {
    if (this.#disposed) return;
    this.#become("done");
    this.#listener.fulfilled?.(value);
  }

  /** Called by the runtime: there will be no value. */
  rejected(error: unknown): void {
    if (this.#disposed) return;
    this.#become("failed");
    this.#listener.rejected?.(error);
  }

  /** Its definition is being computed. */
  run(): void {
    this.state = "running";
    this.live = false;
    this.streams = false;
  }

  /** Looks at the value that the definition came to, before the runtime takes it. */
  produce(value: unknown): void {
    if (!isGenerator(value)) return;
    this.streams = true;
    this.waiting = isEventDriven(value);
    this.live = !this.waiting;
  }

  /** Removes the variable; what is still computing for it is told of nothing. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.variable.delete();
  }

  #become(state: PartState): void {
    this.state = state;
    this.waiting = false;
    this.#listener.changed();
  }
}

/** The cell that a variable is of; null for builtins and the page's tables. */
export function ownerOf({_observer: observer}: Variable): TracedCell | null {
  return observer instanceof Part ? observer.owner : null;
}
