import {DatasetError} from "../dataset-error.ts";

/** Bytes that a file may hold unpacked: what one buffer holds everywhere. */
export const LARGEST = 2 ** 30;

/** Numbers that a dataset may hold: as many bytes, in float32. */
export const MOST_NUMBERS = LARGEST / 4;

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
  sizeOf: SizeOf = () => LARGEST
): Promise<Uint8Array> {
  const unpacked = new Blob([bytes as BlobPart]).stream().pipeThrough(new DecompressionStream("gzip"));
  const reader = unpacked.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  let limit = LARGEST;
  let known = false;
  try {
    for (;;) {
      const {done, value} = await reader.read().catch((error: unknown) => {
        throw damaged(name, bytes.length, length, error);
      });
      if (!done) {
        chunks.push(value);
        length += value.length;
      }
      if (!known && (done || length >= HEAD)) {
        known = true;
        limit = Math.min(LARGEST, sizeOf(joined(chunks, length)));
      }
      if (length > limit) throw tooLong(name, limit);
      if (done) return joined(chunks, length);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0] as Uint8Array;
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
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
