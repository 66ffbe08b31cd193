import {readResponse} from "./ops/datasets/readers/read-response.ts";

/** Reads a file of the notebooks' folder of a site, e.g. "data/digits.csv.gz". */
export async function readNotebookFile(site: URL | string, path: string): Promise<Uint8Array> {
  const address = new URL(`notebooks/${path}`, site);
  const response = await fetch(address);
  if (!response.ok)
    throw new Error(`Could not load ${address.href}: the server answered ${response.status}.`);
  return readResponse(path, response);
}
