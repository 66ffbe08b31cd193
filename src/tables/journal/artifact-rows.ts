import {decodeRows} from "../encode-rows.ts";
import type {Row} from "../schema.ts";
import {RowMerger} from "./merge-rows.ts";
import type {Snapshot} from "./snapshot.ts";

const nameOf = ({artifact_id, version}: {artifact_id: string; version: number}) =>
  JSON.stringify([artifact_id, version]);

/** Artifacts that nothing but deleted runs link to, by `nameOf`. */
async function orphans(snapshot: Snapshot): Promise<Set<string>> {
  const [dropped, kept] = [new Set<string>(), new Set<string>()];
  if (!snapshot.hasDeletions) return dropped;
  for (const record of snapshot.records()) {
    if (record.table !== "artifact_links") continue;
    const content = await snapshot.content(record);
    for (const row of content ? decodeRows("artifact_links", content) : []) {
      const isDropped = row.run_id !== null && snapshot.isDeleted(row.run_id, record);
      (isDropped ? dropped : kept).add(nameOf(row));
    }
  }
  for (const name of kept) dropped.delete(name);
  return dropped;
}

/** The rows of `artifacts` that somebody may still ask for, and the blobs that none of them names any more. */
export async function readArtifacts(snapshot: Snapshot): Promise<{merger: RowMerger; garbage: string[]}> {
  const gone = await orphans(snapshot);
  const merger = new RowMerger("artifacts");
  const freed = new Set<string>();
  for (const record of snapshot.records()) {
    if (record.table !== "artifacts") continue;
    const content = await snapshot.content(record);
    if (!content) continue;
    merger.add(content, (row) => {
      const artifact = row as Row<"artifacts">;
      // Also of a row that a later one takes the place of.
      freed.add(artifact.sha256);
      return !gone.has(nameOf(artifact));
    });
  }
  for (const row of merger.rows()) freed.delete((row as Row<"artifacts">).sha256);
  return {merger, garbage: [...freed]};
}
