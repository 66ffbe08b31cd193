import type {Row} from "../schema.ts";
import {readArtifacts} from "./artifact-rows.ts";
import {readTable} from "./read.ts";
import type {Snapshot} from "./snapshot.ts";

/** Bytes of what runs made, by run: content that two of them share counts for each. */
async function artifactSizes(snapshot: Snapshot): Promise<[string, number][]> {
  const {merger} = await readArtifacts(snapshot);
  const sizes = new Map<string, number>();
  const id = (row: {artifact_id: string; version: number}) => JSON.stringify([row.artifact_id, row.version]);
  for (const row of merger.rows() as Row<"artifacts">[]) sizes.set(id(row), row.size_bytes);
  const links = (await readTable(snapshot, "artifact_links")).rows() as Row<"artifact_links">[];
  return links.flatMap((link) => {
    const isMade = link.run_id !== null && link.direction === "output";
    return isMade ? [[link.run_id as string, sizes.get(id(link)) ?? 0] as [string, number]] : [];
  });
}

/** Size on disk by run, of its metrics and of what it made; largest first. */
export async function usageOf(snapshot: Snapshot): Promise<{runId: string; sizeBytes: number}[]> {
  const sizes = new Map<string, number>();
  const add = (runId: string, bytes: number) => sizes.set(runId, (sizes.get(runId) ?? 0) + bytes);
  for (const record of snapshot.records()) {
    const {kind, runs, rows = 0, length} = record;
    if (kind === "deletion" || rows === 0) continue;
    for (const {runId, rows: own} of runs ?? []) {
      if (!snapshot.isDeleted(runId, record)) add(runId, (length * own) / rows);
    }
  }
  for (const [runId, bytes] of await artifactSizes(snapshot)) add(runId, bytes);
  return [...sizes]
    .map(([runId, sizeBytes]) => ({runId, sizeBytes: Math.round(sizeBytes)}))
    .sort((a, b) => b.sizeBytes - a.sizeBytes);
}
