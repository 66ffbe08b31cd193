import {DatasetError} from "../dataset-error.ts";
import {largestFile} from "./limits.ts";
import {readStream} from "./read-stream.ts";

/**
 * The bytes of a server's answer. Reading stops where more comes than a file may hold, whatever was announced.
 * @throws DatasetError for too much, and for an answer that breaks off.
 */
export async function readResponse(name: string, {headers, body}: Response): Promise<Uint8Array> {
  const announced = Number(headers.get("content-length"));
  if (announced > largestFile()) throw tooLarge(name, `${announced}`);
  if (!body) return new Uint8Array();
  const bytes = await readStream(body, {
    check(length) {
      if (length > largestFile()) throw tooLarge(name, `${length} or more`);
    },
    broken: (cause, length) => endedEarly(name, length, cause)
  });
  // What was packed for the way is announced as it was packed.
  if (bytes.length < announced && !headers.has("content-encoding"))
    throw endedEarly(name, bytes.length, `${announced} were announced.`);
  return bytes;
}

/** @param size How many bytes it has, in words. */
export const tooLarge = (name: string, size: string) =>
  new DatasetError(`${name} has ${size} bytes; at most ${largestFile()} are read at once. Split the file.`);

function endedEarly(name: string, length: number, cause: unknown): DatasetError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DatasetError(
    `${name}: expected a whole file, and the server's answer ended after ${length} bytes: ${reason} Try again, or pass the file itself.`,
    {cause}
  );
}
