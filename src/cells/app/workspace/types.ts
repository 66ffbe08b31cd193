import type {ExportProgress} from "../../../tables/export/followed.ts";
import type {ImportProgress, ImportReport} from "../../../tables/import-types.ts";
import type {JournalStatus} from "../../../tables/journal/types.ts";

/** A run in the store, as the panel lists it. */
export interface WorkspaceRun {
  runId: string;
  name: string;
  /** The experiment it belongs to. */
  experiment: string;
  status: string;
  /** Where it came from: `petri`, or the tracker it was imported from. */
  source: string;
  /** When it ended, or was made if it has not, in milliseconds since the epoch; null when nobody knows. */
  at: number | null;
  /** On disk. */
  sizeBytes: number;
}

/** What was deleted. */
export interface Cleaned {
  runs: number;
  sizeBytes: number;
}

/** Formats that runs can be exported to; `petri` is the whole workspace. */
export const exportKinds = [
  {format: "petri", title: "Petri archive", about: "everything, to be imported elsewhere"},
  {format: "csv", title: "CSV", about: "one file a table"},
  {format: "parquet", title: "Parquet", about: "one file a table"},
  {format: "arrow", title: "Arrow", about: "one file a table"},
  {format: "mlflow", title: "MLflow", about: "a SQLite database"},
  {format: "trackio", title: "Trackio", about: "Parquet files"},
  {format: "tensorboard", title: "TensorBoard", about: "event files"},
  {format: "optuna", title: "Optuna", about: "a SQLite database"}
] as const;

export type ExportKind = (typeof exportKinds)[number]["format"];

/** A metric that runs optimise, and which direction is good. */
export interface Objective {
  metric: string;
  goal: "minimize" | "maximize";
}

/** The store of runs, seen from the shell. */
export interface Workspace {
  /** Null until the store has been opened. Replaced, never mutated. */
  readonly status: JournalStatus | null;
  /** Calls back at every change of `status`. Returns the way to stop. */
  subscribe(listener: () => void): () => void;
  /** Opens the store. */
  open(): Promise<void>;
  /** Calls back when runs begin, grow, end or are deleted, here or in other tabs. Returns the way to stop. */
  onRuns(listener: () => void): () => void;
  /** Every run, the largest first. */
  usage(): Promise<WorkspaceRun[]>;
  /** Deletes runs for good. */
  remove(runIds: readonly string[]): Promise<Cleaned>;
  /** Asks the browser not to clear the store when space runs short; whether it agreed. */
  persist(): Promise<boolean>;
  /** Rewrites the files on disk without what was deleted. */
  compact(): Promise<void>;
  /** Metrics of runs that do not say what they optimise, those of most runs first; none when all of them say it. */
  objectives(): Promise<string[]>;
  /** One file, a zip archive where the format has several. `objective`: for runs that do not say what they optimise. */
  export(
    format: ExportKind,
    options?: {objective?: Objective; signal?: AbortSignal; onProgress?(progress: ExportProgress): void}
  ): Promise<File>;
  /**
   * Takes in an archive of Petri's, or files of other trackers; together they are one import. @throws the signal's reason
   * when it aborts; then no run of the trackers' files stays.
   */
  import(
    files: readonly File[],
    options?: {signal?: AbortSignal; onProgress?(progress: ImportProgress): void}
  ): Promise<ImportReport>;
}
