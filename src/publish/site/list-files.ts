import {readdir} from "node:fs/promises";
import {join} from "node:path";

/** The files below a folder as paths with `/`, in order; hidden names and links are left out. */
export async function listFiles(folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await readdir(folder, {withFileTypes: true})) {
    if (entry.name.startsWith(".")) continue;
    if (entry.isFile()) files.push(entry.name);
    else if (entry.isDirectory())
      for (const file of await listFiles(join(folder, entry.name))) files.push(`${entry.name}/${file}`);
  }
  return files.sort();
}
