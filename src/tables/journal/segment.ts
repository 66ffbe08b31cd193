import {checkVersion} from "../migrate.ts";
import {type Files, readAll} from "./files.ts";
import {readInfo, writeInfo} from "./info-file.ts";
import {indexSegment, type SegmentIndex} from "./segment-index.ts";

/** log: records in the order they came. sorted: rows merged by compaction, metrics by run, key and step. */
export type SegmentKind = "log" | "sorted";

/** A file of records that is not written any more. */
export interface Segment {
  name: string;
  kind: SegmentKind;
  index: SegmentIndex;
}

/** A sidecar's version: those of another are made again. */
const indexVersion = 1;

const pattern = /^(\d{8})\.(log|sorted)$/;

/** Names rise with age, so that their order is that of their records. */
export const segmentName = (number: number, kind: SegmentKind) =>
  `${String(number).padStart(8, "0")}.${kind}`;

/** What a file's name says; null when it is no segment. */
export function parseName(name: string): {number: number; kind: SegmentKind} | null {
  const match = pattern.exec(name);
  return match && {number: Number(match[1]), kind: match[2] as SegmentKind};
}

/** The file beside a segment that says what is in it. It can be made again from the segment. */
export const sidecarOf = (segment: string) => `${segment}.index`;

/** Writes a segment's table of contents, and of a sorted one the rows of `latest_metrics` of its metrics. */
export function writeSidecar(
  files: Files,
  name: string,
  index: SegmentIndex,
  latest: Uint8Array | null
): Promise<void> {
  const records = index.records.map(({origin, ...entry}) => entry);
  return writeInfo(files, sidecarOf(name), {version: indexVersion, ...index, records}, latest);
}

/** The table of contents of a segment: as it was written, or made again. Null when there is no such segment. */
export async function readIndex(files: Files, name: string): Promise<SegmentIndex | null> {
  const size = await files.size(name);
  const info = await readInfo(files, sidecarOf(name));
  const index = info?.value as (SegmentIndex & {version: number}) | undefined;
  if (index?.version === indexVersion && index.size === size) {
    for (const {version} of index.records) if (version !== undefined) checkVersion(version);
    return index;
  }
  const bytes = await readAll(files, name);
  if (!bytes) return null;
  const made = indexSegment(bytes);
  if (bytes.length > made.size) made.damage.push({at: made.size, bytes: bytes.length - made.size});
  return {...made, size: bytes.length};
}

/** The rows of `latest_metrics` of a sorted segment; null when they have to be computed. */
export async function readLatest(files: Files, name: string): Promise<Uint8Array | null> {
  const info = await readInfo(files, sidecarOf(name));
  const size = (info?.value as SegmentIndex | undefined)?.size;
  return info && size === (await files.size(name)) ? info.rows : null;
}
