import type {JournalRecord} from "./journal/types.ts";
import type {TableName} from "./schema.ts";

/** Writes into the database; the store calls one method at a time. */
export interface RunWriter {
  /** Takes in rows of the journal; the bytes are used up. */
  load(table: TableName, ipc: Uint8Array): Promise<void>;
  /** The journal was read to its end. */
  loaded(): Promise<void>;
  /** Adds rows, or replaces those with the same key, all or none; the bytes stay usable. */
  write(records: readonly JournalRecord[]): Promise<void>;
  deleteRuns(runIds: readonly string[]): Promise<void>;
  /** Makes all tables empty. */
  clear(): Promise<void>;
  /** Makes empty tables again where those of the store are missing or changed, and then returns true. */
  mend(): Promise<boolean>;
}
