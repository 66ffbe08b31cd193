import type {RunView} from "../../../src/cells/run/types.ts";
import type {LogLine, RunProgress} from "../../../src/training/row-types.ts";
import type {RunRecord} from "../../../src/training/types.ts";

/** A run that a test drives by hand. */
export class FakeRun implements RunView {
  record: RunRecord;
  readonly step: number[] = [];
  readonly columns: Record<string, number[]> = {};
  progress: RunProgress = {step: null, totalSteps: null, fraction: null, stepsPerSecond: null, etaMs: null};
  logs: LogLine[] = [];
  fromCache = false;
  cancelling = false;
  cancelled = 0;
  recomputed = 0;
  readonly listeners = new Set<() => void>();

  constructor(record: Partial<RunRecord> = {}) {
    this.record = {
      runId: "run-1",
      name: "lottery-ticket",
      notebook: "quickstart",
      cellId: 3,
      cellExecId: null,
      experiment: "quickstart",
      parentRunId: null,
      tags: {},
      tab: null,
      attempt: 1,
      status: "running",
      params: {sparsity: 0.9, width: 300},
      seed: 1,
      code: "",
      fingerprint: "f",
      backend: {name: "webgpu", adapter: "NVIDIA H100"},
      versions: {},
      dataHash: "",
      createdAt: 0,
      startedAt: 1000,
      endedAt: null,
      lastStep: null,
      error: null,
      ...record
    };
  }

  get rows(): RunView["rows"] {
    return {step: this.step, columns: this.columns};
  }

  /** Adds a row; names that are not in it are NaN there. */
  add(step: number, metrics: Record<string, number>): void {
    for (const name of Object.keys(metrics)) this.columns[name] ??= this.step.map(() => Number.NaN);
    for (const [name, column] of Object.entries(this.columns)) column.push(metrics[name] ?? Number.NaN);
    this.step.push(step);
    this.record = {...this.record, lastStep: step};
    this.progress = {...this.progress, step};
  }

  end(status: RunRecord["status"], endedAt: number, error: string | null = null): void {
    this.record = {...this.record, status, endedAt, error};
    this.notify();
  }

  notify(): void {
    for (const listener of this.listeners) listener();
  }

  cancel(): void {
    ++this.cancelled;
  }

  recompute(): void {
    ++this.recomputed;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
