import type {IncomingMessage} from "node:http";
import {HttpError} from "./http-error.ts";

/** No notebook that a person wrote comes near it; a body that does is a mistake. */
const maxBytes = 16 * 1024 * 1024;

/** The request's body as text. @throws HttpError 413 over 16 MiB, 400 when it is not UTF-8 */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > maxBytes) throw new HttpError(413, `At most ${maxBytes / 2 ** 20} MiB can be saved at once.`);
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", {fatal: true, ignoreBOM: true}).decode(Buffer.concat(chunks));
  } catch {
    throw new HttpError(400, "The body must be text in UTF-8.");
  }
}
