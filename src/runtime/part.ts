import type {Module, Observer, Variable} from "@observablehq/runtime";
import {isEventDriven, isGenerator} from "./generators.ts";
import {abandon} from "./reactive-runtime.ts";

export type PartState = "idle" | "queued" | "running" | "done" | "failed";

/** Who is told what becomes of a part. */
export interface PartListener {
  pending?(): void;
  fulfilled?(value: unknown): void;
  rejected?(error: unknown): void;
  /** The state changed. */
  changed(): void;
}

/** One runtime variable of a cell, and how far it is. */
export class Part {
  state: PartState = "idle";
  /** Its value is a generator that waits for an event, such as an input without a value. */
  waiting = false;
  /** Its value is a generator that goes on by itself. */
  live = false;
  error: unknown;
  readonly variable: Variable;
  #disposed = false;

  constructor(module: Module, node: object | undefined, listener: PartListener) {
    const observer: Observer = {
      pending: () => {
        if (this.#disposed) return;
        abandon(this.variable);
        this.#become("queued", listener);
        listener.pending?.();
      },
      fulfilled: (value) => {
        if (this.#disposed) return;
        this.#become("done", listener);
        listener.fulfilled?.(value);
      },
      rejected: (error) => {
        if (this.#disposed) return;
        this.error = error;
        this.#become("failed", listener);
        listener.rejected?.(error);
      }
    };
    if (node) observer._node = node;
    this.variable = module.variable(observer);
  }

  get name(): string | null {
    return this.variable._name;
  }

  /** Its definition is being computed. */
  run(): void {
    this.state = "running";
    this.live = false;
  }

  /** Looks at the value that the definition came to, before the runtime takes it. */
  produce(value: unknown): void {
    if (!isGenerator(value)) return;
    this.waiting = isEventDriven(value);
    this.live = !this.waiting;
  }

  /** Removes the variable; what is still computing for it is told of nothing. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.variable.delete();
  }

  #become(state: PartState, listener: PartListener): void {
    this.state = state;
    this.waiting = false;
    if (state !== "failed") this.error = undefined;
    listener.changed();
  }
}
