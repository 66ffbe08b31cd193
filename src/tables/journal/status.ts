import type {JournalRole, JournalStatus} from "./types.ts";

/** The status of a journal, and who wants to know of its changes. */
export class StatusBoard {
  #status: JournalStatus;
  readonly #listeners = new Set<() => void>();

  constructor(role: JournalRole) {
    this.#status = {role, sizeBytes: 0, quota: null, persisted: null, failure: null, repaired: []};
  }

  get status(): JournalStatus {
    return this.#status;
  }

  set(change: Partial<JournalStatus>): void {
    this.#status = {...this.#status, ...change};
    for (const listener of [...this.#listeners]) listener();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
