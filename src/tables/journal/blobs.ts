import {type Files, readAll, writeAll} from "./files.ts";

/** The SHA-256 of bytes, in hex. */
export async function sha256Of(bytes: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Contents by their SHA-256. A file is only believed when its content has the hash it is named after. */
export class Blobs {
  readonly #files: Files;
  /** Bytes of all of them, as far as it is known. */
  sizeBytes = 0;

  constructor(files: Files) {
    this.#files = files;
  }

  /** Resolves to the hash once the content is on disk. */
  async put(bytes: Uint8Array): Promise<string> {
    const name = await sha256Of(bytes);
    const known = await readAll(this.#files, name);
    // A file that a crash left half written has the name, and not the content.
    if (!known || !areEqual(known, bytes)) {
      await writeAll(this.#files, name, bytes);
      this.sizeBytes += bytes.length - (known?.length ?? 0);
    }
    return name;
  }

  /** Null when it is not there, or not what it was. */
  async get(sha256: string): Promise<Uint8Array<ArrayBuffer> | null> {
    if (!/^[0-9a-f]{64}$/.test(sha256)) return null;
    const bytes = await readAll(this.#files, sha256);
    return bytes && (await sha256Of(bytes)) === sha256 ? bytes : null;
  }

  async remove(sha256: string): Promise<void> {
    const sizeBytes = await this.#files.size(sha256);
    await this.#files.remove(sha256);
    this.sizeBytes = Math.max(0, this.sizeBytes - sizeBytes);
  }

  /** Looks again how large all of them are: other tabs write some too. */
  async measure(): Promise<void> {
    const names = await this.#files.list();
    const sizes = await Promise.all(names.map((name) => this.#files.size(name)));
    this.sizeBytes = sizes.reduce((sum, size) => sum + size, 0);
  }
}
