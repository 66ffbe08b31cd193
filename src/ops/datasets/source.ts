// Where data comes from: files beside the notebook, addresses, dropped files, bytes; unpacked and checked.
import {DatasetError, MissingDataError} from "./dataset-error.ts";
import {fromCache, intoCache} from "./readers/cache.ts";
import {gunzip, isGzip, type SizeOf} from "./readers/gunzip.ts";
import {largestFile, setLargestFile} from "./readers/limits.ts";
import {readResponse, tooLarge} from "./readers/read-response.ts";

/** Reads a file of the notebooks' folder, e.g. "data/digits.csv.gz". */
export type FetchBytes = (path: string) => Promise<Uint8Array>;

/** Reads a table file: what `fromTable` takes. */
export type ReadTable = (bytes: Uint8Array, name: string) => Promise<unknown>;

/** What the page, the worker or a test supplies. */
export interface DatasetsOptions {
  fetchBytes: FetchBytes;
  /** Readers of table formats whose libraries are not imported here. */
  tables?: {arrow: ReadTable; parquet: ReadTable};
  /** Bytes that a file may hold, unpacked; 1 GiB by default. A dataset holds a quarter as many numbers. */
  largestFile?: number;
}

/** Anything with bytes: what FileAttachment gives, for one. */
export interface Readable {
  name?: string;
  arrayBuffer(): Promise<ArrayBuffer>;
}

type Plain = string | URL | Blob | ArrayBuffer | ArrayBufferView | Readable | FileSystemFileHandle;

/** A source whose content is known: it is checked, and kept in the browser's cache where there is one. */
export interface PinnedSource {
  source: Plain;
  /** SHA-256 (hex) of the content, unpacked: the `hash` that a dataset of this one file has. */
  sha256: string;
}

/**
 * Where data comes from: a path in the notebooks' folder, an address on this origin (a URL, or text that begins with
 * "/" or a scheme), a file (a Blob, a FileAttachment, a file handle), bytes, or one of these with its SHA-256.
 */
export type DataSource = Plain | PinnedSource;

/** A file as it is stored, packed or not. */
export interface StoredFile {
  name: string;
  bytes: Uint8Array;
  sha256?: string;
}

let options: DatasetsOptions = {
  fetchBytes: async (path) => fetchAddress(path, path)
};

/** Says where the bundled files are read from; called once where the page, the worker or a test is composed. */
export function configureDatasets(given: DatasetsOptions): void {
  options = given;
  setLargestFile(given.largestFile);
}

/** The reader of a table format. @throws DatasetError where none has been supplied. */
export function tableReader(format: "arrow" | "parquet"): ReadTable {
  const reader = options.tables?.[format];
  if (reader) return reader;
  throw new DatasetError(
    `There is no reader for ${format} files here: pass one to configureDatasets({tables}).`
  );
}

/**
 * The bytes of a source, unpacked if it is gzipped (some servers have done that already), and the SHA-256 of what came
 * out. @throws DatasetError for what is missing, too large or damaged, MissingDataError for what is not there.
 *
 * @example
 * import {readSource} from "petri/datasets";
 *
 * const {name, bytes, hash} = await readSource("data/digits.csv.gz");
 * display({name, bytes: bytes.length, hash});
 */
export async function readSource(
  source: DataSource,
  sizeOf?: SizeOf
): Promise<{name: string; bytes: Uint8Array; hash: string}> {
  return unpack(await openSource(source), sizeOf);
}

/** Unpacks a stored file and compares it with the hash that it must have. @throws DatasetError */
export async function unpack(file: StoredFile, sizeOf?: SizeOf) {
  const {name, bytes: stored, sha256: wanted} = file;
  const bytes = isGzip(stored) ? await gunzip(name, stored, sizeOf) : stored;
  const hash = await sha256(bytes);
  if (wanted && wanted.toLowerCase() !== hash) {
    throw new DatasetError(
      `${name}: expected content with the SHA-256 ${wanted}, got ${hash}. It is another file, or it has been changed; if that is right, pass the new hash.`
    );
  }
  if (wanted) await intoCache(wanted, stored);
  return {name, bytes, hash};
}

/** The stored bytes of a source. @throws MissingDataError, DatasetError */
export async function openSource(source: DataSource): Promise<StoredFile> {
  if (typeof source === "object" && source !== null && "sha256" in source) {
    const {sha256: hash} = source;
    const kept = await fromCache(hash);
    if (kept) return {name: nameOf(source.source), bytes: kept, sha256: hash};
    return {...(await openSource(source.source)), sha256: hash};
  }
  const name = nameOf(source);
  if (source instanceof URL) return {name, bytes: await fetchAddress(name, source.href)};
  if (typeof source === "string") return {name, bytes: await readPath(source)};
  if (source instanceof ArrayBuffer) return {name, bytes: new Uint8Array(source)};
  if (ArrayBuffer.isView(source)) {
    return {name, bytes: new Uint8Array(source.buffer, source.byteOffset, source.byteLength)};
  }
  const notReadable = (cause: unknown) => {
    throw new MissingDataError(
      `${name} could not be read: ${messageOf(cause)} It may have been moved or changed: pick it again.`,
      {cause}
    );
  };
  if (isFileHandle(source)) return openSource(await source.getFile().catch(notReadable));
  if (typeof source?.arrayBuffer !== "function") throw unreadable(source);
  if (source instanceof Blob && source.size > largestFile()) throw tooLarge(name, `${source.size}`);
  const content = await source.arrayBuffer().catch(notReadable);
  return {name, bytes: new Uint8Array(content)};
}

const isFileHandle = (value: unknown): value is FileSystemFileHandle =>
  typeof (value as FileSystemFileHandle | null)?.getFile === "function";

function nameOf(source: Plain): string {
  if (typeof source === "string") return source;
  if (source instanceof URL) return source.pathname;
  return (source as {name?: string} | null)?.name || "the data";
}

/** A path in the notebooks' folder, or an address. */
async function readPath(path: string): Promise<Uint8Array> {
  if (/^([a-z][a-z0-9+.-]*:|\/)/i.test(path)) return fetchAddress(path, path);
  const bytes = await options.fetchBytes(path).catch((cause: unknown) => {
    if (cause instanceof DatasetError) throw cause;
    throw new MissingDataError(
      `${path} could not be read from the notebooks' folder: ${messageOf(cause)} Put the file there, or pass the file itself.`,
      {cause}
    );
  });
  return notAPage(path, bytes);
}

/** Some servers answer with their front page where a file is not there. */
function notAPage(name: string, bytes: Uint8Array): Uint8Array {
  const isPage = /^\s*<(!doctype\s+html|html[\s>])/i.test(new TextDecoder().decode(bytes.subarray(0, 400)));
  if (!isPage || /\.x?html?$/i.test(name)) return bytes;
  throw new MissingDataError(
    `${name} is not there: the server answered with a web page. Put the file there, or pass the file itself; a web page that is meant to be read needs a name that ends in .html.`
  );
}

async function fetchAddress(name: string, address: string): Promise<Uint8Array> {
  const here = (globalThis as {location?: {href: string; origin: string}}).location;
  const base = here?.href ?? "file:///";
  if (!URL.canParse(address, base))
    throw new DatasetError(`Expected a path or an address, got “${address}”.`);
  const url = new URL(address, base);
  if (url.protocol !== "data:" && url.origin !== here?.origin) {
    throw new DatasetError(
      `${name}: expected an address on ${here?.origin ?? "this page's origin"}, got one on ${url.host}. Nothing is fetched from elsewhere: download the file and put it into the notebooks' folder, or pass the file itself.`
    );
  }
  const response = await fetch(url).catch((cause: unknown) => {
    throw new MissingDataError(`${name} could not be fetched: ${messageOf(cause)}`, {cause});
  });
  if (!response.ok) {
    throw new MissingDataError(`${name} could not be fetched: the server answered ${response.status}.`);
  }
  return notAPage(name, await readResponse(name, response));
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

const unreadable = (source: unknown) =>
  new DatasetError(
    `Expected a path, a URL, a file, a file handle or bytes, got ${source === null ? "null" : typeof source}.`
  );

/** SHA-256 in hex. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as BufferSource));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
