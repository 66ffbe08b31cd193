import type {Journal, JournalRecord} from "./journal/types.ts";
import type {Row, TableName} from "./schema.ts";

type Encode = <T extends TableName>(table: T, rows: readonly Row<T>[]) => Uint8Array;
type Make = (encode: Encode) => JournalRecord;

interface Ready {
  journal: Journal;
  encode: Encode;
}

/**
 * Sends records to a journal that is opened when the first one comes, in the order they were given. What writes rows
 * as Arrow is loaded with it, so that a page without runs loads neither.
 */
export class JournalQueue {
  readonly #open: () => Promise<Journal>;
  readonly #sent: (record: JournalRecord) => void;
  readonly #kept: (record: JournalRecord) => void;
  #ready: Ready | null = null;
  #opening: Promise<Journal> | null = null;
  #backlog: ((ready: Ready) => void)[] = [];

  /** `sent` is told of a record when it goes to the journal, `kept` when it is on disk. */
  constructor(
    open: () => Promise<Journal>,
    {sent, kept}: {sent(record: JournalRecord): void; kept(record: JournalRecord): void}
  ) {
    this.#open = open;
    this.#sent = sent;
    this.#kept = kept;
  }

  /**
   * Adds a record; never fails, since a run goes on whatever becomes of its rows. Resolves to whether the journal took
   * it, once there is one.
   */
  push(make: Make): Promise<boolean> {
    if (this.#ready) return this.#send(this.#ready, make);
    return new Promise((resolve) => {
      this.#backlog.push((ready) => resolve(this.#send(ready, make)));
      this.journal().catch((error: unknown) => console.error("Petri could not open its journal.", error));
    });
  }

  /** The journal, with everything that was pushed before on its way to it. */
  journal(): Promise<Journal> {
    this.#opening ??= this.#start().catch((error) => {
      this.#opening = null;
      throw error;
    });
    return this.#opening;
  }

  async #start(): Promise<Journal> {
    const [journal, {encodeRows}] = await Promise.all([this.#open(), import("./encode-rows.ts")]);
    const ready = {journal, encode: encodeRows};
    this.#ready = ready;
    for (const send of this.#backlog.splice(0)) send(ready);
    return journal;
  }

  async #send({journal, encode}: Ready, make: Make): Promise<boolean> {
    try {
      const record = make(encode);
      this.#sent(record);
      await journal.append(record);
      this.#kept(record);
      return true;
    } catch (error) {
      console.error("Petri could not record what a run yielded.", error);
      return false;
    }
  }
}
