import {createHash} from "node:crypto";
import {readFile, stat} from "node:fs/promises";
import {join} from "node:path";
import {listFiles} from "./list-files.ts";
import type {SiteManifest} from "./manifest.ts";

/** Lists and hashes a finished site; its size is that of a first visit, before compression. */
export async function makeManifest(site: string): Promise<{manifest: SiteManifest; sizeBytes: number}> {
  const hash = createHash("sha256");
  const files = await listFiles(site);
  let sizeBytes = 0;
  for (const file of files) {
    hash.update(`${file}\0`).update(await readFile(join(site, file)));
    sizeBytes += (await stat(join(site, file))).size;
  }
  const manifest = {
    build: hash.digest("hex").slice(0, 16),
    page: await readFile(join(site, "index.html"), "utf8"),
    files: files.filter((file) => file !== "index.html")
  };
  return {manifest, sizeBytes};
}
