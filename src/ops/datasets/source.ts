/** Reads a file of the notebooks' folder, e.g. "data/digits.csv.gz". */
export type FetchBytes = (path: string) => Promise<Uint8Array>;

let fetchBytes: FetchBytes = async (path) => {
  const response = await fetch(path);
  if (!response.ok) throw new DatasetError(`Could not load ${path}: the server answered ${response.status}.`);
  return new Uint8Array(await response.arrayBuffer());
};

/** A dataset's file is missing or damaged. */
export class DatasetError extends Error {
  override name = "DatasetError";
}

/** Says where the bundled files are read from; called once where the page, the worker or a test is composed. */
export function configureDatasets(options: {fetchBytes: FetchBytes}): void {
  fetchBytes = options.fetchBytes;
}

/** A bundled file, unpacked if it is gzipped (some servers have done that already), and the SHA-256 of what came out. */
export async function readSource(path: string): Promise<{bytes: Uint8Array; hash: string}> {
  const stored = await fetchBytes(path);
  const bytes = stored[0] === 0x1f && stored[1] === 0x8b ? await gunzip(stored) : stored;
  return {bytes, hash: await sha256(bytes)};
}

async function gunzip(bytes: Uint8Array): Promise<Uint8Array> {
  const unpacked = new Blob([bytes as BlobPart]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(unpacked).arrayBuffer());
}

/** SHA-256 in hex. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as BufferSource));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
