import type {Backend} from "./backend.ts";
import type {Files} from "./files.ts";
import {Follower} from "./follower.ts";
import {type Channel, serveFollowers} from "./leader.ts";
import {LocalJournal, type LocalJournalOptions, type StorageLike} from "./local-journal.ts";
import {MemoryFiles} from "./memory-files.ts";
import {OpfsFiles} from "./opfs-files.ts";

/** What a worker has of the browser. */
export interface WorkerEnvironment extends Pick<LocalJournalOptions, "sealBytes" | "compactAfter"> {
  /** The files of a workspace; null where the browser keeps none. */
  files(workspace: string): Promise<Files | null>;
  locks: Pick<LockManager, "request"> | undefined;
  channel(workspace: string): Channel;
  storage?: StorageLike;
}

/** The browser that this worker runs in. */
export function browserEnvironment(): WorkerEnvironment {
  return {
    async files(workspace) {
      try {
        await navigator.storage.getDirectory();
        return "createSyncAccessHandle" in FileSystemFileHandle.prototype ? OpfsFiles.at(workspace) : null;
      } catch {
        // A private window, or an address that is not secure.
        return null;
      }
    },
    locks: navigator.locks,
    channel: (workspace) => new BroadcastChannel(workspace),
    storage: navigator.storage
  };
}

/**
 * Opens the journal of a workspace: its files where no other tab has them, else by way of the tab that does, and then
 * the files when that one is gone. Calls back with each; the first before it resolves. Resolves to what ends it.
 */
export async function openBackend(
  environment: WorkerEnvironment,
  workspace: string,
  use: (backend: Backend) => void
): Promise<() => Promise<void>> {
  const {files: openFiles, locks, sealBytes, compactAfter, storage} = environment;
  const options = {sealBytes, compactAfter, storage};
  const files = await openFiles(workspace);
  if (!files || !locks) {
    const journal = new LocalJournal(new MemoryFiles(), {...options, role: "memory"});
    use(journal);
    return () => journal.close();
  }
  const channel = environment.channel(workspace);
  const name = crypto.randomUUID();
  const stopped = new AbortController();
  let current: Backend | undefined;
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  /** Holds the lock as long as this tab leads. */
  const lead = async (journal: LocalJournal) => {
    current = journal;
    use(journal);
    await journal.ready();
    if (journal.status.role !== "leader") return;
    const stop = serveFollowers(journal, channel, name);
    await released;
    stop();
    await journal.close();
  };
  const open = () => new LocalJournal(files, {...options, role: "leader", orMemory: true});
  const follow = () => {
    const follower = new Follower(files, channel, name);
    current = follower;
    use(follower);
    const takeOver = () => {
      const journal = open();
      follower.handOver(journal);
      return lead(journal);
    };
    locks.request(workspace, {signal: stopped.signal}, takeOver).catch(() => {
      // The page closed before it was its turn.
    });
  };
  let isOver: Promise<unknown> = Promise.resolve();
  await new Promise<void>((resolve) => {
    isOver = locks
      .request(workspace, {ifAvailable: true}, (lock) => {
        const done = lock ? lead(open()) : follow();
        resolve();
        return done;
      })
      .catch((error: unknown) => {
        if (current) return;
        // Without a lock two tabs might write at once.
        use(new LocalJournal(new MemoryFiles(), {...options, role: "memory", failure: String(error)}));
        resolve();
      });
  });
  return async () => {
    stopped.abort();
    if (current instanceof Follower) await current.close();
    release();
    await isOver;
  };
}
