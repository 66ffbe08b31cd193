import type {Checkpoint, LogLine} from "../row-types.ts";
import type {Extras} from "../run-core.ts";
import type {ArtifactContent, StoredArtifact} from "../types.ts";
import {decodeValue, encodeValue} from "./values.ts";

/** Artifacts above this size stay in memory and are lost with the page. */
export const maxArtifactBytes = 256 * 2 ** 20;

/** A piece of a run that was not stored, and why. */
interface NotKept {
  what: string;
  reason: string;
}

const checkpointPrefix = "checkpoint/";

/** A run's extras as artifacts; what has no form in a file, or is too large, is named in `notKept`. */
export async function extrasToArtifacts(
  runId: string,
  {rows, checkpoints, logs}: Extras,
  createdAt: number
): Promise<{artifacts: ArtifactContent[]; notKept: NotKept[]}> {
  const artifacts: ArtifactContent[] = [];
  const notKept: NotKept[] = [];
  const add = async (
    about: Pick<ArtifactContent, "name" | "type" | "manifest" | "createdAt">,
    encode: () => Promise<Uint8Array>
  ) => {
    try {
      const bytes = await encode();
      if (bytes.byteLength <= maxArtifactBytes) artifacts.push({runId, bytes, ...about});
      else notKept.push({what: about.name, reason: tooLarge(bytes.byteLength)});
    } catch (error) {
      notKept.push({what: about.name, reason: error instanceof Error ? error.message : String(error)});
    }
  };
  for (const {name, step, timeMs, tree} of checkpoints.values()) {
    const manifest = {checkpoint: name, step};
    const about = {name: checkpointPrefix + name, type: "checkpoint", manifest, createdAt: timeMs} as const;
    await add(about, () => encodeValue(tree));
  }
  if (rows) {
    const about = {name: "rows", type: "rows", manifest: {fields: fieldNames(rows)}, createdAt} as const;
    await add(about, () => encodeValue(rows));
  }
  if (logs.length > 0) {
    const about = {name: "log", type: "log", manifest: {lines: logs.length}, createdAt} as const;
    await add(about, async () => encodeLog(logs));
  }
  return {artifacts, notKept};
}

/** What `extrasToArtifacts` made of a run; null when a piece that its rows need is missing or damaged. */
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
