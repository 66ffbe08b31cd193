import {mkdir, readFile, rename, rm, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {sourceHash} from "./source-hash.ts";

/** What the built page depends on. */
const sources = ["src", "package.json", "index.html", "vite.config.ts", "tsconfig.json", "package-lock.json"];
const marker = ".petri-build";

export interface AppOptions {
  /** The project's folder. */
  root: string;
  /** Where the built page goes. */
  folder: string;
  /** Runs Vite; a test passes its own. */
  bundle: (outDir: string) => Promise<void>;
  /** Told before a build, which takes a while. */
  onBuild?: () => void;
}

/**
 * Builds the page when its sources have changed since the last time. The new build takes the place of the old one when
 * it is whole: a build that fails leaves the old one.
 */
export async function buildApp({root, folder, bundle, onBuild}: AppOptions): Promise<void> {
  const hash = await sourceHash(root, sources);
  if ((await readFile(join(folder, marker), "utf8").catch(() => "")) === hash) return;
  onBuild?.();
  const next = `${folder}-${process.pid}`;
  await rm(next, {recursive: true, force: true});
  await mkdir(next, {recursive: true});
  try {
    await bundle(next);
    await writeFile(join(next, marker), hash);
    await rm(folder, {recursive: true, force: true});
    await rename(next, folder);
  } finally {
    await rm(next, {recursive: true, force: true});
  }
}
