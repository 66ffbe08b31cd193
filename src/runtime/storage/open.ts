import {BrowserStorage} from "./browser.ts";
import type {PetriDatabase} from "./database.ts";
import {ServerStorage} from "./server.ts";
import type {NotebookStorage} from "./types.ts";

/**
 * The server's storage where one answers `api/notebooks`, else the browser's over the published notebooks.
 * `fetch` resolves relative paths against the page's base.
 */
export async function openStorage(options: {
  fetch: (path: string, init?: RequestInit) => Promise<Response>;
  database: Promise<PetriDatabase>;
}): Promise<NotebookStorage> {
  const response = await options.fetch("api/notebooks", {cache: "no-cache"}).catch(() => null);
  const served = response?.ok && response.headers.get("content-type")?.includes("json");
  return served ? new ServerStorage(options.fetch) : new BrowserStorage(options);
}
