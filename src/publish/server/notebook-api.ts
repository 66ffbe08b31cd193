import type {IncomingMessage, ServerResponse} from "node:http";
import {ConflictError, NameError, NotFoundError} from "../../runtime/storage/types.ts";
import type {NotebookFolder} from "../notebook-folder.ts";
import {HttpError} from "./http-error.ts";
import {readBody} from "./read-body.ts";
import {sendJson} from "./send-text.ts";

/** Answers `api/notebooks...`; `path` is what follows `api/`, decoded. */
export async function notebookApi(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  folder: NotebookFolder
): Promise<void> {
  try {
    sendJson(response, 200, await answer(request, path, folder));
  } catch (error) {
    throw httpErrorOf(error);
  }
}

async function answer(request: IncomingMessage, path: string, folder: NotebookFolder): Promise<object> {
  const [, name] = path.match(/^notebooks\/(.+)$/) ?? [];
  if (path === "notebooks" && isRead(request)) return {notebooks: await folder.list()};
  if (name === undefined) throw new HttpError(404, `There is no api/${path}.`);
  switch (request.method) {
    case "GET":
      return folder.read(name);
    case "PUT":
      return folder.write(name, await readBody(request), {version: condition(request)});
    case "DELETE":
      await folder.remove(name, {version: match(request)});
      return {};
    case "POST": {
      const [, from] = name.match(/^(.+)\/rename$/) ?? [];
      if (from === undefined) break;
      await folder.rename(from, await target(request), {version: match(request)});
      return {};
    }
  }
  throw new HttpError(405, `api/${path} does not answer ${request.method}.`);
}

function isRead({method}: IncomingMessage): boolean {
  return method === "GET" || method === "HEAD";
}

/** The version that a write names, or null for a notebook that must not exist yet. */
function condition(request: IncomingMessage): string | null {
  return request.headers["if-none-match"] === "*" ? null : match(request);
}

function match(request: IncomingMessage): string {
  const version = request.headers["if-match"]?.match(/^"([0-9a-f]+)"$/)?.[1];
  if (version === undefined)
    throw new HttpError(
      428,
      'Say which version you change: If-Match: "<version>", or If-None-Match: * for a new one.'
    );
  return version;
}

async function target(request: IncomingMessage): Promise<string> {
  try {
    const {to} = JSON.parse(await readBody(request));
    if (typeof to === "string") return to;
  } catch (error) {
    if (error instanceof HttpError) throw error;
  }
  throw new HttpError(400, 'The body must be JSON such as {"to": "new-name"}.');
}

function httpErrorOf(error: unknown): unknown {
  if (error instanceof NameError) return new HttpError(400, error.message);
  if (error instanceof NotFoundError) return new HttpError(404, error.message);
  if (error instanceof ConflictError)
    return new HttpError(412, error.message, {version: null, ...error.current});
  return error;
}
