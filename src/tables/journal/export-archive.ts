import {type Row, type TableName, tables} from "../schema.ts";
import type {Backend} from "./backend.ts";
import {RowMerger} from "./merge-rows.ts";
import {readStreams} from "./read.ts";
import {encodeFrame, noOrigin} from "./record.ts";
import {withSnapshot} from "./with-snapshot.ts";
import {ZipWriter} from "./zip-writer.ts";

/** What `petri.json` in an archive says. */
export interface ArchiveAbout {
  format: "petri-workspace";
  version: number;
}

export const archiveAbout: ArchiveAbout = {format: "petri-workspace", version: 1};

/**
 * A workspace as a zip archive: `petri.json`, `records/00001` and so on with the rows as the journal keeps them, and
 * `blobs/<sha-256>`. A part at a time is in memory. @throws the signal's reason when it aborts.
 */
export function exportArchive(
  backend: Pick<Backend, "snapshot" | "getBlob">,
  signal?: AbortSignal
): Promise<Blob> {
  return withSnapshot(backend, async (snapshot) => {
    const zip = new ZipWriter();
    const json = new TextEncoder().encode(JSON.stringify(archiveAbout));
    await zip.add("petri.json", json, {compress: false});
    const artifacts = new RowMerger("artifacts");
    const all = (Object.keys(tables) as TableName[]).filter((table) => table !== "latest_metrics");
    let count = 0;
    for await (const {table, ipc} of readStreams(snapshot, all)) {
      signal?.throwIfAborted();
      if (table === "artifacts") artifacts.add(ipc);
      const name = `records/${String(++count).padStart(5, "0")}`;
      await zip.add(name, encodeFrame("rows", ipc, noOrigin), {compress: true});
    }
    const hashes = new Set(artifacts.rows().map((row) => (row as Row<"artifacts">).sha256));
    for (const sha256 of hashes) {
      signal?.throwIfAborted();
      const content = await backend.getBlob(sha256);
      if (content) await zip.add(`blobs/${sha256}`, content, {compress: false});
    }
    signal?.throwIfAborted();
    return zip.finish();
  });
}
