import JournalWorker from "./journal-worker.ts?worker";
import {openJournal, openMemoryJournal} from "./tables/journal/open.ts";
import type {Journal} from "./tables/journal/types.ts";

/** The journal of the page; without a file system of the browser's (a private window), one that ends with the page. */
export async function openPageJournal(): Promise<Journal> {
  if (!navigator.storage?.getDirectory || !navigator.locks) return openMemoryJournal();
  return openJournal({createWorker: () => new JournalWorker()});
}
