import type {ExportKind, Objective, Workspace, WorkspaceRun} from "../../../src/cells/app/workspace/types.ts";
import type {JournalStatus} from "../../../src/tables/journal/types.ts";

type ExportTask = NonNullable<Parameters<Workspace["export"]>[1]>;
type ImportTask = NonNullable<Parameters<Workspace["import"]>[1]>;

/** A store of runs that a test drives by hand. */
export class FakeWorkspace implements Workspace {
  status: JournalStatus | null = null;
  readonly listeners = new Set<() => void>();
  readonly runListeners = new Set<() => void>();
  /** How often the runs were asked for. */
  asked = 0;
  metrics: string[] = [];
  readonly exported: [format: ExportKind, objective: Objective | undefined][] = [];
  readonly imported: string[][] = [];
  runs: WorkspaceRun[] = [];
  agrees = true;
  failure: Error | null = null;
  compacted = 0;
  /** Stands for work that takes long. */
  long: ((task: ImportTask) => Promise<void>) | null = null;
  longExport: ((task: ExportTask) => Promise<void>) | null = null;

  set(change: Partial<JournalStatus>): void {
    this.status = {
      role: "leader",
      sizeBytes: 18e6,
      quota: {usageBytes: 40e6, quotaBytes: 2e9},
      persisted: false,
      failure: null,
      repaired: [],
      ...this.status,
      ...change
    };
    for (const listener of this.listeners) listener();
  }

  add(name: string, sizeBytes: number, at: number, change: Partial<WorkspaceRun> = {}): void {
    const run = {runId: name, name, experiment: "quickstart", status: "completed", source: "petri"};
    this.runs = [...this.runs, {...run, at, sizeBytes, ...change}].sort((a, b) => b.sizeBytes - a.sizeBytes);
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async open(): Promise<void> {
    if (!this.status) this.set({});
  }

  onRuns(listener: () => void): () => void {
    this.runListeners.add(listener);
    return () => this.runListeners.delete(listener);
  }

  /** Says that runs have changed. */
  tell(): void {
    for (const listener of this.runListeners) listener();
  }

  async usage(): Promise<WorkspaceRun[]> {
    this.asked += 1;
    return this.runs;
  }

  async remove(runIds: readonly string[]) {
    const gone = this.runs.filter(({runId}) => runIds.includes(runId));
    this.runs = this.runs.filter((run) => !gone.includes(run));
    return {runs: gone.length, sizeBytes: gone.reduce((sum, {sizeBytes}) => sum + sizeBytes, 0)};
  }

  async persist(): Promise<boolean> {
    this.set({persisted: this.agrees});
    return this.agrees;
  }

  async compact(): Promise<void> {
    this.compacted += 1;
  }

  async objectives(): Promise<string[]> {
    return this.metrics;
  }

  async export(format: ExportKind, options: ExportTask = {}): Promise<File> {
    await this.longExport?.(options);
    this.exported.push([format, options.objective]);
    return new File(["x"], `runs.${format}`);
  }

  async import(files: readonly File[], task: ImportTask = {}) {
    if (this.failure) throw this.failure;
    await this.long?.(task);
    this.imported.push(files.map(({name, webkitRelativePath}) => webkitRelativePath || name));
    return {runs: 2, knownRuns: 0, params: 3, metricRows: 1000, notes: ["Times were guessed."]};
  }
}
