import {stat} from "node:fs/promises";
import {resolve} from "node:path";
import {UsageError} from "./arguments.ts";
import {projectRoot} from "./project.ts";

/**
 * The folder of notebooks that a command works on: the one named, from where the person stands, or the project's own.
 * @throws UsageError when there is no such folder
 */
export async function notebooksRoot(named: string | undefined): Promise<string> {
  // npm runs a script in the project's folder and says here where the person was.
  const root = named ? resolve(process.env.INIT_CWD ?? ".", named) : resolve(projectRoot, "notebooks");
  const found = await stat(root).catch(() => null);
  if (!found?.isDirectory())
    throw new UsageError(`--root must be a folder of notebooks; ${root} is not one.`);
  return root;
}
