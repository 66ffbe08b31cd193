import {checkName} from "./names.ts";
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

/** Notebooks on disk, behind the local server's HTTP interface; all paths are relative to the page's base. */
export class ServerStorage implements NotebookStorage {
  readonly kind = "server";
  readonly #fetch: Fetch;

  constructor(fetch: Fetch) {
    this.#fetch = fetch;
  }

  async list(): Promise<NotebookEntry[]> {
    const response = await this.#request("api/notebooks");
    await expectOk(response, "list the notebooks");
    const {notebooks} = (await response.json()) as {notebooks: NotebookEntry[]};
    return notebooks;
  }

  async read(name: string): Promise<StoredNotebook> {
    const response = await this.#request(`notebooks/${checkName(name)}.html`, {cache: "no-cache"});
    if (response.status === 404) throw notFound(name);
    await expectOk(response, `read ${name}`);
    const text = await response.text();
    return {text, version: versionIn(response) ?? (await versionOf(text))};
  }

  async write(name: string, text: string, {version}: {version: string | null}): Promise<{version: string}> {
    const condition: Record<string, string> =
      version === null ? {"If-None-Match": "*"} : {"If-Match": `"${version}"`};
    const response = await this.#request(`api/notebooks/${checkName(name)}`, {
      method: "PUT",
      headers: {"Content-Type": "text/html; charset=utf-8", "X-Petri": "1", ...condition},
      body: text
    });
    await expectOk(response, `save ${name}`);
    return (await response.json()) as {version: string};
  }

  async rename(name: string, to: string, {version}: {version: string}): Promise<void> {
    const response = await this.#request(`api/notebooks/${checkName(name)}/rename`, {
      method: "POST",
      headers: {"Content-Type": "application/json", "X-Petri": "1", "If-Match": `"${version}"`},
      body: JSON.stringify({to: checkName(to)})
    });
    await expectOk(response, `rename ${name} to ${to}`);
  }

  async remove(name: string, {version}: {version: string}): Promise<void> {
    const response = await this.#request(`api/notebooks/${checkName(name)}`, {
      method: "DELETE",
      headers: {"X-Petri": "1", "If-Match": `"${version}"`}
    });
    await expectOk(response, `delete ${name}`);
  }

  async #request(path: string, init?: RequestInit): Promise<Response> {
    try {
      return await this.#fetch(path, init);
    } catch (cause) {
      throw new StorageError(
        "The local server does not answer. Start it again with `npm start`; unsaved edits are kept in this browser.",
        {cause}
      );
    }
  }
}

function versionIn(response: Response): string | null {
  return response.headers.get("etag")?.match(/"([^"]+)"/)?.[1] ?? null;
}

function notFound(name: string): NotFoundError {
  return new NotFoundError(`There is no notebook "${name}".`);
}

async function expectOk(response: Response, task: string): Promise<void> {
  if (response.ok) return;
  if (response.status === 412 || response.status === 409) throw await conflict(response, task);
  if (response.status === 404) throw new NotFoundError(`Could not ${task}: it is not there any more.`);
  const reason = (await response.text().catch(() => "")).slice(0, 200) || response.statusText;
  throw new StorageError(`Could not ${task}: the server answered ${response.status} ${reason}`.trim());
}

async function conflict(response: Response, task: string): Promise<ConflictError> {
  const body = (await response.json().catch(() => ({}))) as {version?: string | null; text?: string};
  const current = body.version && body.text !== undefined ? {text: body.text, version: body.version} : null;
  const reason = current ? "another text is there" : "it was deleted or renamed";
  return new ConflictError(`Could not ${task}: ${reason}.`, current);
}
