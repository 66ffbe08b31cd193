/** A file that is open for writing, by nobody else. Positions and sizes are in bytes. */
export interface OpenFile {
  size(): number;
  /** Fills `into` from position `at` on, up to the end of the file; the number of bytes read. */
  read(into: Uint8Array, at: number): number;
  /** Writes all of `bytes`. @throws when there is no room: part of them may be written. */
  write(bytes: Uint8Array, at: number): void;
  truncate(size: number): void;
  /** Returns when everything that was written would survive a power cut. */
  flush(): void;
  close(): void;
}

/** A file that is open for reading, and is not written meanwhile. */
export interface ReadFile {
  readonly size: number;
  /** The bytes from `at` on, fewer at the end of the file. They are the caller's. */
  read(at: number, length: number): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;
  close(): void;
}

/** A folder of files: in the browser's private file system, on disk, or in memory. */
export interface Files {
  /** Names of all files. */
  list(): Promise<string[]>;
  /** Size of a file; 0 when there is none. */
  size(name: string): Promise<number>;
  /** Opens a file for writing, making it when it is not there. */
  open(name: string): Promise<OpenFile>;
  /** Opens a file for reading; null when there is none. */
  openToRead(name: string): Promise<ReadFile | null>;
  /** Removes a file; nothing happens when there is none. @throws when somebody reads it. */
  remove(name: string): Promise<void>;
  /** The folder of that name inside this one. */
  folder(name: string): Files;
}

/** All of a file; null when there is none. */
export async function readAll(files: Files, name: string): Promise<Uint8Array<ArrayBuffer> | null> {
  const file = await files.openToRead(name);
  if (!file) return null;
  try {
    return await file.read(0, file.size);
  } finally {
    file.close();
  }
}

/** Makes a file of these bytes, flushed. A crash on the way may leave any part of it. */
export async function writeAll(files: Files, name: string, ...parts: readonly Uint8Array[]): Promise<void> {
  const file = await files.open(name);
  try {
    let at = 0;
    for (const part of parts) {
      file.write(part, at);
      at += part.length;
    }
    file.truncate(at);
    file.flush();
  } finally {
    file.close();
  }
}
