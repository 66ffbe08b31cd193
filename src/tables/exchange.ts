import type {ExportOptions} from "./export/export-runs.ts";
import type {Waiting} from "./export/followed.ts";
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
 * files are read and written in a worker of their own.
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

  /** Runs as the files of a format. Their names have the folders they belong in. @throws ExportError, the signal's reason */
  files(options: ExportOptions & Waiting): Promise<File[]> {
    return this.write(options);
  }

  /** The same as one file to save: a zip archive when there are several. @throws ExportError, the signal's reason */
  async export(options: ExportOptions & Waiting): Promise<File> {
    const [file] = await this.write({...options, archive: `runs-${options.format}.zip`});
    return file;
  }

  /** Sends runs to a tracking server of MLflow. @throws ExportError */
  async sendToMlflow(address: string, options?: {runs?: readonly string[]} & Waiting): Promise<ServerReport> {
    const {exportToMlflow} = await import("./export/export-runs.ts");
    return exportToMlflow(this.store.db, address, options);
  }

  private async write({archive, ...options}: ExportOptions & Waiting & {archive?: string}): Promise<File[]> {
    const {db} = this.store;
    if (hasWorkers) {
      const {createWorker, exportFiles} = await offThread();
      return exportFiles(createWorker, db, {...options, archive});
    }
    const [{exportRuns}, {oneFile}] = await Promise.all([
      import("./export/export-runs.ts"),
      import("./export/one-file.ts")
    ]);
    const files = await exportRuns(db, options);
    return archive === undefined ? files : [await oneFile(files, archive)];
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
  const [{createWorker, importFiles}, {sendableSource}] = await Promise.all([
    offThread(),
    import("./import/files.ts")
  ]);
  return importFiles(createWorker, await Promise.all(sources.map(sendableSource)), options);
}

async function offThread() {
  const [{default: Exchanger}, {importFiles, exportFiles}] = await Promise.all([
    import("./exchange/worker.ts?worker"),
    import("./exchange/off-thread.ts")
  ]);
  return {createWorker: () => new Exchanger(), importFiles, exportFiles};
}
