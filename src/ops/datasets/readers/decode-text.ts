import {DatasetError} from "../dataset-error.ts";
import {longestText} from "./limits.ts";

/** Text of UTF-8 bytes, without a byte order mark. @throws DatasetError with the first byte that is none, or for too many. */
export function decodeText(name: string, bytes: Uint8Array): string {
  checkLength(name, bytes.length);
  try {
    return new TextDecoder("utf-8", {fatal: true}).decode(bytes);
  } catch (cause) {
    const at = firstBadByte(bytes);
    throw new DatasetError(
      `${name}, byte ${at}: expected UTF-8 text, found no character at the byte 0x${bytes[at]?.toString(16).padStart(2, "0")}. Save the file as UTF-8.`,
      {cause}
    );
  }
}

/** @throws DatasetError for more bytes of text than a string holds. */
export function checkLength(name: string, length: number): void {
  if (length <= longestText()) return;
  throw new DatasetError(
    `${name}: expected at most ${longestText()} bytes of text at once, found ${length}. Split the file.`
  );
}

/** By halves: a beginning of the file can be decoded or it cannot. Then back to where the character began. */
function firstBadByte(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length + 1;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (canDecode(bytes.subarray(0, middle), true)) good = middle;
    else bad = middle;
  }
  while (!canDecode(bytes.subarray(0, good), false)) --good;
  return good;
}

/** @param stream Whether a character may be unfinished at the end. */
function canDecode(bytes: Uint8Array, stream: boolean): boolean {
  try {
    new TextDecoder("utf-8", {fatal: true}).decode(bytes, {stream});
    return true;
  } catch {
    return false;
  }
}
