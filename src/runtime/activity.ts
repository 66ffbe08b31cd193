import type {CellRuntime} from "./cell-runtime.ts";
import type {Clock} from "./clock.ts";
import type {Graph} from "./graph.ts";
import {isSettled, waitsForReader} from "./settled.ts";

/** What a session's activity is seen through. */
export interface ActivityHost {
  readonly clock: Clock;
  /** Whether something goes on that is no cell's: loading, values on their way. */
  readonly busy: boolean;
  cells(): Iterable<CellRuntime>;
  graph(): Graph;
  /** A cell changed; at most once a frame. */
  changed(cell: CellRuntime): void;
  /** Nothing is queued or running any more. */
  settled(): void;
}

/** Which cells of a session changed since the last frame, which wait for the reader, and whether all are at rest. */
export class Activity {
  readonly #host: ActivityHost;
  #changed: CellRuntime[] = [];
  /** Cells that wait for the reader. */
  readonly #waiting = new Set<number>();
  #wakes: (() => void)[] = [];
  #wasSettled = true;

  constructor(host: ActivityHost) {
    this.#host = host;
  }

  /** Notes that a cell changed. Called several times in each evaluation of each cell. */
  mark(cell: CellRuntime): void {
    const {activity} = cell;
    if (activity === "waiting") this.#waiting.add(cell.id);
    else if (this.#waiting.size > 0) this.#waiting.delete(cell.id);
    if (activity === "queued" || activity === "running") this.#wasSettled = false;
    if (cell.marked) return;
    cell.marked = true;
    if (this.#changed.push(cell) === 1) this.#host.clock.frame(() => this.#flush(), true);
  }

  /** A cell that was deleted waits for nothing. */
  forget(cell: CellRuntime): void {
    this.#waiting.delete(cell.id);
  }

  /** Whether a cell needs one that waits for the reader; nothing will happen by itself. */
  isBlocked(id: number): boolean {
    return waitsForReader(id, this.#waiting, () => this.#host.graph());
  }

  /** Called after each computation: its values arrive in the microtasks after it. */
  computed(): void {
    if (!this.#wasSettled || this.#wakes.length > 0) this.#host.clock.task(() => this.#check());
  }

  /** Resolves when nothing is queued or running. */
  async settled(): Promise<void> {
    // An input's event reaches its dependants through up to two frames.
    for (let i = 0; i < 2; i++) await new Promise<void>((resolve) => this.#host.clock.frame(resolve, true));
    if (!this.#isSettled()) await new Promise<void>((resolve) => this.#wakes.push(resolve));
  }

  /** Lets those go who wait for the end of it all. */
  dispose(): void {
    for (const wake of this.#wakes.splice(0)) wake();
  }

  #isSettled(): boolean {
    return !this.#host.busy && isSettled(this.#host.cells(), (id) => this.isBlocked(id));
  }

  #flush(): void {
    const changed = this.#changed;
    this.#changed = [];
    // What a listener changes is told of in the next frame.
    for (const cell of changed) cell.marked = false;
    for (const cell of changed) this.#host.changed(cell);
    this.#check();
  }

  /** Tells those who wait for the end of it all that it has come. */
  #check(): void {
    if ((this.#wasSettled && this.#wakes.length === 0) || !this.#isSettled()) return;
    for (const wake of this.#wakes.splice(0)) wake();
    if (!this.#wasSettled) this.#host.settled();
    this.#wasSettled = true;
  }
}
