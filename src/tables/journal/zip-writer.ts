import {crc32} from "./crc32.ts";
import {ArchiveError} from "./errors.ts";
import {chunksOf} from "./zip-reader.ts";

/** Most bytes of an archive without the format's 64-bit extension. */
const mostBytes = 0xffffffff;

/** Content through the browser's own compressor; where it is large, on disk. */
function deflated(content: Blob): Promise<Blob> {
  return new Response(content.stream().pipeThrough(new CompressionStream("deflate-raw"))).blob();
}

/** The CRC of content that need not be in memory. */
async function crcOf(content: Blob): Promise<number> {
  let crc = 0;
  for await (const chunk of chunksOf(content.stream())) crc = crc32(chunk, crc);
  return crc;
}

interface Written {
  header: Uint8Array;
  at: number;
}

/** Numbers of 16 and 32 bits, little-endian: [bytes, value] each. */
function fields(...list: readonly (readonly [2 | 4, number])[]): Uint8Array {
  const bytes = new Uint8Array(list.reduce((sum, [size]) => sum + size, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [size, value] of list) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += size;
  }
  return bytes;
}

/** Makes a zip archive as one Blob, whose parts the browser may keep on disk. See PKWARE's APPNOTE, 4.3. */
export class ZipWriter {
  readonly #parts: Blob[] = [];
  readonly #entries: Written[] = [];
  #size = 0;

  /** @throws ArchiveError when the archive gets larger than 4 GB. */
  async add(name: string, bytes: Uint8Array, {compress}: {compress: boolean}): Promise<void> {
    const blob = new Blob([bytes as Uint8Array<ArrayBuffer>]);
    this.#add(name, compress ? await deflated(blob) : blob, {
      compress,
      crc: crc32(bytes),
      size: bytes.length
    });
  }

  /** Adds a file, compressed, that need not be in memory. @throws ArchiveError when the archive gets larger than 4 GB. */
  async addBlob(name: string, content: Blob): Promise<void> {
    const crc = await crcOf(content);
    this.#add(name, await deflated(content), {compress: true, crc, size: content.size});
  }

  #add(
    name: string,
    content: Blob,
    {compress, crc, size}: {compress: boolean; crc: number; size: number}
  ): void {
    const path = new TextEncoder().encode(name);
    // Version 2.0, names in UTF-8, no date.
    const header = fields(
      [2, 20],
      [2, 0x0800],
      [2, compress ? 8 : 0],
      [4, 0x00210000],
      [4, crc],
      [4, content.size],
      [4, size],
      [2, path.length],
      [2, 0]
    );
    this.#entries.push({header: new Uint8Array([...header, ...path]), at: this.#size});
    this.#push(fields([4, 0x04034b50]), header, path, content);
  }

  finish(): Blob {
    const start = this.#size;
    for (const {header, at} of this.#entries) {
      const [numbers, path] = [header.subarray(0, 26), header.subarray(26)];
      const rest = fields([2, 0], [2, 0], [2, 0], [4, 0], [4, at]);
      this.#push(fields([4, 0x02014b50], [2, 20]), numbers, rest, path);
    }
    const count = this.#entries.length;
    const end = fields(
      [4, 0x06054b50],
      [2, 0],
      [2, 0],
      [2, count],
      [2, count],
      [4, this.#size - start],
      [4, start]
    );
    this.#push(end, fields([2, 0]));
    return new Blob(this.#parts, {type: "application/zip"});
  }

  #push(...parts: readonly (Uint8Array | Blob)[]): void {
    const part = new Blob(parts as BlobPart[]);
    this.#parts.push(part);
    this.#size += part.size;
    if (this.#size > mostBytes || this.#entries.length > 0xffff) {
      throw new ArchiveError(
        "What is to be written is larger than the 4 GB that an archive can hold. Delete runs, or export fewer at a time."
      );
    }
  }
}
