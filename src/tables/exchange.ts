import type {ExportOptions} from "./export/export-runs.ts";
import type {ServerReport} from "./export/mlflow-rest.ts";
import type {Queryable} from "./export/store-reader.ts";
import type {ImportSource} from "./import/files.ts";
import type {ImportOptions} from "./import/import-runs.ts";
import type {ImportedRows, ImportProgress, ImportReport} from "./import-types.ts";

interface Store {
  readonly db: Queryable;
  importRows(
    chunks: AsyncIterable<ImportedRows>,
    onProgress?: (progress: ImportProgress) => void
  ): Promise<ImportReport>;
}

/** A page has workers, Node does the same in its one thread. */
const hasWorkers = typeof Worker !== "undefined";

/**
 * Moves runs between the store and other programs' files and servers. What reads and writes them is loaded on use, and
 * files are read in a worker of their own.
 */
export class RunExchange {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  /**
   * Takes in the runs of files (see `importRuns`). Runs that are here already are left out.
   * @throws ImportError, and the signal's reason when it aborts; then none of the runs stays.
   */
  async import(
    source: ImportSource | readonly ImportSource[],
    {onProgress, ...options}: ImportOptions = {}
  ): Promise<ImportReport> {
    const sources = (Array.isArray(source) ? source : [source]) as readonly ImportSource[];
    return this.store.importRows(await rowsOf(sources, options), onProgress);
  }

  /** Runs as the files of a format. Their names have the folders they belong in. @throws ExportError */
  async files(options: ExportOptions): Promise<File[]> {
    const {exportRuns} = await import("./export/export-runs.ts");
    return exportRuns(this.store.db, options);
  }

  /** The same as one file to save: a zip archive when there are several. @throws ExportError */
  async export(options: ExportOptions): Promise<File> {
    const [files, {oneFile}] = await Promise.all([this.files(options), import("./export/one-file.ts")]);
    return oneFile(files, `runs-${options.format}.zip`);
  }

  /** Sends runs to a tracking server of MLflow. @throws ExportError */
  async sendToMlflow(
    address: string,
    options?: {runs?: readonly string[]; signal?: AbortSignal}
  ): Promise<ServerReport> {
    const {exportToMlflow} = await import("./export/export-runs.ts");
    return exportToMlflow(this.store.db, address, options);
  }
}

/** What files have, from a worker; a server is asked from here: it is slower than reading its answers. */
async function rowsOf(
  sources: readonly ImportSource[],
  options: Omit<ImportOptions, "onProgress">
): Promise<AsyncIterable<ImportedRows>> {
  if (!hasWorkers || options.format === "mlflow-rest") {
    const {importRuns} = await import("./import/import-runs.ts");
    return importRuns(sources, options);
  }
  const [{default: Exchanger}, {importFiles}, {sendableSource}] = await Promise.all([
    import("./exchange/worker.ts?worker"),
    import("./exchange/off-thread.ts"),
    import("./import/files.ts")
  ]);
  return importFiles(() => new Exchanger(), await Promise.all(sources.map(sendableSource)), options);
}
