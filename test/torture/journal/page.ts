import JournalWorker from "../../../src/journal-worker.ts?worker";
import {openJournal} from "../../../src/tables/journal/open.ts";
import type {JournalStatus} from "../../../src/tables/journal/types.ts";
import {check, type FoundRun} from "./check.ts";
import {type Told, write} from "./write.ts";

/** What the driver calls in the page. */
export interface JournalPage {
  /** Never ends by itself. */
  write(options: {round: number; seed: number; earlier: string[]}): Promise<void>;
  check(): Promise<FoundRun[]>;
  /** Of these, how many are not in the store any more. */
  missingBlobs(hashes: string[]): Promise<number>;
  status(): JournalStatus;
}

declare global {
  /** Given by the driver. */
  function tell(what: Told): Promise<void>;
}

const journal = await openJournal({
  createWorker: () => new JournalWorker()
});

const page: JournalPage = {
  write: (options) => write(journal, options, globalThis.tell),
  check: () => check(journal),
  async missingBlobs(hashes) {
    let missing = 0;
    for (const hash of hashes) if ((await journal.getBlob(hash)) === null) missing++;
    return missing;
  },
  status: () => journal.status
};

Object.assign(globalThis, {torture: page});
