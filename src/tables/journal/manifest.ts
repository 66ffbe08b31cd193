import type {Files} from "./files.ts";
import {readInfo, writeInfo} from "./info-file.ts";
import type {Marks} from "./segment-index.ts";

/** Which files count. Everything else in the folder is left over from something that did not come to its end. */
export interface Manifest {
  /** One more with every change. */
  generation: number;
  /** Names of the sorted segments. */
  sorted: string[];
  /** Number of the oldest log segment that is not in the sorted ones yet. */
  firstLog: number;
  /** The highest number of a record of each tab that is in the sorted segments. */
  marks: Marks;
  /** Blobs that no row names any more. */
  garbage: string[];
}

const slots = ["manifest-a", "manifest-b"] as const;

export const emptyManifest: Manifest = {generation: 0, sorted: [], firstLog: 0, marks: {}, garbage: []};

/** The slots with what is whole in them, the newest last. */
async function readSlots(files: Files) {
  const found = await Promise.all(
    slots.map(async (slot) => {
      const manifest = ((await readInfo(files, slot))?.value ?? null) as Manifest | null;
      return {slot, manifest};
    })
  );
  const age = ({manifest}: (typeof found)[number]) => manifest?.generation ?? -1;
  return found.sort((a, b) => age(a) - age(b));
}

/** The newest whole manifest; null when there is none. */
export async function readManifest(files: Files): Promise<Manifest | null> {
  return (await readSlots(files)).at(-1)?.manifest ?? null;
}

/**
 * Writes both slots, the older or damaged one first: one is whole at any time, and what is damaged later stands in the
 * other. From the first flush on the manifest counts; what it replaces may go when both are written.
 */
export async function writeManifest(files: Files, manifest: Manifest): Promise<void> {
  for (const {slot} of await readSlots(files)) await writeInfo(files, slot, manifest);
}
