import {realpath} from "node:fs/promises";
import {join, sep} from "node:path";

/**
 * The real path of a file below `folder`, or null when there is none that may be shown. `path` is percent-encoded, as
 * it stands in the address. Refused are steps upwards, backslashes, encoded slashes, hidden names, names with a drive or a
 * stream in them (Windows), and links that lead out of the folder.
 */
export async function safePath(folder: string, path: string): Promise<string | null> {
  const names: string[] = [];
  for (const part of path.split("/")) {
    const name = decode(part);
    if (name === null || name === "" || name.startsWith(".") || /[\\/:\0]/.test(name)) return null;
    names.push(name);
  }
  try {
    const base = await realpath(folder);
    const file = await realpath(join(base, ...names));
    return file.startsWith(base + sep) ? file : null;
  } catch {
    return null;
  }
}

function decode(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
