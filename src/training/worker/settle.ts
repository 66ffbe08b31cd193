/** What `Patience.wait` resolves with when it gave up. */
export const abandoned = Symbol("abandoned");

/**
 * Waits for promises that may never settle, until told to give up. (Promise.race with one promise that stays
 * pending for a whole run would keep a reaction for every step.)
 */
export class Patience {
  #giveUp: (() => void) | null = null;
  #given = false;

  wait<T>(promise: PromiseLike<T>): Promise<T | typeof abandoned> {
    if (this.#given) {
      promise.then(undefined, () => undefined);
      return Promise.resolve(abandoned);
    }
    return new Promise((resolve, reject) => {
      this.#giveUp = () => resolve(abandoned);
      promise.then(resolve, reject);
    });
  }

  /** Ends the wait under way and all later ones. */
  giveUp(): void {
    this.#given = true;
    this.#giveUp?.();
  }
}
