import type {IncomingMessage, ServerResponse} from "node:http";

/** Sends an object as JSON that no cache keeps. */
export function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {"Content-Type": "application/json", "Cache-Control": "no-store"});
  response.end(JSON.stringify(body));
}

/** Sends a text whose version is known; answers 304 to a reader that has it. */
export function sendText(
  request: IncomingMessage,
  response: ServerResponse,
  text: string,
  {type, version}: {type: string; version: string}
): void {
  const etag = `"${version}"`;
  const headers = {"Content-Type": type, "Cache-Control": "no-cache", ETag: etag};
  if (request.headers["if-none-match"] === etag) response.writeHead(304, headers).end();
  else response.writeHead(200, headers).end(request.method === "HEAD" ? undefined : text);
}
