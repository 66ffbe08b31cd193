import type {CellSource} from "./revisions.ts";
import type {Row, RunRow, TableName} from "./schema.ts";
import type {MetricDefinition} from "./types.ts";

type Artifact = Row<"artifacts">;
type DecodeRows = typeof import("./encode-rows.ts").decodeRows;

/** What the page knows of every run in the store, without a database: small, one entry a run. */
export class RunIndex {
  readonly runs = new Map<string, RunRow>();
  readonly experiments = new Set<string>();
  readonly #artifacts = new Map<string, Artifact[]>();
  readonly #outputs = new Map<string, Set<string>>();
  /** Revisions of a cell's source, by the source's hash. */
  readonly #revisions = new Map<string, Map<string, number>>();
  readonly #metricDefs = new Map<string, Row<"metric_defs">>();

  /** The run of this fingerprint that completed last. */
  find(fingerprint: string): RunRow | null {
    let found: RunRow | null = null;
    for (const run of this.runs.values()) {
      if (run.fingerprint !== fingerprint || run.status !== "completed") continue;
      if (!found || Number(run.end_time) >= Number(found.end_time)) found = run;
    }
    return found;
  }

  /** Takes in rows of one of the indexed tables; what is known of this page's own runs stays. */
  take(table: TableName, ipc: Uint8Array, decodeRows: DecodeRows, own: ReadonlyMap<string, unknown>): void {
    if (table === "runs")
      for (const row of decodeRows(table, ipc)) if (!own.has(row.run_id)) this.runs.set(row.run_id, row);
    if (table === "experiments")
      for (const row of decodeRows(table, ipc)) this.experiments.add(row.experiment_id);
    if (table === "metric_defs") for (const row of decodeRows(table, ipc)) this.define(row);
    if (table === "artifacts") for (const row of decodeRows(table, ipc)) this.addArtifact(row);
    if (table === "artifact_links") for (const row of decodeRows(table, ipc)) this.addLink(row);
    if (table === "cells") for (const row of decodeRows(table, ipc)) this.addCell(row);
  }

  addArtifact(row: Artifact): void {
    const versions = this.#artifacts.get(row.artifact_id) ?? [];
    this.#artifacts.set(row.artifact_id, [...versions.filter(({version}) => version !== row.version), row]);
  }

  addLink({run_id, artifact_id, direction}: Row<"artifact_links">): void {
    if (run_id === null || direction !== "output") return;
    const ids = this.#outputs.get(run_id) ?? new Set();
    this.#outputs.set(run_id, ids.add(artifact_id));
  }

  /** The newest version of everything that a run made. */
  artifactsOf(runId: string): Artifact[] {
    return [...(this.#outputs.get(runId) ?? [])].flatMap((id) => this.newest(id) ?? []);
  }

  newest(artifactId: string): Artifact | undefined {
    return this.#artifacts.get(artifactId)?.reduce((a, b) => (b.version > a.version ? b : a));
  }

  /** Whether an artifact, of whichever run, has this content. */
  names(sha256: string): boolean {
    for (const versions of this.#artifacts.values())
      if (versions.some((row) => row.sha256 === sha256)) return true;
    return false;
  }

  addCell({notebook, cell_id, rev, source_sha256}: Row<"cells">): void {
    this.#revisionsOf(notebook, cell_id).set(source_sha256, rev);
  }

  /** The number of a revision of a cell's source; undefined when the store has not seen it. */
  revision({notebook, cell_id, source_sha256}: CellSource): number | undefined {
    return this.#revisionsOf(notebook, cell_id).get(source_sha256);
  }

  /** The same; the next number when the store has not seen it. */
  revise(cell: CellSource): {rev: number; isNew: boolean} {
    const known = this.revision(cell);
    if (known !== undefined) return {rev: known, isNew: false};
    const revisions = this.#revisionsOf(cell.notebook, cell.cell_id);
    const rev = Math.max(0, ...revisions.values()) + 1;
    revisions.set(cell.source_sha256, rev);
    return {rev, isNew: true};
  }

  #revisionsOf(notebook: string, cellId: number): Map<string, number> {
    const id = `${cellId} ${notebook}`;
    const revisions = this.#revisions.get(id) ?? new Map<string, number>();
    this.#revisions.set(id, revisions);
    return revisions;
  }

  /** What is known of a metric; and keeps it when it says something new, which it then returns. */
  define(row: Row<"metric_defs">): Row<"metric_defs"> | null {
    const id = JSON.stringify([row.experiment_id, row.key]);
    if (JSON.stringify(this.#metricDefs.get(id)) === JSON.stringify(row)) return null;
    this.#metricDefs.set(id, row);
    return row;
  }

  /** Keeps what metrics of an experiment mean, by name. Returns what is new of it. */
  defineAll(experiment: string, metrics: Readonly<Record<string, MetricDefinition>>): Row<"metric_defs">[] {
    return Object.entries(metrics).flatMap(([key, {unit, goal, summary, stepKey}]) => {
      const rest = {
        unit: unit ?? null,
        goal: goal ?? null,
        summary: summary ?? null,
        step_key: stepKey ?? null
      };
      return this.define({experiment_id: experiment, key, ...rest}) ?? [];
    });
  }

  forget(runIds: readonly string[]): void {
    for (const id of runIds) {
      this.runs.delete(id);
      this.#outputs.delete(id);
    }
  }
}

/** The tables that the index is made of. */
export const indexedTables = [
  "experiments",
  "runs",
  "metric_defs",
  "artifacts",
  "artifact_links",
  "cells"
] as const satisfies TableName[];
