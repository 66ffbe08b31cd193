import type {Files, OpenFile} from "../../../src/tables/journal/files.ts";

/** What every operation after the crash throws. */
export class Crash extends Error {
  override name = "Crash";
}

/** Counts the operations that change a disk, and lets everything stop at one of them. */
export class Fragile {
  /** Operations that have been done. */
  done = 0;
  /** The operation at which it stops: a write then leaves only the first part of its bytes. */
  crashAt: number;

  constructor(crashAt = Number.POSITIVE_INFINITY) {
    this.crashAt = crashAt;
  }

  wrap(files: Files): Files {
    return {
      list: () => files.list(),
      size: (name) => files.size(name),
      openToRead: (name) => files.openToRead(name),
      folder: (name) => this.wrap(files.folder(name)),
      open: async (name) => {
        this.#count();
        return this.#wrapFile(await files.open(name));
      },
      remove: async (name) => {
        this.#count();
        await files.remove(name);
      }
    };
  }

  #wrapFile(file: OpenFile): OpenFile {
    return {
      size: () => file.size(),
      read: (into, at) => file.read(into, at),
      close: () => file.close(),
      write: (bytes, at) => {
        if (this.done + 1 === this.crashAt) file.write(bytes.subarray(0, bytes.length >> 1), at);
        this.#count();
        file.write(bytes, at);
      },
      truncate: (size) => {
        this.#count();
        file.truncate(size);
      },
      flush: () => {
        this.#count();
        file.flush();
      }
    };
  }

  #count(): void {
    if (++this.done >= this.crashAt) throw new Crash(`The machine stopped at operation ${this.crashAt}.`);
  }
}
