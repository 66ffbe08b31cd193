import type {Checkpoint, LogLine} from "../row-types.ts";
import type {Extras} from "../run-core.ts";
import type {ArtifactContent, StoredArtifact} from "../types.ts";
import {decodeValue, encodeValue, NotStorableError} from "./values.ts";

/** Artifacts above this size stay in memory and are lost with the page. */
const maxArtifactBytes = 256 * 2 ** 20;

/** A piece of a run that was not stored, and why. */
export interface NotKept {
  what: string;
  reason: string;
}

const checkpointPrefix = "checkpoint/";

/**
 * A checkpoint of a run as an artifact, which takes the place of the one before of that name.
 * @throws NotStorableError when it has no form in a file, or is too large for one.
 */
export async function checkpointArtifact(
  runId: string,
  {name, step, timeMs, tree, sizeBytes}: Checkpoint
): Promise<ArtifactContent> {
  // Said before it is copied.
  if (sizeBytes > maxArtifactBytes) throw new NotStorableError(tooLarge(sizeBytes));
  const bytes = await encodeValue(tree);
  const manifest = {checkpoint: name, step};
  const about = {name: checkpointPrefix + name, type: "checkpoint", manifest, createdAt: timeMs} as const;
  return {runId, bytes, inPlace: true, ...about};
}

/** The rest of a run's extras as artifacts; what has no form in a file, or is too large, is named in `notKept`. */
export async function extrasToArtifacts(
  runId: string,
  {rows, logs}: Omit<Extras, "checkpoints">,
  createdAt: number
): Promise<{artifacts: ArtifactContent[]; notKept: NotKept[]}> {
  const artifacts: ArtifactContent[] = [];
  const notKept: NotKept[] = [];
  if (rows) {
    try {
      const bytes = await encodeValue(rows);
      if (bytes.byteLength > maxArtifactBytes) throw new NotStorableError(tooLarge(bytes.byteLength));
      const manifest = {fields: fieldNames(rows)};
      artifacts.push({runId, bytes, name: "rows", type: "rows", manifest, createdAt});
    } catch (error) {
      notKept.push({what: "rows", reason: error instanceof Error ? error.message : String(error)});
    }
  }
  if (logs.length > 0) {
    const manifest = {lines: logs.length};
    artifacts.push({runId, bytes: encodeLog(logs), name: "log", type: "log", manifest, createdAt});
  }
  return {artifacts, notKept};
}

/** What `checkpointArtifact` and `extrasToArtifacts` made of a run; null when a piece that its rows need is missing or damaged. */
export async function extrasFromArtifacts(
  stored: readonly StoredArtifact[],
  needed: boolean
): Promise<Extras | null> {
  const extras: Extras = {rows: null, checkpoints: new Map(), logs: []};
  let found = false;
  for (const {name, type, manifest, createdAt, read} of stored) {
    if (!["checkpoint", "rows", "log"].includes(type)) continue;
    const bytes = await read();
    if (!bytes) {
      if (type === "log") continue;
      return null;
    }
    if (type === "log") extras.logs = decodeLog(bytes);
    else {
      found = true;
      if (type === "rows") extras.rows = decodeValue(bytes) as Extras["rows"];
      else {
        const checkpoint = String(manifest.checkpoint ?? name.slice(checkpointPrefix.length));
        const step = typeof manifest.step === "number" ? manifest.step : null;
        const tree = decodeValue(bytes) as Checkpoint["tree"];
        const sizeBytes = bytes.byteLength;
        extras.checkpoints.set(checkpoint, {name: checkpoint, step, timeMs: createdAt, tree, sizeBytes});
      }
    }
  }
  return needed && !found ? null : extras;
}

function fieldNames({small, large}: NonNullable<Extras["rows"]>): string[] {
  const names = new Set(Object.keys(large));
  for (const fields of small.values()) for (const name of Object.keys(fields)) names.add(name);
  return [...names].sort();
}

const encodeLog = (lines: readonly LogLine[]) =>
  new TextEncoder().encode(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));

const decodeLog = (bytes: Uint8Array): LogLine[] =>
  new TextDecoder()
    .decode(bytes)
    .split("\n")
    .flatMap((line) => (line === "" ? [] : [JSON.parse(line) as LogLine]));

const tooLarge = (sizeBytes: number) =>
  `it is ${Math.ceil(sizeBytes / 2 ** 20)} MB, and the store keeps at most ${maxArtifactBytes / 2 ** 20} MB in one piece`;
