import type {PetriDatabase} from "./database.ts";
import type {Draft, EditJournal} from "./types.ts";

/** How a tab shows that it is alive: the browser lets go of its locks when it dies, however it dies. */
export interface TabLocks {
  /** Holds a lock until the tab ends. */
  hold(name: string): void;
  /** The names of locks that live tabs hold. */
  held(): Promise<Set<string>>;
}

/**
 * Drafts in IndexedDB, one for each notebook and tab. A draft is offered once the tab that wrote it is gone; until then
 * it is that tab's own, which comes back to it when it opens the notebook again.
 */
export class DraftJournal implements EditJournal {
  readonly #database: Promise<PetriDatabase>;
  readonly #locks: TabLocks;
  readonly #tab: string;
  readonly #now: () => number;
  /** The newest text that waits for the write before it; only the newest is worth writing. */
  readonly #waiting = new Map<string, Draft>();
  /** This tab's drafts. Kept here too, so that they last as long as the page where the browser stores nothing. */
  readonly #own = new Map<string, Draft>();
  #writing: Promise<void> = Promise.resolve();

  constructor(options: {database: Promise<PetriDatabase>; locks: TabLocks; tab: string; now?: () => number}) {
    this.#database = options.database;
    this.#locks = options.locks;
    this.#tab = options.tab;
    this.#now = options.now ?? Date.now;
    this.#locks.hold(lockName(this.#tab));
  }

  record(name: string, text: string, baseVersion: string | null): Promise<void> {
    const own: Draft = {name, tab: this.#tab, text, baseVersion, at: this.#now()};
    this.#own.set(name, own);
    this.#waiting.set(name, own);
    return this.#queue(async (database) => {
      const draft = this.#waiting.get(name);
      if (!draft) return;
      this.#waiting.delete(name);
      await database.put("drafts", draft);
    });
  }

  own(name: string): Draft | null {
    return this.#own.get(name) ?? null;
  }

  async recover(name: string): Promise<Draft[]> {
    return (await this.#abandoned(name)).toSorted((a, b) => b.at - a.at);
  }

  clear(name: string): Promise<void> {
    this.#own.delete(name);
    this.#waiting.delete(name);
    return this.#queue((database) => database.delete("drafts", [name, this.#tab]));
  }

  discard({name, tab}: Draft): Promise<void> {
    return this.#queue((database) => database.delete("drafts", [name, tab]));
  }

  async rename(name: string, to: string): Promise<void> {
    const own = this.own(name);
    // What was typed under the new name already is newer.
    if (own && !this.own(to)) {
      const moved = this.record(to, own.text, own.baseVersion);
      await this.clear(name);
      await moved;
    }
    await this.#queue(async (database) => {
      for (const draft of await this.#abandoned(name)) {
        await database.put("drafts", {...draft, name: to});
        await database.delete("drafts", [name, draft.tab]);
      }
    });
  }

  async #abandoned(name: string): Promise<Draft[]> {
    const drafts = await (await this.#database).getAllFromIndex("drafts", "name", name);
    if (drafts.length === 0) return drafts;
    const held = await this.#locks.held();
    return drafts.filter(({tab}) => tab !== this.#tab && !held.has(lockName(tab)));
  }

  /** Writes follow one another, so that a `clear` after a `record` is never overtaken by it. */
  #queue(task: (database: PetriDatabase) => Promise<void>): Promise<void> {
    const result = this.#writing.then(async () => task(await this.#database));
    this.#writing = result.catch(() => {});
    return result;
  }
}

/** The lock that a tab holds for as long as it lives. */
export function lockName(tab: string): string {
  return `petri-tab-${tab}`;
}
