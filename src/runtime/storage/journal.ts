import type {PetriDatabase} from "./database.ts";
import type {Draft, EditJournal} from "./types.ts";

/** How a tab shows that it is alive: the browser lets go of its locks when it dies, however it dies. */
export interface TabLocks {
  /** Holds a lock until the tab ends. */
  hold(name: string): void;
  /** The names of locks that live tabs hold. */
  held(): Promise<Set<string>>;
}

/** Drafts in IndexedDB, one for each notebook and tab. A draft is offered once the tab that wrote it is gone. */
export class DraftJournal implements EditJournal {
  readonly #database: Promise<PetriDatabase>;
  readonly #locks: TabLocks;
  readonly #tab: string;
  readonly #now: () => number;
  /** The newest text that waits for the write before it; only the newest is worth writing. */
  readonly #waiting = new Map<string, Draft>();
  #writing: Promise<void> = Promise.resolve();

  constructor(options: {database: Promise<PetriDatabase>; locks: TabLocks; tab: string; now?: () => number}) {
    this.#database = options.database;
    this.#locks = options.locks;
    this.#tab = options.tab;
    this.#now = options.now ?? Date.now;
    this.#locks.hold(lockName(this.#tab));
  }

  record(name: string, text: string, baseVersion: string | null): Promise<void> {
    this.#waiting.set(name, {name, tab: this.#tab, text, baseVersion, at: this.#now()});
    return this.#queue(async (database) => {
      const draft = this.#waiting.get(name);
      if (!draft) return;
      this.#waiting.delete(name);
      await database.put("drafts", draft);
    });
  }

  async recover(name: string): Promise<Draft | null> {
    const drafts = await this.#abandoned(name);
    return drafts.reduce<Draft | null>((best, draft) => (best && best.at >= draft.at ? best : draft), null);
  }

  clear(name: string): Promise<void> {
    this.#waiting.delete(name);
    return this.#queue((database) => database.delete("drafts", [name, this.#tab]));
  }

  discard(name: string): Promise<void> {
    return this.#queue(async (database) => {
      for (const draft of await this.#abandoned(name)) await database.delete("drafts", [name, draft.tab]);
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

function lockName(tab: string): string {
  return `petri-tab-${tab}`;
}
