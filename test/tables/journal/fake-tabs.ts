import type {Files} from "../../../src/tables/journal/files.ts";
import {MemoryFiles} from "../../../src/tables/journal/memory-files.ts";
import {openJournal} from "../../../src/tables/journal/open.ts";
import type {WorkerLike} from "../../../src/tables/journal/page-journal.ts";
import type {FromWorker, ToWorker} from "../../../src/tables/journal/protocol.ts";
import {serveJournal} from "../../../src/tables/journal/worker.ts";

type Hear<T> = (event: {data: T}) => void;

/** Locks of a browser, of tabs that can be killed. */
class Locks {
  readonly #queue: {tab: object; run(): Promise<unknown>}[] = [];
  #holder: object | null = null;

  of(tab: object): Pick<LockManager, "request"> {
    const request = (_: string, ...rest: unknown[]) => {
      const work = rest.at(-1) as (lock: unknown) => unknown;
      const {ifAvailable} = (rest.length > 1 ? rest[0] : {}) as {ifAvailable?: boolean};
      if (ifAvailable && this.#holder) return Promise.resolve(work(null));
      return new Promise((resolve, reject) => {
        const run = () => Promise.resolve(work({})).then(resolve, reject);
        this.#queue.push({tab, run});
        this.#next();
      });
    };
    return {request: request as LockManager["request"]};
  }

  kill(tab: object): void {
    this.#queue.splice(0, this.#queue.length, ...this.#queue.filter((waiting) => waiting.tab !== tab));
    if (this.#holder === tab) this.#release();
  }

  #release(): void {
    this.#holder = null;
    this.#next();
  }

  #next(): void {
    if (this.#holder) return;
    const next = this.#queue.shift();
    if (!next) return;
    this.#holder = next.tab;
    void next.run().finally(() => {
      if (this.#holder === next.tab) this.#release();
    });
  }
}

/** Files of a tab that can be killed: from then on it writes nothing. */
class Mortal {
  isDead = false;

  wrap(files: Files): Files {
    const check = () => {
      if (this.isDead) throw new Error("This tab is gone.");
    };
    return {
      list: () => files.list(),
      size: (name) => files.size(name),
      openToRead: (name) => files.openToRead(name),
      remove: async (name) => {
        check();
        await files.remove(name);
      },
      folder: (name) => this.wrap(files.folder(name)),
      open: async (name) => {
        check();
        const file = await files.open(name);
        const write: typeof file.write = (bytes, at) => {
          check();
          file.write(bytes, at);
        };
        return {...file, write, truncate: (size) => check() ?? file.truncate(size)};
      }
    };
  }
}

/** Tabs of one browser, without the browser: the real page and worker sides, over one set of files in memory. */
export class FakeBrowser {
  readonly files: Files;
  readonly #locks = new Locks();
  readonly #channels = new Map<object, Set<Hear<unknown>>>();
  /** Whether messages between tabs get lost that would tell a tab that its record was written. */
  losesAnswers = false;

  constructor(files: Files = new MemoryFiles()) {
    this.files = files;
  }

  async open(options: {sealBytes?: number} = {}) {
    const tab = {};
    const mortal = new Mortal();
    const ears = new Set<Hear<unknown>>();
    this.#channels.set(tab, ears);
    const createWorker = (): WorkerLike => {
      const toPage = new Set<Hear<FromWorker>>();
      const toWorker = new Set<Hear<ToWorker>>();
      const deliver = <T>(listeners: Set<Hear<T>>, message: T) => {
        const data = structuredClone(message);
        setImmediate(() => {
          if (!mortal.isDead) for (const listener of listeners) listener({data});
        });
      };
      serveJournal(
        {
          postMessage: (message) => deliver(toPage, message),
          addEventListener: (_, listener) => toWorker.add(listener)
        },
        {
          ...options,
          compactAfter: Number.POSITIVE_INFINITY,
          files: async () => mortal.wrap(this.files),
          locks: this.#locks.of(tab),
          channel: () => ({
            postMessage: (message) => this.#broadcast(tab, message),
            addEventListener: (_, listener) => ears.add(listener),
            removeEventListener: (_, listener) => ears.delete(listener)
          })
        }
      );
      return {
        postMessage: (message) => deliver(toWorker, message),
        addEventListener: (type: string, listener: never) => {
          if (type === "message") toPage.add(listener);
        },
        terminate: () => {}
      };
    };
    const journal = await openJournal({createWorker, workspace: "test"});
    /** As when the browser ends the tab's process. */
    const kill = () => {
      mortal.isDead = true;
      this.#channels.delete(tab);
      this.#locks.kill(tab);
    };
    return {journal, kill};
  }

  #broadcast(from: object, message: unknown): void {
    if (!this.#channels.has(from)) return;
    if (this.losesAnswers && (message as {type: string}).type === "written") return;
    const data = structuredClone(message);
    for (const [tab, ears] of [...this.#channels]) {
      if (tab === from) continue;
      setImmediate(() => {
        if (this.#channels.has(tab)) for (const listener of [...ears]) listener({data});
      });
    }
  }
}

/** Resolves when it holds of a journal's status. */
export function until(
  journal: {status: unknown; subscribe(listener: () => void): () => void},
  holds: () => boolean
): Promise<void> {
  return new Promise((resolve) => {
    const check = () => {
      if (!holds()) return;
      stop();
      resolve();
    };
    const stop = journal.subscribe(check);
    check();
  });
}
