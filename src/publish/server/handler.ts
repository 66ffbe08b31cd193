import type {IncomingMessage, ServerResponse} from "node:http";
import {SpecifierError} from "../../runtime/npm-specifier.ts";
import {NotebookFolder} from "../notebook-folder.ts";
import {NpmModuleError} from "../npm-modules.ts";
import {HttpError} from "./http-error.ts";
import {mediaType} from "./media-types.ts";
import {notebookApi} from "./notebook-api.ts";
import {safePath} from "./safe-path.ts";
import {requireSameOrigin} from "./same-origin.ts";
import {sendFile} from "./send-file.ts";
import {sendJson, sendText} from "./send-text.ts";

export interface HandlerOptions {
  /** The folder of the built page; null when another server shows the page (development). */
  app: string | null;
  /** The folder of the notebooks and their data. */
  notebooks: string;
  /** Builds `npm/<path>`, e.g. `d3@7.js`, and answers the path of a file; fails with a message for the reader. */
  npm: (path: string) => Promise<string>;
}

/** Answers a request, or answers false when the address is not one of ours. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

/**
 * The workbench's server, as a function: the page, the notebooks with their data, `npm:` packages, and the interface
 * that saves notebooks.
 */
export function createHandler({app, notebooks, npm}: HandlerOptions): Handler {
  const folder = new NotebookFolder(notebooks);

  async function route(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    requireSameOrigin(request);
    // Not URL.pathname: it would resolve `..` before we see it.
    const path = (request.url ?? "/").replace(/[?#].*$/, "").slice(1);
    const [, top, rest] = path.match(/^([^/]*)\/(.*)$/) ?? [null, "", path];
    if (top === "api") {
      await notebookApi(request, response, rest, folder);
      return true;
    }
    if (request.method !== "GET" && request.method !== "HEAD")
      throw new HttpError(405, `/${path} can only be read.`);
    const send = async (file: string | null, options?: Parameters<typeof sendFile>[3]) => {
      if (file === null) throw new HttpError(404, `There is no /${path}.`);
      await sendFile(request, response, file, options);
      return true;
    };
    if (top === "notebooks") {
      // Seen by itself, a notebook's file is a page of this origin: it may not run. Petri reads it with fetch.
      response.setHeader("Content-Security-Policy", "sandbox");
      return (await sendNotebook(request, response, rest, folder)) || send(await safePath(notebooks, rest));
    }
    if (top === "npm") return send(await npm(decode(rest)).catch(refuse));
    if (app === null) return false;
    if (path === "") return send(await safePath(app, "index.html"));
    return send(await safePath(app, path), {immutable: top === "assets"});
  }

  return async (request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    try {
      return await route(request, response);
    } catch (error) {
      sendError(request, response, error);
      return true;
    }
  };
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new HttpError(400, `/${path} is not a well-formed address.`);
  }
}

/** An import that cannot be served is the reader's affair: the cell shows the message. */
function refuse(error: unknown): never {
  if (error instanceof NpmModuleError || error instanceof SpecifierError)
    throw new HttpError(404, error.message);
  throw error;
}

// Isolation gives wasm its threads; the rest keeps other sites from embedding or reading what is here.
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "credentialless",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "same-origin"
};

/** Sends a notebook with its version, which a later write names, as its ETag; false when the path is not a notebook's. */
async function sendNotebook(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  folder: NotebookFolder
): Promise<boolean> {
  if (!path.endsWith(".html")) return false;
  const notebook = await folder.read(path.slice(0, -".html".length)).catch(() => null);
  if (notebook)
    sendText(request, response, notebook.text, {type: mediaType(path), version: notebook.version});
  return notebook !== null;
}

function sendError(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const known = error instanceof HttpError;
  if (!known) console.error(`${request.method} ${request.url}:`, error);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const status = known ? error.status : 500;
  const message = known ? error.message : "The server failed; its terminal says why.";
  // A body that was not read to its end would be taken for the next request.
  if (!request.complete) response.setHeader("Connection", "close");
  sendJson(response, status, {
    error: {name: error instanceof Error ? error.name : "Error", message},
    ...(known ? error.details : {})
  });
}
