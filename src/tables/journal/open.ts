import {openMemoryJournal} from "./memory-journal.ts";
import {type JournalStorage, PageJournal, type WorkerLike} from "./page-journal.ts";
import type {Journal} from "./types.ts";

export {openMemoryJournal};

export interface OpenOptions {
  /** Starts the worker that runs `serveJournal`. */
  createWorker(): WorkerLike;
  /** Names the workspace: its folder, lock and channel. */
  workspace?: string;
  /** Asks the browser to keep the workspace: workers cannot. */
  storage?: JournalStorage;
}

/** Opens the journal of the page. Resolves when it is known who leads; the tab that does may still be opening its files. Without a worker it is in memory. */
export async function openJournal({
  createWorker,
  workspace = "petri",
  storage = globalThis.navigator?.storage
}: OpenOptions): Promise<Journal> {
  const journal = new PageJournal(createWorker, workspace, storage);
  try {
    await journal.ready;
    return journal;
  } catch (error) {
    // Runs and queries go on all the same; the status says that nothing is kept.
    return openMemoryJournal((error as Error).message);
  }
}
