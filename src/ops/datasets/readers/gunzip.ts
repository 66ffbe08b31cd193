import {DatasetError} from "../dataset-error.ts";
import {largestFile} from "./limits.ts";
import {readStream} from "./read-stream.ts";

/** Bytes of a file's beginning that are enough for a header. */
const HEAD = 64;

/** How many bytes a file holds, told by its beginning (at least 64 bytes, or all there is), or an error for a bad one. */
export type SizeOf = (head: Uint8Array) => number;

export const isGzip = (bytes: Uint8Array) => bytes[0] === 0x1f && bytes[1] === 0x8b;

/**
 * Unpacks gzip. It stops as soon as more comes out than the header of what is packed allows, so that a small file cannot
 * fill the memory. @throws DatasetError for a damaged or cut file, and for one that holds too much.
 */
export async function gunzip(
  name: string,
  bytes: Uint8Array,
  sizeOf: SizeOf = largestFile
): Promise<Uint8Array> {
  const unpacked = new Blob([bytes as BlobPart]).stream().pipeThrough(new DecompressionStream("gzip"));
  let limit = largestFile();
  let known = false;
  return readStream(unpacked, {
    check(length, done, soFar) {
      if (!known && (done || length >= HEAD)) {
        known = true;
        limit = Math.min(limit, sizeOf(soFar()));
      }
      if (length > limit) throw tooLong(name, limit);
    },
    broken: (cause, length) => damaged(name, bytes.length, length, cause)
  });
}

function damaged(name: string, stored: number, unpacked: number, cause: unknown): DatasetError {
  return new DatasetError(
    `${name}: the gzip data is damaged or cut off. All ${stored} stored bytes were read and gave ${unpacked} good bytes; expected a whole gzip file. Copy the file again.`,
    {cause}
  );
}

function tooLong(name: string, limit: number): DatasetError {
  return new DatasetError(
    `${name}: expected at most ${limit} bytes when unpacked, and more came out. Give a smaller file, or the right one.`
  );
}
