import {type DataSource, openSource, type StoredFile, sha256, unpack} from "../source.ts";
import {remembered} from "./cache.ts";
import type {SizeOf} from "./gunzip.ts";

/** A file, unpacked. */
export interface DataFile {
  name: string;
  bytes: Uint8Array;
  /** SHA-256 of the bytes, hex. */
  hash: string;
}

/** How a reader makes something of its files. */
export interface Recipe<T> {
  /** The reader's name and its options: with the files' content they decide what comes out. */
  reader: string;
  options: unknown;
  /** How long a file is by its header; an error for a bad one. */
  sizeOf?: (name: string) => SizeOf;
  parse: (files: DataFile[]) => T | Promise<T>;
}

/** Reads files and parses them, or answers with what was made of the same content before and is still in use. */
export async function readFiles<T extends object>(
  sources: readonly DataSource[],
  recipe: Recipe<T>
): Promise<T> {
  return makeOf(await Promise.all(sources.map(openSource)), recipe);
}

/** The same for files that are open. */
export async function makeOf<T extends object>(stored: readonly StoredFile[], recipe: Recipe<T>): Promise<T> {
  const {reader, options, sizeOf, parse} = recipe;
  const hashes = await Promise.all(stored.map(({bytes}) => sha256(bytes)));
  const content = stored.map(({name, sha256: pinned}, i) => [name, pinned, hashes[i]]);
  const key = JSON.stringify([reader, options, content]);
  return remembered(key, async () =>
    parse(await Promise.all(stored.map((file) => unpack(file, sizeOf?.(file.name)))))
  );
}

/** One hash for several files: that of the only one, or of all hashes in a row. */
export async function hashOfFiles(files: readonly DataFile[]): Promise<string> {
  if (files.length === 1) return (files[0] as DataFile).hash;
  return sha256(new TextEncoder().encode(files.map(({hash}) => hash).join("")));
}
