import type {BrowserRecord, PetriDatabase} from "./database.ts";
import {checkName} from "./names.ts";
import {summarize} from "./summary.ts";
import {
  ConflictError,
  type NotebookEntry,
  type NotebookStorage,
  NotFoundError,
  StorageError,
  type StoredNotebook
} from "./types.ts";
import {versionOf} from "./version.ts";

type Fetch = (path: string, init?: RequestInit) => Promise<Response>;

/**
 * Notebooks in IndexedDB, laid over those published with the site: a published notebook is read from the site until it is
 * saved here, and a deletion only hides it here.
 */
export class BrowserStorage implements NotebookStorage {
  readonly kind = "browser";
  readonly #database: Promise<PetriDatabase>;
  readonly #fetch: Fetch;
  readonly #now: () => number;

  constructor({
    database,
    fetch,
    now = Date.now
  }: {database: Promise<PetriDatabase>; fetch: Fetch; now?: () => number}) {
    this.#database = database;
    this.#fetch = fetch;
    this.#now = now;
  }

  async list(): Promise<NotebookEntry[]> {
    const records = await (await this.#database).getAll("notebooks");
    const own = new Map(records.map((record) => [record.name, record]));
    const entries = (await this.#published()).filter(({name}) => !own.has(name));
    for (const record of own.values()) if (record.text !== null) entries.push(entryOf(record, record.text));
    return entries.sort((a, b) => a.name.localeCompare(b.name));
  }

  async read(name: string): Promise<StoredNotebook> {
    const current = await this.#current(checkName(name));
    if (!current) throw new NotFoundError(`There is no notebook "${name}".`);
    return current;
  }

  async write(name: string, text: string, {version}: {version: string | null}): Promise<{version: string}> {
    await this.#expect(checkName(name), version, "save");
    return this.#put(name, text);
  }

  async rename(name: string, to: string, {version}: {version: string}): Promise<void> {
    const current = await this.#expect(name, version, "rename");
    await this.#expect(checkName(to), null, "rename to");
    await this.#put(to, current?.text ?? "");
    await this.#bury(name);
  }

  async remove(name: string, {version}: {version: string}): Promise<void> {
    await this.#expect(name, version, "delete");
    await this.#bury(name);
  }

  async #current(name: string): Promise<StoredNotebook | null> {
    const record = await (await this.#database).get("notebooks", name);
    if (record) return record.text === null ? null : {text: record.text, version: record.version};
    const response = await this.#fetch(`notebooks/${name}.html`).catch((cause: unknown) => {
      throw new StorageError(`Could not read ${name}: the site does not answer.`, {cause});
    });
    if (!response.ok) return null;
    const text = await response.text();
    // Single-page hosts answer every address with the page itself.
    if (!/<notebook[\s>]/i.test(text)) return null;
    return {text, version: await versionOf(text)};
  }

  async #expect(name: string, version: string | null, task: string): Promise<StoredNotebook | null> {
    const current = await this.#current(name);
    if ((current?.version ?? null) === version) return current;
    const reason = current ? "another text is there" : "it was deleted";
    throw new ConflictError(`Could not ${task} ${name}: ${reason}.`, current);
  }

  async #put(name: string, text: string): Promise<{version: string}> {
    const version = await versionOf(text);
    await (await this.#database).put("notebooks", {name, text, version, modifiedAt: this.#now()});
    return {version};
  }

  async #bury(name: string): Promise<void> {
    const database = await this.#database;
    const published = (await this.#published()).some((entry) => entry.name === name);
    if (published) await database.put("notebooks", {name, text: null, version: "", modifiedAt: this.#now()});
    else await database.delete("notebooks", name);
  }

  async #published(): Promise<NotebookEntry[]> {
    const response = await this.#fetch("notebooks/index.json").catch(() => null);
    if (!response?.ok) return [];
    const body = (await response.json().catch(() => ({}))) as {notebooks?: NotebookEntry[]};
    return body.notebooks ?? [];
  }
}

function entryOf({name, modifiedAt}: BrowserRecord, text: string): NotebookEntry {
  return {name, ...summarize(text), modifiedAt, sizeBytes: new TextEncoder().encode(text).length};
}
