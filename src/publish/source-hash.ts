import {createHash} from "node:crypto";
import {readdir, readFile} from "node:fs/promises";
import {join} from "node:path";

/** SHA-256 (hex) over the names and contents of files and folders below `root`; those that are missing count as empty. */
export async function sourceHash(root: string, paths: string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const path of paths)
    for (const file of await filesOf(root, path)) {
      hash.update(`${file}\0`);
      hash.update(await readFile(join(root, file)).catch(() => ""));
      hash.update("\0");
    }
  return hash.digest("hex");
}

async function filesOf(root: string, path: string): Promise<string[]> {
  const entries = await readdir(join(root, path), {withFileTypes: true, recursive: true}).catch(() => null);
  if (!entries) return [path];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(root, "/").length))
    .sort();
}
