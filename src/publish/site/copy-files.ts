import {copyFile, mkdir} from "node:fs/promises";
import {dirname, join} from "node:path";
import {listFiles} from "./list-files.ts";

/** Copies what `listFiles` names from one folder to another. */
export async function copyFiles(from: string, to: string): Promise<void> {
  for (const file of await listFiles(from)) {
    await mkdir(dirname(join(to, file)), {recursive: true});
    await copyFile(join(from, file), join(to, file));
  }
}
