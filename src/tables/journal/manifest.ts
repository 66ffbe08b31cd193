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

/** The newest whole manifest; null when there is none. */
export async function readManifest(files: Files): Promise<Manifest | null> {
  const found = await Promise.all(slots.map((slot) => readInfo(files, slot)));
  const manifests = found.flatMap((info) => (info ? [info.value as Manifest] : []));
  return manifests.sort((a, b) => b.generation - a.generation)[0] ?? null;
}

/**
 * Writes both slots, one after the other: one is whole at any time, and what is damaged later stands in the other.
 * From the first flush on the manifest counts; what it replaces may go when both are written.
 */
export async function writeManifest(files: Files, manifest: Manifest): Promise<void> {
  for (const slot of slots) await writeInfo(files, slot, manifest);
}
