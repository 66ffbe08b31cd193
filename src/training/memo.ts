import type {Extras} from "./run-core.ts";
import {sizeOf} from "./size.ts";

const maxBytes = 64 * 2 ** 20;

/** Extras of finished runs by fingerprint, within a limit; the one not used longest goes first. */
export class Memo {
  readonly #entries = new Map<string, {extras: Extras; sizeBytes: number}>();
  #sizeBytes = 0;

  set(fingerprint: string, extras: Extras): void {
    this.#drop(fingerprint);
    const sizeBytes = sizeOf([extras.last, extras.large, ...extras.checkpoints.values()]);
    if (sizeBytes > maxBytes) return;
    this.#entries.set(fingerprint, {extras, sizeBytes});
    this.#sizeBytes += sizeBytes;
    for (const key of this.#entries.keys()) {
      if (this.#sizeBytes <= maxBytes) break;
      this.#drop(key);
    }
  }

  get(fingerprint: string): Extras | undefined {
    const entry = this.#entries.get(fingerprint);
    if (!entry) return undefined;
    this.#entries.delete(fingerprint);
    this.#entries.set(fingerprint, entry);
    return entry.extras;
  }

  #drop(fingerprint: string): void {
    this.#sizeBytes -= this.#entries.get(fingerprint)?.sizeBytes ?? 0;
    this.#entries.delete(fingerprint);
  }
}
