import {unzipSync} from "fflate";
import type {FileSource} from "./file-source.ts";

/** The files of a .zip archive, each readable like a file attachment. */
export class ZipArchive<File> {
  /** Paths in the archive, without its folders. */
  readonly filenames: string[];
  readonly #entries: Record<string, Uint8Array>;
  readonly #fileOf: (source: Omit<FileSource, "arrow">) => File;

  /** `fileOf` makes the object by which an entry is read. */
  constructor(bytes: Uint8Array, fileOf: (source: Omit<FileSource, "arrow">) => File) {
    this.#entries = unzipSync(bytes);
    this.#fileOf = fileOf;
    this.filenames = Object.keys(this.#entries).filter((name) => !name.endsWith("/"));
  }

  file(path: string): File {
    const bytes = this.#entries[path];
    if (!bytes || !this.filenames.includes(path)) {
      throw new Error(
        `there is no file “${path}” in the archive; it has ${this.filenames.join(", ") || "none"}`
      );
    }
    let url: string | undefined;
    const open = (): Promise<Response> => Promise.resolve(new Response(bytes as Uint8Array<ArrayBuffer>));
    return this.#fileOf({
      name: path,
      size: bytes.byteLength,
      open,
      async url() {
        url ??= URL.createObjectURL(await (await open()).blob());
        return url;
      }
    });
  }
}
