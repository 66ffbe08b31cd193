import type {Journal} from "./journal/types.ts";
import type {RunIndex} from "./run-index.ts";
import type {Row} from "./schema.ts";
import type {ArtifactContent, StoredArtifact} from "./types.ts";

interface Place {
  index: RunIndex;
  /** The journal, once the index knows what is in it. */
  journal(): Promise<Journal>;
  /** Resolves to whether the row was written. */
  write<T extends "artifacts" | "artifact_links">(table: T, row: Row<T>): Promise<boolean>;
}

/** Contents that runs made, in the journal under their hashes. */
export class ArtifactStore {
  readonly #place: Place;
  #last: Promise<unknown> = Promise.resolve();

  constructor(place: Place) {
    this.#place = place;
  }

  /** Stores content of a run; resolves when it is on disk. One at a time, so that few of them are in memory. */
  keep(content: ArtifactContent): Promise<void> {
    const kept = this.#last.then(() => this.#keep(content));
    this.#last = kept.catch(() => {});
    return kept;
  }

  /** What is kept of a run, the newest version of each name. */
  async of(runId: string): Promise<StoredArtifact[]> {
    const journal = await this.#place.journal();
    return this.#place.index.artifactsOf(runId).map((row) => ({
      runId,
      name: row.name,
      type: row.type,
      manifest: JSON.parse(row.manifest ?? "{}"),
      createdAt: Number(row.created_at),
      sizeBytes: row.size_bytes,
      read: () => journal.getBlob(row.sha256)
    }));
  }

  async #keep({runId, name, type, bytes, manifest, createdAt, inPlace}: ArtifactContent): Promise<void> {
    const {index, write} = this.#place;
    const journal = await this.#place.journal();
    const sha256 = await journal.putBlob(bytes);
    const artifact_id = `${runId}/${name}`;
    const before = index.newest(artifact_id);
    const replaced = inPlace ? before : undefined;
    const row: Row<"artifacts"> = {
      artifact_id,
      version: replaced?.version ?? (before?.version ?? 0) + 1,
      name,
      type,
      sha256,
      size_bytes: bytes.length,
      uri: null,
      manifest: JSON.stringify(manifest),
      created_at: new Date(createdAt)
    };
    const {version} = row;
    index.addArtifact(row);
    const written = write("artifacts", row);
    if (!replaced) {
      const link = {run_id: runId, cell_exec_id: null, artifact_id, version, direction: "output"} as const;
      index.addLink(link);
      void write("artifact_links", link);
    }
    // While the row waits in memory for room, the one on disk still names the old content.
    if (!(await written) || !replaced || index.names(replaced.sha256) || journal.status.failure) return;
    // A file that is being read stays until the journal is compacted.
    await journal.removeBlob(replaced.sha256).catch(() => {});
  }
}
