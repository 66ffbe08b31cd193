import {unzipSync} from "fflate";
import {type LoadArrow, NotebookFile} from "./notebook-file.ts";

/** The files of a .zip archive, each readable like a file attachment. */
export class ZipArchive {
  /** Paths in the archive, without its folders. */
  readonly filenames: string[];
  readonly #entries: Record<string, Uint8Array>;
  readonly #arrow: LoadArrow;

  constructor(bytes: Uint8Array, arrow: LoadArrow) {
    this.#entries = unzipSync(bytes);
    this.#arrow = arrow;
    this.filenames = Object.keys(this.#entries).filter((name) => !name.endsWith("/"));
  }

  file(path: string): NotebookFile {
    const bytes = this.#entries[path];
    if (!bytes || !this.filenames.includes(path)) {
      throw new Error(
        `there is no file “${path}” in the archive; it has ${this.filenames.join(", ") || "none"}`
      );
    }
    let url: string | undefined;
    const open = (): Promise<Response> => Promise.resolve(new Response(bytes as Uint8Array<ArrayBuffer>));
    return new NotebookFile({
      name: path,
      size: bytes.byteLength,
      arrow: this.#arrow,
      open,
      async url() {
        url ??= URL.createObjectURL(await (await open()).blob());
        return url;
      }
    });
  }
}
