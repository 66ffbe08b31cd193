/** Long enough for a cell to display something after it cleared, short enough not to look like a gap. */
const patienceMs = 400;

/** Keeps a box as high as it was between one result and the next, so that what lies below does not jump. */
export class HeightHold {
  readonly #box: HTMLElement;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #frame = 0;

  constructor(box: HTMLElement) {
    this.#box = box;
  }

  hold(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#timer);
    const height = this.#box.offsetHeight;
    if (!height) return;
    this.#box.style.minHeight = `${height}px`;
    this.#timer = setTimeout(() => this.#release(), patienceMs);
  }

  /** Something new is there: lets go once it has been laid out (charts and images size themselves a frame later). */
  settle(): void {
    if (!this.#box.style.minHeight) return;
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => {
      this.#frame = requestAnimationFrame(() => this.#release());
    });
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.#box.style.minHeight = "";
  }
}
