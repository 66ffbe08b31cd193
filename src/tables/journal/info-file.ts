import {type Files, readAll, writeAll} from "./files.ts";
import {contentOf, encodeFrame, frameBytes, noOrigin, readFrame} from "./record.ts";

/** A small file of the journal about itself: a value as JSON, then maybe rows, each with its checksum. */
interface InfoFile {
  value: unknown;
  rows: Uint8Array | null;
}

/** Writes and flushes it. */
export async function writeInfo(
  files: Files,
  name: string,
  value: unknown,
  rows?: Uint8Array | null
): Promise<void> {
  const json = encodeFrame("info", new TextEncoder().encode(JSON.stringify(value)), noOrigin);
  await writeAll(files, name, json, ...(rows ? [encodeFrame("rows", rows, noOrigin)] : []));
}

/** Null when there is none, or it is torn or damaged. */
export async function readInfo(files: Files, name: string): Promise<InfoFile | null> {
  const bytes = await readAll(files, name);
  const frame = bytes ? readFrame(bytes, 0) : null;
  if (!bytes || frame?.kind !== "info") return null;
  const value: unknown = JSON.parse(new TextDecoder().decode(contentOf(bytes, frame)));
  const next = frameBytes(frame.length);
  if (next === bytes.length) return {value, rows: null};
  const rows = readFrame(bytes, next);
  return rows && {value, rows: contentOf(bytes, rows)};
}
