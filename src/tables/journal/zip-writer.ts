import {crc32} from "./crc32.ts";
import {ArchiveError} from "./errors.ts";

/** Most bytes of an archive without the format's 64-bit extension. */
const mostBytes = 0xffffffff;

/** Bytes through one of the browser's own (de)compressors. */
async function through(bytes: Uint8Array, stream: CompressionStream): Promise<Uint8Array> {
  const compressed = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(stream);
  return new Uint8Array(await new Response(compressed).arrayBuffer());
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
    const content = compress ? await through(bytes, new CompressionStream("deflate-raw")) : bytes;
    const path = new TextEncoder().encode(name);
    // Version 2.0, names in UTF-8, no date.
    const header = fields(
      [2, 20],
      [2, 0x0800],
      [2, compress ? 8 : 0],
      [4, 0x00210000],
      [4, crc32(bytes)],
      [4, content.length],
      [4, bytes.length],
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

  #push(...parts: readonly Uint8Array[]): void {
    this.#parts.push(new Blob(parts as Uint8Array<ArrayBuffer>[]));
    this.#size += parts.reduce((sum, {length}) => sum + length, 0);
    if (this.#size > mostBytes || this.#entries.length > 0xffff) {
      throw new ArchiveError(
        "The workspace is larger than the 4 GB that an archive can hold. Delete runs first."
      );
    }
  }
}
