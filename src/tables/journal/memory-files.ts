import type {Files, OpenFile, ReadFile} from "./files.ts";

/** The bytes of a file, in a buffer that has room to grow. */
class Content {
  bytes = new Uint8Array(0);
  size = 0;

  resize(size: number): void {
    if (size > this.bytes.length) {
      const larger = new Uint8Array(Math.max(size, 2 * this.bytes.length));
      larger.set(this.bytes.subarray(0, this.size));
      this.bytes = larger;
    }
    if (size < this.size) this.bytes.fill(0, size, this.size);
    this.size = size;
  }

  slice(at: number, length: number): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(at, Math.min(this.size, at + length));
  }
}

/** Files that are gone with the page: for tests, and for browsers that keep none. */
export class MemoryFiles implements Files {
  readonly #contents = new Map<string, Content>();
  readonly #folders = new Map<string, MemoryFiles>();

  /** Bytes of all files, without those in folders. */
  get usedBytes(): number {
    return [...this.#contents.values()].reduce((sum, {size}) => sum + size, 0);
  }

  async list(): Promise<string[]> {
    return [...this.#contents.keys()];
  }

  async size(name: string): Promise<number> {
    return this.#contents.get(name)?.size ?? 0;
  }

  async open(name: string): Promise<OpenFile> {
    const content = this.#contents.get(name) ?? new Content();
    this.#contents.set(name, content);
    return {
      size: () => content.size,
      read(into, at) {
        const bytes = content.bytes.subarray(at, Math.min(content.size, at + into.length));
        into.set(bytes);
        return bytes.length;
      },
      write(bytes, at) {
        content.resize(Math.max(content.size, at + bytes.length));
        content.bytes.set(bytes, at);
      },
      truncate: (size) => content.resize(size),
      flush() {},
      close() {}
    };
  }

  async openToRead(name: string): Promise<ReadFile | null> {
    const content = this.#contents.get(name);
    if (!content) return null;
    return {size: content.size, read: (at, length) => content.slice(at, length), close() {}};
  }

  async remove(name: string): Promise<void> {
    this.#contents.delete(name);
  }

  folder(name: string): MemoryFiles {
    const folder = this.#folders.get(name) ?? new MemoryFiles();
    this.#folders.set(name, folder);
    return folder;
  }
}
