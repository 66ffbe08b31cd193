/** Lets one side send only as much as the other has asked for. */
export class Credits {
  #left: number;
  #wake: (() => void) | null = null;
  /** Whether nothing more is wanted. */
  isStopped = false;

  constructor(left: number) {
    this.#left = left;
  }

  add(): void {
    this.#left++;
    this.#wake?.();
  }

  stop(): void {
    this.isStopped = true;
    this.#wake?.();
  }

  /** Resolves when one more may be sent, or nothing more is wanted. */
  async take(): Promise<void> {
    while (this.#left === 0 && !this.isStopped) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#left--;
  }
}
