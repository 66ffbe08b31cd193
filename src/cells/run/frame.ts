/** Calls back at most once a frame, however often it is asked, and not at all while the page is hidden. */
export class FrameThrottle {
  readonly #callback: () => void;
  #frame = 0;

  constructor(callback: () => void) {
    this.#callback = callback;
  }

  request(): void {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#callback();
    });
  }

  cancel(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }
}
