/** One line of the home page: a notebook without its text. */
export interface NotebookEntry {
  /** Path below `notebooks/` without `.html`, e.g. `quickstart` or `pruning/lottery`. */
  name: string;
  title: string;
  /** First paragraph as plain text; empty when there is none. */
  summary: string;
  /** Milliseconds since the epoch; 0 where unknown. */
  modifiedAt: number;
  sizeBytes: number;
}

/** A notebook's text and the version that a later write must name. */
export interface StoredNotebook {
  text: string;
  /** SHA-256 (hex) of the bytes. */
  version: string;
}

/** Where notebooks are kept. Names are checked by the storage: see `checkName`. */
export interface NotebookStorage {
  readonly kind: "server" | "browser";
  list(): Promise<NotebookEntry[]>;
  /** @throws NotFoundError */
  read(name: string): Promise<StoredNotebook>;
  /** `version`: what was read, or null for a new notebook. @throws ConflictError when another text is there. */
  write(name: string, text: string, options: {version: string | null}): Promise<{version: string}>;
  /** @throws ConflictError when `to` is taken or the text is newer. */
  rename(name: string, to: string, options: {version: string}): Promise<void>;
  /** @throws ConflictError when the text is newer. */
  remove(name: string, options: {version: string}): Promise<void>;
}

/** The stored text is not the one the writer had read; `current` is null when it was deleted. */
export class ConflictError extends Error {
  override name = "ConflictError";
  readonly current: StoredNotebook | null;
  constructor(message: string, current: StoredNotebook | null) {
    super(message);
    this.current = current;
  }
}

/** No notebook of that name. */
export class NotFoundError extends Error {
  override name = "NotFoundError";
}

/** A name that no storage accepts. */
export class NameError extends Error {
  override name = "NameError";
}

/** The storage could not be reached, or refused. */
export class StorageError extends Error {
  override name = "StorageError";
}

/** Unsaved text of one notebook in one tab. */
export interface Draft {
  name: string;
  /** The tab that wrote it. */
  tab: string;
  text: string;
  /** Version of the stored text that the edits began from; null for a notebook never stored. */
  baseVersion: string | null;
  /** Milliseconds since the epoch. */
  at: number;
}

/** Keeps what was typed and not saved, so that a crash or a reload costs nothing. */
export interface EditJournal {
  /** Keeps the newest unsaved text; resolves when it is durable. Await it before running an edit. */
  record(name: string, text: string, baseVersion: string | null): Promise<void>;
  /** What this tab has typed into the notebook and not saved; null when there is nothing. */
  own(name: string): Draft | null;
  /** The drafts that tabs left behind when they went away, newest first. */
  recover(name: string): Promise<Draft[]>;
  /** Forgets this tab's draft of the notebook (after a save). */
  clear(name: string): Promise<void>;
  /** Forgets one draft of a dead tab (after it was taken or declined). */
  discard(draft: Draft): Promise<void>;
  /** The notebook has another name now; the drafts of this tab and of dead ones go with it. */
  rename(name: string, to: string): Promise<void>;
}
