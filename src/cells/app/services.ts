import type {BackendInfo, MemoryInfo} from "../../gpu/types.ts";
import type {LastRuns} from "../../runtime/storage/last-runs.ts";
import type {EditJournal, NotebookStorage} from "../../runtime/storage/types.ts";
import type {Cell, CellOutput, CellStatus, Notebook} from "../../runtime/types.ts";
import type {CompletionProvider} from "../editor/types.ts";
import type {Workspace} from "./workspace/types.ts";

/** What the shell uses of a NotebookSession. */
export interface Session extends EventTarget {
  cells(): CellStatus[];
  status(id: number): CellStatus | undefined;
  /** Takes the document's source of these cells (all when left out) and computes what changed; with `force`, all of them. */
  run(ids?: Iterable<number>, options?: {force?: boolean}): Promise<void>;
  /** The document changed: cells were added, removed, moved or edited. Nothing runs that was not told to. */
  update(cells: readonly Cell[]): void;
  stop(id: number): void;
  stopAll(): void;
  settled(): Promise<CellStatus[]>;
  dispose(): void;
}

export interface SessionRequest {
  /** Name in the storage; for a notebook opened by address, the address. */
  name: string;
  /** Absolute address of the notebook file: what relative paths in it start from. */
  baseUrl: string;
  notebook: Notebook;
  createOutput(cell: Cell): CellOutput;
}

/** A run, as the footer names it. */
export interface RunningRun {
  runId: string;
  name: string;
  /** The notebook it was started in. */
  notebook: string;
  /** 0 to 1 where the end is known. */
  fraction?: number;
}

/** What the footer shows; replaced, never mutated. */
export interface EngineStatus {
  /** Null until the training worker has opened one. */
  backend: BackendInfo | null;
  memory: MemoryInfo | null;
  running: readonly RunningRun[];
}

/** The training worker, seen from the shell. */
export interface Engine {
  status(): EngineStatus;
  /** Calls back at every change, at most a few times a second; answers the way to stop. */
  subscribe(listener: () => void): () => void;
  /** Cancels every run at its next step. */
  stopAll(): void;
}

/** Everything `<petri-app>` is given; `src/main.ts` fills it. */
export interface AppServices {
  /** Resolves once it is known whether a server keeps the notebooks or the browser does. */
  storage: Promise<NotebookStorage>;
  journal: EditJournal;
  /** Begins to load what an open notebook needs, beside the reading of its file. */
  preload?(): void;
  /** Starts nothing: the shell calls `run()` when the first cells are on the page. May load the runtime lazily. */
  createSession(request: SessionRequest): Promise<Session>;
  /** Where one cell's results appear, inside `host`; `source` is what ran, `cellLabel` what a person calls a cell. */
  createOutput(
    host: HTMLElement,
    options: {source: () => string; cellLabel: (id: number) => string}
  ): CellOutput;
  /** Names that the editor of a cell completes. */
  completions?(session: Session, cellId: number): CompletionProvider;
  lastRuns: LastRuns;
  engine: Engine;
  /** Where runs are kept; without it there is no panel for it. */
  workspace?: Workspace;
  /** Shown on the help page, e.g. {petri: "0.1.0", tfjs: "4.22.0"}. */
  versions: Readonly<Record<string, string>>;
}
