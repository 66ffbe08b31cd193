import type {Draft} from "../../runtime/storage/types.ts";
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
  /** Unsaved text that a tab left behind; null when there is none worth offering. */
  draft: Draft | null;
}

/** Reads a notebook and looks for unsaved text. @throws NotFoundError, AddressError, StorageError */
export async function loadNotebook(source: NotebookSource, services: AppServices): Promise<LoadedNotebook> {
  return "name" in source ? fromStorage(source.name, services) : fromAddress(source.url, services);
}

async function fromStorage(name: string, {storage, journal}: AppServices): Promise<LoadedNotebook> {
  const [stored, draft] = await Promise.all([
    (await storage).read(name).catch((error: unknown) => {
      if (error instanceof NotFoundError) return null;
      throw error;
    }),
    journal.recover(name).catch(() => null)
  ]);
  // A notebook that was deleted elsewhere, or never saved, is still in the journal.
  const text = stored?.text ?? draft?.text;
  if (text === undefined) throw new NotFoundError(`There is no notebook “${name}”.`);
  const open = new OpenNotebook(text, {name, key: name, stored}, journal);
  const worthIt = draft !== null && draft.text !== stored?.text && stored !== null;
  return {
    open,
    baseUrl: new URL(`notebooks/${name}.html`, document.baseURI).href,
    draft: worthIt ? draft : null
  };
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
  const draft = await journal.recover(address).catch(() => null);
  const stored = {text, version: ""};
  const open = new OpenNotebook(text, {name: null, key: address, stored}, journal);
  return {open, baseUrl: address, draft: draft && draft.text !== text ? draft : null};
}
