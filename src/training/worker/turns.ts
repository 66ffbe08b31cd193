/** One user of `Turns`, with the time it has had. */
export class Turn {
  /** Milliseconds it has held the turn, since it joined; on a common scale with the others. */
  usedMs = 0;
}

interface Waiting {
  turn: Turn;
  go: () => void;
}

/**
 * Lets one run step at a time, and the one that has had least time first: a run with long steps and one with short
 * steps each get half of the time.
 */
export class Turns {
  #holder: Turn | null = null;
  #since = 0;
  readonly #waiting: Waiting[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether somebody else wants the turn. */
  get wanted(): boolean {
    return this.#waiting.length > 0;
  }

  /** Resolves when it is `turn`'s turn; the holder must `pass` it on. */
  take(turn: Turn): Promise<void> {
    // One who was away cannot ask for the time that it did not want.
    const others = this.#waiting.map((waiting) => waiting.turn.usedMs);
    if (this.#holder) others.push(this.#holder.usedMs + this.heldMs);
    if (others.length > 0) turn.usedMs = Math.max(turn.usedMs, Math.min(...others));
    return new Promise((go) => {
      this.#waiting.push({turn, go});
      this.#next();
    });
  }

  /** Milliseconds since the holder got the turn. */
  get heldMs(): number {
    return this.#now() - this.#since;
  }

  /** Gives the turn to whoever has had least time, which may be the holder itself; resolves when it has it again. */
  rotate(turn: Turn): Promise<void> {
    return new Promise((go) => {
      this.#waiting.push({turn, go});
      this.#release();
    });
  }

  /** Gives the turn to the next; one who still waits for it leaves the queue. */
  pass(turn: Turn): void {
    const queued = this.#waiting.findIndex((waiting) => waiting.turn === turn);
    if (queued >= 0) this.#waiting.splice(queued, 1);
    if (this.#holder === turn) this.#release();
  }

  #release(): void {
    if (this.#holder) this.#holder.usedMs += this.heldMs;
    this.#holder = null;
    this.#next();
  }

  #next(): void {
    if (this.#holder || this.#waiting.length === 0) return;
    let first = 0;
    for (const [i, {turn}] of this.#waiting.entries()) {
      if (turn.usedMs < this.#waiting[first].turn.usedMs) first = i;
    }
    const [{turn, go}] = this.#waiting.splice(first, 1);
    this.#holder = turn;
    this.#since = this.#now();
    go();
  }
}
