import {crc32} from "./crc32.ts";
import {ArchiveError} from "./errors.ts";

/** A file in an archive. */
export interface ZipEntry {
  name: string;
  /** 0: as it is. 8: deflated. */
  method: number;
  crc: number;
  compressedSize: number;
  size: number;
  /** Position of its header. */
  at: number;
}

const endBytes = 22;
/** The comment at the end of an archive may have so many bytes. */
const mostComment = 0xffff;

/** A part of an archive is never larger. */
const mostBytes = 2 ** 30;

/** Null when it is not of that size: a small archive could hold more than there is memory for. */
async function unpacked(packed: Blob, size: number): Promise<Uint8Array<ArrayBuffer> | null> {
  const bytes = new Uint8Array(size);
  let at = 0;
  for await (const chunk of chunksOf(packed.stream().pipeThrough(new DecompressionStream("deflate-raw")))) {
    if (at + chunk.length > size) return null;
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return at === size ? bytes : null;
}

/** What comes from a stream: not every browser's can be iterated over. */
export async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
  } finally {
    await reader.cancel().catch(() => {});
  }
}

async function view(blob: Blob, at: number, length: number): Promise<DataView> {
  return new DataView(await blob.slice(at, at + length).arrayBuffer());
}

/** The files that a zip archive lists. @throws ArchiveError when it is none, or its list is damaged. */
export async function readDirectory(archive: Blob): Promise<ZipEntry[]> {
  const tailAt = Math.max(0, archive.size - endBytes - mostComment);
  const tail = await view(archive, tailAt, archive.size - tailAt);
  let end = tail.byteLength - endBytes;
  while (end >= 0 && tail.getUint32(end, true) !== 0x06054b50) end--;
  if (end < 0) throw new ArchiveError("Expected a zip archive; this file has none of its list of files.");
  const [size, start] = [tail.getUint32(end + 12, true), tail.getUint32(end + 16, true)];
  const list = await view(archive, start, size);
  const entries: ZipEntry[] = [];
  try {
    for (let at = 0; at < size; ) {
      if (list.getUint32(at, true) !== 0x02014b50) throw new RangeError("signature");
      const [pathLength, extra, comment] = [28, 30, 32].map((offset) => list.getUint16(at + offset, true));
      entries.push({
        name: new TextDecoder().decode(new Uint8Array(list.buffer, at + 46, pathLength)),
        method: list.getUint16(at + 10, true),
        crc: list.getUint32(at + 16, true),
        compressedSize: list.getUint32(at + 20, true),
        size: list.getUint32(at + 24, true),
        at: list.getUint32(at + 42, true)
      });
      at += 46 + pathLength + extra + comment;
    }
  } catch (cause) {
    throw new ArchiveError("The archive's list of files is damaged.", {cause});
  }
  return entries;
}

/** The content of a file. @throws ArchiveError when it is not what was put in. */
export async function readEntry(archive: Blob, entry: ZipEntry): Promise<Uint8Array<ArrayBuffer>> {
  const damaged = (cause?: unknown) =>
    new ArchiveError(`"${entry.name}" in the archive is damaged.`, {cause});
  try {
    const header = await view(archive, entry.at, 30);
    const start = entry.at + 30 + header.getUint16(26, true) + header.getUint16(28, true);
    const packed = archive.slice(start, start + entry.compressedSize);
    if (entry.size > mostBytes) throw new RangeError("size");
    const bytes =
      entry.method === 0 ? new Uint8Array(await packed.arrayBuffer()) : await unpacked(packed, entry.size);
    if (bytes?.length === entry.size && crc32(bytes) === entry.crc) return bytes;
  } catch (error) {
    throw damaged(error);
  }
  throw damaged();
}
