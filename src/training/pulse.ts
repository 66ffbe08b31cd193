import type {RunCore} from "./run-core.ts";

const askMs = 1000;
/** A worker that answers nothing for this long is busy with something that does not let go. */
const silenceMs = 5000;

/** What a pulse needs of its trainer. */
export interface PulseOptions {
  now(): number;
  delay(callback: () => void, ms: number): void;
  /** The runs in the worker: they are told when it falls silent. */
  running(): readonly RunCore[];
  ask(): void;
}

/** Tells whether the worker still answers: it is asked every second while runs go. */
export class Pulse {
  readonly #options: PulseOptions;
  #beats = false;
  /** When it was asked what it has not answered. */
  #askedAt: number | null = null;

  constructor(options: PulseOptions) {
    this.#options = options;
  }

  get #silentMs(): number | null {
    if (this.#askedAt === null) return null;
    const ms = this.#options.now() - this.#askedAt;
    return ms >= silenceMs ? ms : null;
  }

  start(): void {
    if (this.#beats) return;
    this.#beats = true;
    this.#wait();
  }

  /** Anything that comes from the worker is an answer. */
  heard(): void {
    const wasSilent = this.#silentMs !== null;
    this.#askedAt = null;
    if (wasSilent) this.#tell();
  }

  #wait(): void {
    this.#options.delay(() => this.#beat(), askMs);
  }

  #beat(): void {
    const {now, running, ask} = this.#options;
    if (running().length === 0) {
      this.#beats = false;
      this.#askedAt = null;
      return;
    }
    // Only silence after a question counts: the page's own clock may have stood still.
    if (this.#askedAt === null) {
      this.#askedAt = now();
      ask();
    } else if (this.#silentMs !== null) this.#tell();
    this.#wait();
  }

  #tell(): void {
    for (const core of this.#options.running()) {
      core.silentMs = this.#silentMs;
      core.changed();
    }
  }
}
