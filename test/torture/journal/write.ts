import {encodeMetrics} from "../../../src/tables/encode.ts";
import {encodeRows} from "../../../src/tables/encode-rows.ts";
import type {Journal, JournalRecord} from "../../../src/tables/journal/types.ts";
import {randomFrom} from "../random-from.ts";
import {batchOf, runName} from "./rows.ts";

/** What a page tells its driver, once it is done. */
export type Told =
  | {kind: "rows"; runId: string; last: number}
  | {kind: "blob"; runId: string; sha256: string}
  | {kind: "deleting"; runId: string}
  | {kind: "deleted"; runId: string}
  | {kind: "compacting" | "compacted"};

/** Appends to runs, keeps blobs, deletes earlier runs and compacts, until the browser is killed. */
export async function write(
  journal: Journal,
  {round, seed, earlier}: {round: number; seed: number; earlier: string[]},
  tell: (what: Told) => Promise<void>
): Promise<void> {
  const random = randomFrom(seed);
  const lasts = [-1, -1, -1];
  // Several records are on their way at once, as with several runs.
  const append = async () => {
    const n = Math.floor(random() * lasts.length);
    const runId = runName(round, n);
    const rows = 1 + Math.floor(random() ** 3 * 4000);
    const first = lasts[n] + 1;
    const last = first + rows - 1;
    lasts[n] = last;
    await journal.append({
      table: "metrics",
      ipc: encodeMetrics(batchOf(runId, first, rows)),
      runId,
      seq: [first, last]
    });
    await tell({kind: "rows", runId, last});
  };
  const keepBlob = async () => {
    const bytes = Uint8Array.from({length: 1 + Math.floor(random() * 100_000)}, () => random() * 256);
    const runId = runName(round, 0);
    const sha256 = await journal.putBlob(bytes);
    await Promise.all(artifactRecords(runId, sha256, bytes.length).map((record) => journal.append(record)));
    await tell({kind: "blob", runId, sha256});
  };
  const deleteEarlier = async () => {
    const runId = earlier.splice(Math.floor(random() * earlier.length), 1)[0];
    if (runId === undefined) return;
    await tell({kind: "deleting", runId});
    await journal.deleteRuns([runId]);
    await tell({kind: "deleted", runId});
  };
  const compact = async () => {
    await tell({kind: "compacting"});
    await journal.compact();
    await tell({kind: "compacted"});
  };
  for (;;) {
    const work = [append(), append(), append()];
    if (random() < 0.2) work.push(keepBlob());
    if (random() < 0.1) work.push(deleteEarlier());
    if (random() < 0.1) work.push(compact());
    await Promise.all(work);
  }
}

/** What links a blob to a run, so that it is kept as long as the run is. */
function artifactRecords(run_id: string, sha256: string, size_bytes: number): JournalRecord[] {
  const artifact_id = `${run_id}/${sha256}`;
  const artifact = {
    artifact_id,
    version: 1,
    name: sha256,
    type: "noise",
    sha256,
    size_bytes,
    uri: null,
    manifest: null,
    created_at: new Date(0)
  };
  const link = {run_id, cell_exec_id: null, artifact_id, version: 1, direction: "output"} as const;
  return [
    {table: "artifacts", ipc: encodeRows("artifacts", [artifact])},
    {table: "artifact_links", ipc: encodeRows("artifact_links", [link])}
  ];
}
