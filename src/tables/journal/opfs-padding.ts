/**
 * Files that are made and removed. Each costs the browser's list of files about a kilobyte with a name of this length
 * (measured: Chromium 156), so that all of them fill a block of 32 kB, and some more.
 */
const pairs = 48;
const nameLength = 240;

/** Where they are made. */
const folderName = "petri-padding";

/**
 * Makes the browser's list of files safe to add to. Chromium keeps it as a LevelDB log, and goes on writing to the same
 * log after it was killed. If the kill came in the middle of a write, whatever is written after that place is passed
 * over at the next start, up to the end of the block: files that were made, flushed and closed would be gone. So a
 * worker fills up a block before it makes its first file.
 */
export async function padDirectoryLog(): Promise<void> {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(folderName, {create: true});
  for (let i = 0; i < pairs; i++) {
    const name = String(i).padEnd(nameLength, "-");
    await folder.getFileHandle(name, {create: true});
    await folder.removeEntry(name);
  }
}
