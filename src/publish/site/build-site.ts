import {mkdir, readdir, readFile, rm, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {NotebookFolder} from "../notebook-folder.ts";
import {copyFiles} from "./copy-files.ts";
import {makeManifest} from "./make-manifest.ts";
import type {SiteManifest} from "./manifest.ts";

export interface SiteOptions {
  /** The folder of the built page. */
  app: string;
  /** The folder of notebooks and data. */
  notebooks: string;
  /** Where the site goes. */
  out: string;
  /** Builds the `npm:` packages that the notebooks import into a folder. */
  buildNpm: (folder: string) => Promise<void>;
  writeServiceWorker: (site: string, manifest: SiteManifest) => Promise<void>;
}

export interface SiteReport {
  notebooks: number;
  files: number;
  sizeBytes: number;
}

/** The folder holds something that is not a site of ours, and would be lost. */
export class OccupiedFolderError extends Error {
  override name = "OccupiedFolderError";
}

const marker = ".petri-site";

/**
 * Writes a static site: the page, the notebooks with their data and a list of them, the packages they import, and a
 * service worker that keeps all of it. Every address in it is relative, so that it works under any path.
 * @throws OccupiedFolderError when `out` has other files in it
 */
export async function buildSite(options: SiteOptions): Promise<SiteReport> {
  const {app, notebooks, out} = options;
  await clear(out);
  await copyFiles(app, out);
  await copyFiles(notebooks, join(out, "notebooks"));
  const entries = await new NotebookFolder(notebooks).list();
  await writeFile(join(out, "notebooks/index.json"), JSON.stringify({notebooks: entries}));
  await options.buildNpm(join(out, "npm"));
  await registerServiceWorker(join(out, "index.html"));
  const {manifest, sizeBytes} = await makeManifest(out);
  await options.writeServiceWorker(out, manifest);
  // GitHub's pages would leave out files whose names begin with an underscore.
  await writeFile(join(out, ".nojekyll"), "");
  return {notebooks: entries.length, files: manifest.files.length + 1, sizeBytes};
}

async function clear(out: string): Promise<void> {
  const present: string[] = await readdir(out).catch(() => []);
  if (present.length > 0 && !present.includes(marker))
    throw new OccupiedFolderError(
      `${out} has files in it that no build made. Choose another --out, or empty it.`
    );
  await rm(out, {recursive: true, force: true});
  await mkdir(join(out, "notebooks"), {recursive: true});
  await writeFile(join(out, marker), "");
}

async function registerServiceWorker(page: string): Promise<void> {
  const script = '<script type="module">navigator.serviceWorker?.register("./sw.js")</script>';
  const html = await readFile(page, "utf8");
  await writeFile(page, html.replace("</body>", `  ${script}\n  </body>`));
}
