import {mkdir, readFile, rm, writeFile} from "node:fs/promises";
import {dirname, join} from "node:path";
import {listFiles} from "../publish/site/list-files.ts";
import {makeReference} from "./reference/reference.ts";

const folderOf = (project: string) => join(project, "notebooks/reference");
const referenceOf = (project: string) => makeReference(join(project, "src/ops"));

/** Writes the reference of a project and removes pages of modules that are gone; answers how many there are. */
export async function writeReference(project: string): Promise<number> {
  const {pages} = referenceOf(project);
  const folder = folderOf(project);
  for (const name of await pagesIn(folder)) if (!pages.has(name)) await rm(join(folder, name));
  for (const [name, text] of pages) {
    await mkdir(dirname(join(folder, name)), {recursive: true});
    await writeFile(join(folder, name), text);
  }
  return pages.size;
}

/** One line for every page that is not what the docstrings say, and for every module without an example. */
export async function staleReference(project: string): Promise<string[]> {
  const {pages, withoutExample} = referenceOf(project);
  const folder = folderOf(project);
  const present = await pagesIn(folder);
  const stale: string[] = present.filter((name) => !pages.has(name));
  for (const [name, text] of pages) {
    const written = present.includes(name) ? await readFile(join(folder, name), "utf8") : null;
    if (written !== text) stale.push(name);
  }
  return [
    ...stale.sort().map((name) => `notebooks/reference/${name} is not what the docstrings say: npm run docs`),
    ...withoutExample.map(
      (path) => `${path} has no @example in its docstrings: a page of the reference needs one`
    )
  ];
}

async function pagesIn(folder: string): Promise<string[]> {
  return listFiles(folder).catch(() => []);
}
