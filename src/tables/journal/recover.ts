import type {Files} from "./files.ts";
import {Log} from "./log.ts";
import {emptyManifest, type Manifest, readManifest, writeManifest} from "./manifest.ts";
import {parseName, readIndex, type Segment, segmentName, sidecarOf} from "./segment.ts";

/** Bytes that were lost, for `JournalStatus.repaired`. */
interface Repair {
  file: string;
  lostBytes: number;
}

/** What a journal's folder holds after whatever happened to it. */
export interface Recovered {
  manifest: Manifest;
  /** Oldest first, without the one that is written. */
  segments: Segment[];
  log: Log;
  repaired: Repair[];
}

/** Removes what is left over of a compaction; somebody may still read it, then it goes the next time. */
async function removeUnused(files: Files, names: readonly string[], used: ReadonlySet<string>) {
  for (const name of names) {
    const segment = name.replace(/\.index$/, "");
    if (parseName(segment) && !used.has(segment)) await files.remove(name).catch(() => {});
  }
}

/** Opens the journal in a folder: finds what counts, cuts off a torn end, removes what is left over. */
export async function recover(files: Files): Promise<Recovered> {
  const names = await files.list();
  const all = names.flatMap((name) => {
    const parsed = parseName(name);
    return parsed ? [{name, ...parsed}] : [];
  });
  all.sort((a, b) => a.number - b.number);
  const found = {
    sorted: all.filter(({kind}) => kind === "sorted"),
    logs: all.filter(({kind}) => kind === "log")
  };
  const repaired: Repair[] = [];
  let manifest = await readManifest(files);
  if (!manifest) {
    // A new folder; or both slots were damaged after the journal was last open, and everything there is counts.
    const sorted = found.sorted.map(({name}) => name);
    if (all.length > 0) repaired.push({file: "manifest", lostBytes: 0});
    manifest = {...emptyManifest, sorted};
    await writeManifest(files, manifest);
  }
  const {firstLog} = manifest;
  const logs = found.logs.filter(({number}) => number >= firstLog);
  const used = new Set([...manifest.sorted, ...logs.map(({name}) => name)]);
  await removeUnused(files, names, used);

  const last = logs.at(-1)?.name;
  const sealed = [
    ...manifest.sorted.map((name) => ({name, kind: "sorted" as const})),
    ...logs.slice(0, -1).map(({name}) => ({name, kind: "log" as const}))
  ];
  const segments = await Promise.all(
    sealed.map(async ({name, kind}): Promise<Segment> => {
      const index = await readIndex(files, name);
      if (!index) repaired.push({file: name, lostBytes: 0});
      return {name, kind, index: index ?? {size: 0, records: [], marks: {}, damage: []}};
    })
  );
  const newest = Math.max(0, firstLog - 1, ...all.map(({number}) => number));
  const log = await Log.open(files, last ?? segmentName(newest + 1, "log"));
  for (const {name, index} of [...segments, log]) {
    for (const {bytes} of index.damage) repaired.push({file: name, lostBytes: bytes});
  }
  if (log.tornBytes > 0) repaired.push({file: log.name, lostBytes: log.tornBytes});
  await files.remove(sidecarOf(log.name)).catch(() => {});
  return {manifest, segments, log, repaired};
}
