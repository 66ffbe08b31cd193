// Files made in tests: small, and wrong on purpose where a test wants that.
import {gzipSync} from "node:zlib";

/** An IDX file of unsigned bytes (or of another type, with its code). */
export function idxFile(
  shape: readonly number[],
  values: ArrayLike<number>,
  type = 8
): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(4 + 4 * shape.length);
  header.set([0, 0, type, shape.length]);
  shape.forEach((size, i) => {
    new DataView(header.buffer).setUint32(4 + 4 * i, size);
  });
  return joined(header, Uint8Array.from(values));
}

export const gzipped = (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes));

export function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export const bytesOf = (text: string) => new TextEncoder().encode(text);

/** A folder handle over files in memory, as the browser's folder picker gives one. */
export function folderOf(files: Readonly<Record<string, Uint8Array>>): FileSystemDirectoryHandle {
  const handle = (name: string) => ({
    kind: "file",
    name,
    getFile: async () => new File([files[name] as BlobPart], name)
  });
  return {
    kind: "directory",
    name: "picked",
    async getFileHandle(name: string) {
      if (!(name in files)) throw new DOMException("not found", "NotFoundError");
      return handle(name);
    },
    async *values() {
      for (const name of Object.keys(files)) yield handle(name);
    }
  } as unknown as FileSystemDirectoryHandle;
}
