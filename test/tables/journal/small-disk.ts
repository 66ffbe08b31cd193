import type {Files} from "../../../src/tables/journal/files.ts";
import {MemoryFiles} from "../../../src/tables/journal/memory-files.ts";

/** A disk of so many bytes, which may change. */
export class SmallDisk {
  capacity: number;
  readonly #all: MemoryFiles[] = [];

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  files(): Files {
    return this.#wrap(new MemoryFiles());
  }

  get usedBytes(): number {
    return this.#all.reduce((sum, files) => sum + files.usedBytes, 0);
  }

  #wrap(files: MemoryFiles): Files {
    this.#all.push(files);
    const folders = new Map<string, Files>();
    return {
      list: () => files.list(),
      size: (name) => files.size(name),
      openToRead: (name) => files.openToRead(name),
      remove: (name) => files.remove(name),
      folder: (name) => {
        const folder = folders.get(name) ?? this.#wrap(files.folder(name));
        folders.set(name, folder);
        return folder;
      },
      open: async (name) => {
        const file = await files.open(name);
        return {
          ...file,
          write: (bytes, at) => {
            const more = at + bytes.length - file.size();
            if (more > 0 && this.usedBytes + more > this.capacity) {
              // As a real disk does: part of it gets through.
              file.write(bytes.subarray(0, bytes.length >> 2), at);
              throw new DOMException("No space available for this operation.", "QuotaExceededError");
            }
            file.write(bytes, at);
          }
        };
      }
    };
  }
}
