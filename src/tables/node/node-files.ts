import fs from "node:fs";
import {join} from "node:path";
import type {Files, OpenFile, ReadFile} from "../journal/files.ts";

const isMissing = (error: unknown) => (error as {code?: unknown}).code === "ENOENT";

/** Reads until `into` is full or the file ends: a single call may read less. */
function readFully(file: number, into: Uint8Array, at: number): number {
  let done = 0;
  while (done < into.length) {
    const n = fs.readSync(file, into, done, into.length - done, at + done);
    if (n === 0) break;
    done += n;
  }
  return done;
}

/** The files of a folder on disk. It is made when the first file is. */
export class NodeFiles implements Files {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async list(): Promise<string[]> {
    try {
      const entries = fs.readdirSync(this.#folder, {withFileTypes: true});
      return entries.filter((entry) => entry.isFile()).map(({name}) => name);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  async size(name: string): Promise<number> {
    return fs.statSync(this.#path(name), {throwIfNoEntry: false})?.size ?? 0;
  }

  async open(name: string): Promise<OpenFile> {
    fs.mkdirSync(this.#folder, {recursive: true});
    const file = fs.openSync(this.#path(name), fs.constants.O_RDWR | fs.constants.O_CREAT);
    this.#flushFolder();
    return {
      size: () => fs.fstatSync(file).size,
      read: (into, at) => readFully(file, into, at),
      write(bytes, at) {
        for (let done = 0; done < bytes.length; ) {
          done += fs.writeSync(file, bytes, done, bytes.length - done, at + done);
        }
      },
      truncate: (size) => fs.ftruncateSync(file, size),
      flush: () => fs.fsyncSync(file),
      close: () => fs.closeSync(file)
    };
  }

  async openToRead(name: string): Promise<ReadFile | null> {
    try {
      const file = fs.openSync(this.#path(name), "r");
      return {
        size: fs.fstatSync(file).size,
        read(at, length) {
          const bytes = new Uint8Array(length);
          return bytes.subarray(0, readFully(file, bytes, at));
        },
        close: () => fs.closeSync(file)
      };
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async remove(name: string): Promise<void> {
    fs.rmSync(this.#path(name), {force: true});
  }

  folder(name: string): NodeFiles {
    return new NodeFiles(join(this.#folder, name));
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  /** A new file is only found after a power cut when its folder was flushed. */
  #flushFolder(): void {
    if (process.platform === "win32") return;
    const folder = fs.openSync(this.#folder, "r");
    try {
      fs.fsyncSync(folder);
    } finally {
      fs.closeSync(folder);
    }
  }
}
