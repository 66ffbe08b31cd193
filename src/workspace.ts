// The store of runs as people see it: what the panel shows, and the builtin `workspace` of cells.
import type {Engine} from "./cells/app/services.ts";
import type {Cleaned, ExportKind, Workspace, WorkspaceRun} from "./cells/app/workspace/types.ts";
import {isOver, runsBefore, sizeOfRuns} from "./cells/app/workspace/words.ts";
import {RunExchange} from "./tables/exchange.ts";
import type {ExportOptions} from "./tables/export/export-runs.ts";
import type {Waiting} from "./tables/export/followed.ts";
import type {ImportSource} from "./tables/import/files.ts";
import type {ImportOptions} from "./tables/import/import-runs.ts";
import type {ImportReport} from "./tables/import-types.ts";
import type {Journal, JournalStatus} from "./tables/journal/types.ts";
import type {Tables} from "./tables/open.ts";

export interface PageWorkspaceOptions {
  openJournal(): Promise<Journal>;
  /** The tables over the journal, which are made with it. */
  tables(): Tables;
  /** Milliseconds since the epoch. */
  now?(): number;
}

const dayMs = 86_400_000;

/** The journal of the page, opened once for the tables and for whoever looks at it. */
export class PageWorkspace implements Workspace {
  readonly #options: PageWorkspaceOptions;
  readonly #now: () => number;
  readonly #listeners = new Set<() => void>();
  #opening: Promise<Journal> | null = null;
  #journal: Journal | null = null;
  /** What is said while the journal cannot be opened; rows wait in memory, and each new one tries again. */
  #notOpened: JournalStatus | null = null;

  constructor(options: PageWorkspaceOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  get status(): JournalStatus | null {
    return this.#journal?.status ?? this.#notOpened;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The journal; opened by the first who asks. */
  readonly journal = (): Promise<Journal> => {
    this.#opening ??= this.#options.openJournal().then(
      (journal) => {
        this.#journal = journal;
        journal.subscribe(this.#changed);
        this.#changed();
        return journal;
      },
      (error: unknown) => {
        this.#opening = null;
        const reason = error instanceof Error ? error.message : String(error);
        const message = `The journal of runs could not be opened: ${reason} Runs go on, and are kept in memory. Reload the page to try again.`;
        const failure = {message, unwrittenBytes: 0};
        const nothing = {sizeBytes: 0, quota: null, persisted: null, repaired: []};
        this.#notOpened = {role: "memory", failure, ...nothing};
        this.#changed();
        throw error;
      }
    );
    return this.#opening;
  };

  /** Moves runs between the store and other programs' files and servers. */
  get exchange(): RunExchange {
    return new RunExchange(this.#options.tables());
  }

  async open(): Promise<void> {
    await this.journal();
  }

  /** Asks the browser to keep the store when the first run begins: a page that computes for hours should not lose it. */
  keepFrom(engine: Engine): void {
    const stop = engine.subscribe(() => {
      if (engine.status().running.length === 0) return;
      stop();
      this.journal()
        .then(({status}) => status.persisted === false && this.persist())
        // The status says what is wrong.
        .catch(() => {});
    });
  }

  onRuns(listener: () => void): () => void {
    let isOver = false;
    const follow = async (table: string) => {
      let isFirst = true;
      for await (const _ of this.#options.tables().tableChanges(table)) {
        if (isOver) return;
        if (!isFirst) listener();
        isFirst = false;
      }
    };
    // A run of another tab tells nothing but its rows while it goes.
    for (const table of ["runs", "metrics"]) void follow(table);
    return () => {
      isOver = true;
    };
  }

  async usage(): Promise<WorkspaceRun[]> {
    const journal = await this.journal();
    const [runs, sizes] = await Promise.all([this.#options.tables().sink.runs(), journal.usage()]);
    const sizeOf = new Map(sizes.map(({runId, sizeBytes}) => [runId, sizeBytes]));
    return runs
      .map((run) => ({
        runId: run.run_id,
        name: run.name,
        experiment: run.experiment_id,
        status: run.status,
        source: run.source,
        at: timeOf(run.end_time ?? run.created_at),
        sizeBytes: sizeOf.get(run.run_id) ?? 0
      }))
      .sort((a, b) => b.sizeBytes - a.sizeBytes || (b.at ?? 0) - (a.at ?? 0));
  }

  async remove(runIds: readonly string[]): Promise<Cleaned> {
    const wanted = new Set(runIds);
    const runs = (await this.usage()).filter((run) => wanted.has(run.runId) && isOver(run));
    return this.#remove(runs);
  }

  /** Deletes the runs that ended so many days ago or earlier. */
  async clean(options: {olderThanDays: number}): Promise<Cleaned> {
    const olderThanDays = options?.olderThanDays;
    if (!(olderThanDays >= 0)) {
      throw new RangeError(`clean({olderThanDays}) takes a number of days from 0; it got ${olderThanDays}.`);
    }
    return this.#remove(runsBefore(await this.usage(), this.#now() - olderThanDays * dayMs));
  }

  async persist(): Promise<boolean> {
    return (await this.journal()).persist();
  }

  async compact(): Promise<void> {
    await (await this.journal()).compact();
  }

  async objectives(): Promise<string[]> {
    const {intermediateKey} = await import("./tables/import/optuna.ts");
    const {db} = this.#options.tables();
    const rows = await db.sql`SELECT metric.key FROM latest_metrics AS metric JOIN runs USING (run_id)
      WHERE runs.lifecycle_stage = 'active' AND runs.experiment_id NOT IN
        (SELECT experiment_id FROM metric_defs WHERE goal IS NOT NULL AND key <> ${intermediateKey})
      GROUP BY metric.key ORDER BY count(*) DESC, metric.key`;
    return Array.from(rows as Iterable<{key: string}>, ({key}) => key);
  }

  async export(format: ExportKind, options: Omit<ExportOptions, "format"> & Waiting = {}): Promise<File> {
    if (format === "petri") {
      const day = new Date(this.#now()).toISOString().slice(0, 10);
      const archive = await (await this.journal()).exportArchive(options.signal);
      return new File([archive], `workspace-${day}.petri.zip`, {type: "application/zip"});
    }
    return this.exchange.export({...options, format});
  }

  async import(
    given: ImportSource | readonly ImportSource[],
    options: ImportOptions = {}
  ): Promise<ImportReport> {
    const sources = (Array.isArray(given) ? given : [given]) as readonly ImportSource[];
    const archives: Blob[] = [];
    const others: ImportSource[] = [];
    for (const source of sources) {
      const archive = await asArchive(source);
      if (archive) archives.push(archive);
      else others.push(source);
    }
    const report: ImportReport = {runs: 0, knownRuns: 0, params: 0, metricRows: 0, notes: []};
    for (const archive of archives) {
      options.signal?.throwIfAborted();
      add(report, await this.#importArchive(archive, options.signal));
    }
    if (others.length > 0) add(report, await this.exchange.import(others, options));
    return report;
  }

  async #importArchive(archive: Blob, signal?: AbortSignal): Promise<ImportReport> {
    const journal = await this.journal();
    const before = journal.status.sizeBytes;
    const {runs} = await journal.importArchive(archive, signal);
    // Nobody tells of what came into a journal in memory.
    if (journal.status.role === "memory") await this.#options.tables().sink.reread();
    const notes =
      runs === 0 && journal.status.sizeBytes === before ? ["The archive has nothing that is not here."] : [];
    return {runs, knownRuns: 0, params: 0, metricRows: 0, notes};
  }

  async #remove(runs: readonly WorkspaceRun[]): Promise<Cleaned> {
    if (runs.length > 0) await this.#options.tables().sink.deleteRuns(runs.map(({runId}) => runId));
    return {runs: runs.length, sizeBytes: sizeOfRuns(runs)};
  }

  readonly #changed = (): void => {
    for (const listener of [...this.#listeners]) listener();
  };
}

/** Files without times give their runs the first day of all. */
const timeOf = (time: Date): number | null => (Number(time) < dayMs ? null : Number(time));

/** The builtin `workspace`: the runs of this browser, and the ways in and out for them. */
export interface WorkspaceBuiltin {
  /** Takes in runs of other trackers, or an archive: a file, several that belong together, or an address. */
  import: PageWorkspace["import"];
  /** All runs as a file of a format (`petri`: the whole workspace), a zip archive where the format has several. */
  export: PageWorkspace["export"];
  /** Sends runs to a tracking server of MLflow. */
  sendToMlflow: RunExchange["sendToMlflow"];
  /** Every run with its size on disk, the largest first. */
  usage: PageWorkspace["usage"];
  /** Deletes runs that ended so many days ago or earlier. */
  clean: PageWorkspace["clean"];
  /** Asks the browser not to clear the runs when space runs short; whether it agreed. */
  persist: PageWorkspace["persist"];
}

export function workspaceBuiltin(workspace: PageWorkspace): WorkspaceBuiltin {
  return {
    import: (given, options) => workspace.import(given, options),
    export: (format, options) => workspace.export(format, options),
    sendToMlflow: (address, options) => workspace.exchange.sendToMlflow(address, options),
    usage: () => workspace.usage(),
    clean: (options) => workspace.clean(options),
    persist: () => workspace.persist()
  };
}

/** What a zip archive of a workspace begins with: a file entry of this name. */
const firstEntry = "petri.json";

/** The archive of a workspace, or null when a source is something else. */
async function asArchive(source: ImportSource): Promise<Blob | null> {
  if (typeof source === "string") return null;
  const blob =
    source instanceof Blob
      ? source
      : source instanceof Uint8Array || source instanceof ArrayBuffer
        ? new Blob([source as BlobPart])
        : new Blob([await source.arrayBuffer()]);
  const head = new Uint8Array(await blob.slice(0, 30 + firstEntry.length).arrayBuffer());
  const isZip = head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4;
  return isZip && new TextDecoder().decode(head.subarray(30)) === firstEntry ? blob : null;
}

function add(report: ImportReport, {runs, knownRuns, params, metricRows, notes}: ImportReport): void {
  report.runs += runs;
  report.knownRuns += knownRuns;
  report.params += params;
  report.metricRows += metricRows;
  report.notes.push(...notes);
}
