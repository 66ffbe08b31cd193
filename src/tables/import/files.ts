import {ImportError} from "./import-error.ts";

/** A file that is read into memory. */
export interface ImportFile {
  /** With its folders where they are known, separated by slashes. */
  name: string;
  bytes: Uint8Array;
  /** Milliseconds since the epoch: stands for times that the file does not tell. */
  modifiedMs: number;
}

/** Anything with a name that can be read: a File, or what FileAttachment gives. */
interface NamedFile {
  name: string;
  arrayBuffer(): Promise<ArrayBuffer>;
  lastModified?: number | Date;
  /** Of a file in a folder that was picked or dropped. */
  webkitRelativePath?: string;
}

/** A file, content without a name, or the address of a file. */
export type ImportSource = NamedFile | Blob | ArrayBuffer | Uint8Array | string;

const isReadable = (value: unknown): value is Blob | NamedFile =>
  typeof (value as Blob)?.arrayBuffer === "function";

async function download(address: string, signal?: AbortSignal): Promise<ImportFile> {
  const response = await fetch(new URL(address, globalThis.document?.baseURI), {signal}).catch(
    (error: unknown) => {
      signal?.throwIfAborted();
      throw new ImportError(
        `${address} was not loaded: ${String(error)}. The other server may not allow this page to read it.`
      );
    }
  );
  if (!response.ok)
    throw new ImportError(`${address} was not loaded: ${response.status} ${response.statusText}.`);
  const modified = Date.parse(response.headers.get("last-modified") ?? "");
  return {
    name: decodeURIComponent(new URL(response.url || address).pathname.split("/").at(-1) ?? address),
    bytes: new Uint8Array(await response.arrayBuffer()),
    modifiedMs: Number.isNaN(modified) ? Date.now() : modified
  };
}

const refused = (source: unknown) =>
  new ImportError(
    `expected a file, a Blob, bytes or an address, got ${source === null ? "null" : typeof source}.`
  );

/**
 * The same source as a worker can be given it: an address with the page's, a file with its name and folders, and what
 * only knows how to be read as what it has. @throws ImportError when it is none.
 */
export async function sendableSource(source: ImportSource): Promise<ImportSource> {
  if (typeof source === "string") return new URL(source, globalThis.document?.baseURI).href;
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) return source;
  if (!isReadable(source)) throw refused(source);
  const {name, webkitRelativePath, lastModified} = source as Partial<NamedFile>;
  const content = source instanceof Blob ? source : await source.arrayBuffer();
  return new File([content], webkitRelativePath || name || "file", {
    lastModified: Number(lastModified ?? Date.now())
  });
}

async function readSource(source: ImportSource, signal?: AbortSignal): Promise<ImportFile> {
  if (typeof source === "string") return download(source, signal);
  if (source instanceof Uint8Array) return {name: "file", bytes: source, modifiedMs: Date.now()};
  if (source instanceof ArrayBuffer)
    return {name: "file", bytes: new Uint8Array(source), modifiedMs: Date.now()};
  if (!isReadable(source)) throw refused(source);
  const {name, webkitRelativePath, lastModified} = source as Partial<NamedFile>;
  return {
    name: webkitRelativePath || name || "file",
    bytes: new Uint8Array(await source.arrayBuffer()),
    modifiedMs: Number(lastModified ?? Date.now())
  };
}

const isZip = ({bytes}: ImportFile) =>
  bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;

/** Files are read into memory, and a small archive can hold more than there is. */
const mostUnpackedBytes = 2 ** 30;

async function unzip({name, bytes, modifiedMs}: ImportFile): Promise<ImportFile[]> {
  const {unzipSync} = await import("fflate");
  let unpackedBytes = 0;
  const filter = ({originalSize}: {originalSize: number}) => {
    unpackedBytes += originalSize;
    if (unpackedBytes <= mostUnpackedBytes) return true;
    throw new ImportError(
      `it unpacks to more than ${mostUnpackedBytes / 2 ** 30} GB; import its files one by one.`
    );
  };
  try {
    return Object.entries(unzipSync(bytes, {filter}))
      .filter(([path, content]) => !path.endsWith("/") && content.length > 0)
      .map(([path, content]) => ({name: path, bytes: content, modifiedMs}));
  } catch (error) {
    if (error instanceof ImportError) throw new ImportError(`${name}: ${error.message}`, {cause: error});
    throw new ImportError(`${name}: expected a zip archive. ${String(error)}`, {cause: error});
  }
}

/** Reads sources into memory; a zip archive gives the files in it. */
export async function readFiles(
  sources: readonly ImportSource[],
  signal?: AbortSignal
): Promise<ImportFile[]> {
  const files = await Promise.all(sources.map((source) => readSource(source, signal)));
  return (await Promise.all(files.map((file) => (isZip(file) ? unzip(file) : [file])))).flat();
}
