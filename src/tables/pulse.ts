/** How often a silent engine is asked. */
const beatMs = 1000;

export interface PulseOptions {
  /** How long it may be silent. */
  silenceMs: number;
  /** Asks something that is answered at once, between the slices of a statement. */
  ask(): Promise<unknown>;
  /** Nothing was answered for `silenceMs`. */
  onSilence(): void;
}

/** Tells when an engine that has something to do no longer answers. */
export class Pulse {
  readonly #options: PulseOptions;
  readonly #beatMs: number;
  #underWay = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** How often it was asked in vain. Beats are counted, not time: a sleeping computer is not silence. */
  #missed = 0;

  constructor(options: PulseOptions) {
    this.#options = options;
    this.#beatMs = Math.min(beatMs, options.silenceMs / 4);
  }

  /** Something was asked of the engine. */
  begin(): void {
    this.#underWay++;
    if (this.#timer === null) this.#wait();
  }

  /** It was answered. */
  end(): void {
    this.#underWay--;
    this.#missed = 0;
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #wait(): void {
    this.#timer = setTimeout(() => this.#beat(), this.#beatMs);
  }

  #beat(): void {
    this.#timer = null;
    if (this.#underWay === 0) return;
    if (this.#missed === 0) {
      const heard = () => {
        this.#missed = 0;
      };
      this.#options.ask().then(heard, heard);
    }
    this.#missed++;
    if (this.#missed * this.#beatMs > this.#options.silenceMs) this.#options.onSilence();
    else this.#wait();
  }
}
