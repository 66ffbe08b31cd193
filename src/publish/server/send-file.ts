import {createReadStream} from "node:fs";
import {stat} from "node:fs/promises";
import type {IncomingMessage, ServerResponse} from "node:http";
import {pipeline} from "node:stream/promises";
import {HttpError} from "./http-error.ts";
import {mediaType} from "./media-types.ts";

/**
 * Sends a file.
 * @param options.immutable its name changes with its content, so that a browser may keep it for good
 * @param options.version an ETag; by default made of size and time
 */
export async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  {immutable = false, version}: {immutable?: boolean; version?: string} = {}
): Promise<void> {
  const file = await stat(path);
  if (!file.isFile()) throw new HttpError(404, "That is not a file.");
  const etag = `"${version ?? `${file.size.toString(36)}-${file.mtimeMs.toString(36)}`}"`;
  response.setHeader("ETag", etag);
  response.setHeader("Cache-Control", immutable ? "public, max-age=31536000, immutable" : "no-cache");
  response.setHeader("Content-Type", mediaType(path));
  if (request.headers["if-none-match"] === etag) {
    response.writeHead(304).end();
    return;
  }
  response.setHeader("Content-Length", file.size);
  response.writeHead(200);
  if (request.method === "HEAD") response.end();
  // The reader may leave before the end: that is no error of ours.
  else await pipeline(createReadStream(path), response).catch(ignorePrematureClose);
}

function ignorePrematureClose(error: NodeJS.ErrnoException): void {
  if (error.code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
}
