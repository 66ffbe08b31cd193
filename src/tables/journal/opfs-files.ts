import type {Files, OpenFile, ReadFile} from "./files.ts";
import {padDirectoryLog} from "./opfs-padding.ts";

/** What TypeScript's library does not know of yet: several may read at once, where the browser has modes. */
interface AccessHandles {
  createSyncAccessHandle(options?: {
    mode: "readwrite" | "read-only";
  }): Promise<FileSystemSyncAccessHandle & {mode?: string}>;
}

const isMissing = (error: unknown) => (error as {name?: unknown}).name === "NotFoundError";

/** Milliseconds to wait for another tab to let go of a file, one after the other. */
const waits = [10, 20, 50, 100, 200, 400, 800, 1600];

let padded: Promise<void> | undefined;

/**
 * Resolves when a new file or folder would still be there after a crash of the browser: once a worker, and only when it
 * makes one. Padding that fails, on a full disk, is no reason not to try.
 */
function readyToMake(): Promise<void> {
  padded ??= padDirectoryLog().catch(() => {});
  return padded;
}

/** The folder of that name, made when it is not there. */
async function folderIn(parent: FileSystemDirectoryHandle, name: string): Promise<FileSystemDirectoryHandle> {
  try {
    return await parent.getDirectoryHandle(name);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await readyToMake();
    return parent.getDirectoryHandle(name, {create: true});
  }
}

/** The files of a folder of the browser's private file system. Only for workers: pages have no access handles. */
export class OpfsFiles implements Files {
  readonly #folder: () => Promise<FileSystemDirectoryHandle>;

  /** The folder is made when it is first used. */
  constructor(folder: () => Promise<FileSystemDirectoryHandle>) {
    let handle: Promise<FileSystemDirectoryHandle> | undefined;
    this.#folder = () => {
      handle ??= folder();
      return handle;
    };
  }

  /** The folder of that name in the private file system of this origin. */
  static at(name: string): OpfsFiles {
    return new OpfsFiles(async () => folderIn(await navigator.storage.getDirectory(), name));
  }

  async list(): Promise<string[]> {
    const names: string[] = [];
    for await (const [name, {kind}] of (await this.#folder()).entries())
      if (kind === "file") names.push(name);
    return names;
  }

  async size(name: string): Promise<number> {
    const handle = await this.#find(name);
    return handle ? (await handle.getFile()).size : 0;
  }

  /** Waits for a tab that is just being closed. @throws NoModificationAllowedError when a file stays in use. */
  async open(name: string): Promise<OpenFile> {
    const handle = (await this.#find(name)) ?? (await this.#make(name));
    const file = await withPatience(() => handle.createSyncAccessHandle());
    return {
      size: () => file.getSize(),
      read: (into, at) => file.read(into, {at}),
      write(bytes, at) {
        for (let done = 0; done < bytes.length; ) {
          const n = file.write(done === 0 ? bytes : bytes.subarray(done), {at: at + done});
          // In a private window Chromium returns its own error number, as one without a sign.
          if (n === 0 || n > bytes.length - done)
            throw new DOMException("The disk took no more bytes.", "QuotaExceededError");
          done += n;
        }
      },
      truncate: (size) => file.truncate(size),
      flush: () => file.flush(),
      close: () => file.close()
    };
  }

  async openToRead(name: string): Promise<ReadFile | null> {
    const handle = await this.#find(name);
    if (!handle) return null;
    return (await readShared(handle)) ?? readSnapshot(await handle.getFile());
  }

  async remove(name: string): Promise<void> {
    try {
      await (await this.#folder()).removeEntry(name);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  folder(name: string): OpfsFiles {
    return new OpfsFiles(async () => folderIn(await this.#folder(), name));
  }

  async #make(name: string): Promise<FileSystemFileHandle> {
    await readyToMake();
    return (await this.#folder()).getFileHandle(name, {create: true});
  }

  async #find(name: string): Promise<FileSystemFileHandle | null> {
    try {
      return await (await this.#folder()).getFileHandle(name);
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }
}

/** Three times as fast as a Blob; null where the browser gives only one handle a file. */
async function readShared(handle: FileSystemFileHandle): Promise<ReadFile | null> {
  try {
    const file = await (handle as unknown as AccessHandles).createSyncAccessHandle({mode: "read-only"});
    if (file.mode === "read-only") {
      return {
        size: file.getSize(),
        read(at, length) {
          const bytes = new Uint8Array(length);
          return bytes.subarray(0, file.read(bytes, {at}));
        },
        close: () => file.close()
      };
    }
    // A browser that ignores the mode gave the only handle there is: another tab could not read.
    file.close();
  } catch {
    // Somebody writes the file.
  }
  return null;
}

function readSnapshot(file: File): ReadFile {
  return {
    size: file.size,
    read: async (at, length) => new Uint8Array(await file.slice(at, at + length).arrayBuffer()),
    close() {}
  };
}

async function withPatience<T>(open: () => Promise<T>): Promise<T> {
  for (const wait of waits) {
    try {
      return await open();
    } catch (error) {
      if ((error as {name?: unknown}).name !== "NoModificationAllowedError") throw error;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
  return open();
}
