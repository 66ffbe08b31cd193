import type {ExportOptions} from "./export/export-runs.ts";
import type {ServerReport} from "./export/mlflow-rest.ts";
import type {Queryable} from "./export/store-reader.ts";
import type {ImportSource} from "./import/files.ts";
import type {ImportOptions} from "./import/import-runs.ts";
import type {ImportedRows, ImportReport} from "./import-types.ts";

interface Store {
  readonly db: Queryable;
  importRows(chunks: AsyncIterable<ImportedRows>): Promise<ImportReport>;
}

/** Moves runs between the store and other programs' files and servers. What reads and writes them is loaded on use. */
export class RunExchange {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  /** Takes in the runs of files (see `importRuns`). Runs that are here already are left out. @throws ImportError */
  async import(
    source: ImportSource | readonly ImportSource[],
    options?: ImportOptions
  ): Promise<ImportReport> {
    const {importRuns} = await import("./import/import-runs.ts");
    return this.store.importRows(importRuns(source, options));
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
