import type {Draft, EditJournal} from "../../runtime/storage/types.ts";
import {NotFoundError} from "../../runtime/storage/types.ts";
import {OpenNotebook} from "./open-notebook.ts";
import {sameOriginUrl} from "./router.ts";
import type {AppServices} from "./services.ts";

/** What to open: a notebook of the storage, or a file of the same origin. */
export type NotebookSource = {name: string} | {url: string};

/** An address that Petri does not open. */
export class AddressError extends Error {
  override name = "AddressError";
}

export interface LoadedNotebook {
  open: OpenNotebook;
  /** What relative paths in the notebook start from. */
  baseUrl: string;
  /** Unsaved texts that tabs left behind and that are worth offering, newest first. */
  drafts: readonly Draft[];
}

/**
 * Reads a notebook and looks for unsaved text: this tab's own is in the document already, that of dead tabs is to be
 * offered. @throws NotFoundError, AddressError, StorageError */
export async function loadNotebook(source: NotebookSource, services: AppServices): Promise<LoadedNotebook> {
  return "name" in source ? fromStorage(source.name, services) : fromAddress(source.url, services);
}

async function fromStorage(name: string, {storage, journal}: AppServices): Promise<LoadedNotebook> {
  const [stored, left] = await Promise.all([
    (await storage).read(name).catch((error: unknown) => {
      if (error instanceof NotFoundError) return null;
      throw error;
    }),
    journal.recover(name).catch(() => [])
  ]);
  // A notebook that was deleted elsewhere, or never saved, is still in the journal.
  const text = stored?.text ?? (journal.own(name) ?? left[0])?.text;
  if (text === undefined) throw new NotFoundError(`There is no notebook “${name}”.`);
  const open = new OpenNotebook(text, {name, key: name, stored}, journal);
  if (stored === null && !journal.own(name)) adopt(left[0], journal);
  return {
    open,
    baseUrl: new URL(`notebooks/${name}.html`, document.baseURI).href,
    drafts: goOn(open, name, text, left, journal)
  };
}

/** Goes on with what this tab had typed, and answers what is left to offer. */
function goOn(
  open: OpenNotebook,
  key: string,
  text: string,
  left: readonly Draft[],
  journal: EditJournal
): Draft[] {
  const own = journal.own(key);
  if (own && own.text !== text) open.restore(own);
  // What is in the file by now is no draft any more, whatever the file becomes.
  for (const draft of left) if (open.version !== null && draft.text === text) void journal.discard(draft);
  return left.filter((draft) => draft.text !== text && draft.text !== own?.text);
}

/** Makes a dead tab's draft this tab's: it is all that there is of the notebook. */
function adopt(draft: Draft, journal: EditJournal): void {
  const {name, text, baseVersion} = draft;
  // Where nothing can be stored, the old one is left as it is.
  journal.record(name, text, baseVersion).then(
    () => journal.discard(draft),
    () => {}
  );
}

async function fromAddress(url: string, {journal}: AppServices): Promise<LoadedNotebook> {
  const address = sameOriginUrl(url, document.baseURI);
  if (!address)
    throw new AddressError(
      `Petri opens notebooks of its own site only, and ${url} is elsewhere. Download the file and import it.`
    );
  const response = await fetch(address);
  if (!response.ok) throw new NotFoundError(`${address} answered ${response.status} ${response.statusText}.`);
  const text = await response.text();
  if (!/<notebook[\s>]/i.test(text))
    throw new AddressError(
      `${address} holds no <notebook> element: it is not an Observable Notebook Kit file.`
    );
  const left = await journal.recover(address).catch(() => []);
  const stored = {text, version: ""};
  const open = new OpenNotebook(text, {name: null, key: address, stored}, journal);
  return {open, baseUrl: address, drafts: goOn(open, address, text, left, journal)};
}
