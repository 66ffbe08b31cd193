import {appendFile, readdir} from "node:fs/promises";
import {join} from "node:path";

/** A record's header: checksum, length (60, 0) and kind, without the 60 bytes that were to follow. */
const torn = Uint8Array.of(1, 2, 3, 4, 60, 0, 1);

/**
 * Does to a profile what a kill does that comes between two writes of the browser's own list of files, a LevelDB log:
 * leaves the header of a record without the record. By itself that happens once in some hundred kills.
 */
export async function tearFileList(profile: string): Promise<void> {
  const names = await readdir(join(profile, "Default", "File System"), {recursive: true});
  for (const name of names)
    if (/\/t\/Paths\/\d+\.log$/.test(name))
      await appendFile(join(profile, "Default", "File System", name), torn);
}
