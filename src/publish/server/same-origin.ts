import type {IncomingMessage} from "node:http";
import {HttpError} from "./http-error.ts";

const loopback = new Set(["127.0.0.1", "localhost", "[::1]"]);

/**
 * Refuses requests that a foreign page could have caused.
 *
 * A server on the loopback address is in reach of every page that the browser shows: through a name that its owner
 * points at 127.0.0.1 (DNS rebinding: the Host header gives it away), and through forms and `fetch` without CORS (Origin
 * and Sec-Fetch-Site give them away). Writing needs, besides, a header that no form can send.
 *
 * @throws HttpError 403
 */
export function requireSameOrigin(request: IncomingMessage): void {
  const host = request.headers.host ?? "";
  if (!loopback.has(host.replace(/:\d+$/, "")))
    throw new HttpError(403, `This server answers on 127.0.0.1 only, and was called "${host}".`);
  const {origin} = request.headers;
  if (origin !== undefined && origin !== `http://${host}`)
    throw new HttpError(403, `Requests from ${origin} are refused: only Petri's own page may ask.`);
  if (isRead(request)) return;
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin")
    throw new HttpError(403, "Only Petri's own page may write.");
  if (request.headers["x-petri"] !== "1")
    throw new HttpError(403, "A request that writes must have the header X-Petri: 1.");
}

function isRead({method}: IncomingMessage): boolean {
  return method === "GET" || method === "HEAD";
}
