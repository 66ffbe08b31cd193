import {Runtime, type Variable} from "@observablehq/runtime";
import type {Clock} from "./clock.ts";

const SETTLED: Promise<unknown> = Promise.resolve();

/** Observable's runtime on a clock of ours, which goes on when the page is hidden. */
export class ReactiveRuntime extends Runtime {
  /** Called after every computation; values may still be on their way. */
  onComputed: () => void = () => {};
  #clock: Clock;
  #scheduled: {resolve: () => void; urgent: boolean} | null = null;

  constructor(
    builtins: Record<string, unknown> | undefined,
    clock: Clock,
    global?: (name: string) => unknown
  ) {
    // The runtime schedules itself at its first definition, for which the clock must be there.
    super(undefined, global);
    this.#clock = clock;
    for (const [name, value] of Object.entries(builtins ?? {})) this._builtin.define(name, [], value);
  }

  /** Whether values changed that their dependants have not been told of. */
  get hasUpdates(): boolean {
    return this._updates.size > 0 || this._dirty.size > 0;
  }

  override _compute(): Promise<void> {
    const scheduled = this.#scheduled;
    // An animation waits at its own pace; a change that comes meanwhile does not.
    if (scheduled && !scheduled.urgent && this.hasUpdates) {
      scheduled.urgent = true;
      this.#clock.frame(scheduled.resolve, true);
    }
    return super._compute();
  }

  override _computeSoon(): Promise<void> {
    return new Promise<void>((resolve) => {
      const urgent = this.hasUpdates;
      this.#scheduled = {resolve, urgent};
      this.#clock.frame(resolve, urgent);
    }).then(async () => {
      this.#scheduled = null;
      if (this._disposed) return;
      await this._computeNow();
      this.onComputed();
    });
  }
}

/**
 * Lets a variable that is about to be computed not wait for its former computation. The runtime waits so that
 * two never overlap; a training run that takes minutes to notice that it is superseded would hold up the next.
 * The former one's result is dropped by the runtime, which compares versions. To be called while `pending`.
 */
export function abandon(variable: Variable): void {
  variable._promise = SETTLED;
}

/** Ends a variable's computation: its generator returns, `invalidation` resolves, a late result is dropped. */
export function interrupt(variable: Variable, reason?: Error): void {
  variable._invalidate();
  variable._version++;
  if (!reason) return;
  variable._promise = Promise.reject(reason);
  variable._promise.catch(() => {});
}
