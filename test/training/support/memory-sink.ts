import type {
  ArtifactContent,
  MetricBatch,
  MetricDefinition,
  RunRecord,
  RunSink,
  RunStatus
} from "../../../src/training/types.ts";

/** A store that keeps everything it is told. */
export class MemorySink implements RunSink {
  readonly history: RunRecord[] = [];
  readonly batches: MetricBatch[] = [];
  ipcBytes = 0;

  record(run: RunRecord): void {
    this.history.push(run);
  }

  append(_runId: string, ipc: Uint8Array): void {
    this.ipcBytes += ipc.byteLength;
  }

  keep(batch: MetricBatch): void {
    this.batches.push(batch);
  }

  async find(fingerprint: string) {
    const run = this.history.findLast(
      (known) => known.fingerprint === fingerprint && known.status === "completed"
    );
    return run ? {run, batches: this.batches.filter(({runId}) => runId === run.runId)} : null;
  }

  readonly definitions: Record<string, Readonly<Record<string, MetricDefinition>>> = {};
  readonly content: ArtifactContent[] = [];

  defineMetrics(experiment: string, metrics: Readonly<Record<string, MetricDefinition>>): void {
    this.definitions[experiment] = {...this.definitions[experiment], ...metrics};
  }

  async keepArtifact(artifact: ArtifactContent): Promise<void> {
    this.content.push(artifact);
  }

  async artifacts(wanted: string) {
    return this.content
      .filter(({runId}) => runId === wanted)
      .map(({bytes, ...about}) => ({...about, sizeBytes: bytes.byteLength, read: async () => bytes.slice()}));
  }

  /** The statuses a run went through. */
  statuses(runId: string): RunStatus[] {
    return this.history.filter((run) => run.runId === runId).map(({status}) => status);
  }
}
