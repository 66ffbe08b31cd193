import {breathe} from "../breathe.ts";
import type {ImportedRows, ImportProgress} from "../import-types.ts";
import {SqliteError, SqliteFile} from "../sqlite.ts";
import {type ColumnTable, readArrow, readCsv, readParquet} from "./columns.ts";
import {type ImportFile, type ImportSource, readFiles} from "./files.ts";
import {ImportError} from "./import-error.ts";
import {isMlflow, readMlflow} from "./mlflow.ts";
import {readMlflowServer} from "./mlflow-rest.ts";
import {isOptuna, readOptuna} from "./optuna.ts";
import {readTables} from "./read-tables.ts";
import {type FileKind, sniff} from "./sniff.ts";
import type {TableOptions} from "./table-rows.ts";
import {readTensorBoard} from "./tensorboard.ts";
import {trackioRows} from "./trackio.ts";
import {isTrackio, readTrackioSqlite} from "./trackio-sqlite.ts";

/** Formats by name; files tell theirs themselves, only a server's address does not. */
export const importFormats = ["mlflow-rest", "sqlite", "tensorboard", "parquet", "arrow", "csv"] as const;
export type ImportFormat = (typeof importFormats)[number];

/** How files are read. */
export interface FileOptions extends TableOptions {
  /** `mlflow-rest` for the address of an MLflow server; otherwise found out by how the files begin. */
  format?: ImportFormat;
}

export interface ImportOptions extends FileOptions {
  signal?: AbortSignal;
  /** Told after each piece. */
  onProgress?(progress: ImportProgress): void;
}

async function* readDatabase(file: ImportFile): AsyncGenerator<ImportedRows> {
  let database: SqliteFile | undefined;
  try {
    database = await SqliteFile.open(file.bytes);
    const tables = database.tables();
    if (isMlflow(tables)) yield* readMlflow(file, database);
    else if (isOptuna(tables)) yield* readOptuna(file, database);
    else if (isTrackio(database)) yield* trackioRows(readTrackioSqlite(file, database));
    else {
      throw new ImportError(
        `${file.name} is a SQLite database with the tables ${tables.join(", ") || "(none)"}. Expected those of MLflow (experiments, runs, metrics, params, tags), Optuna (studies, trials ...) or Trackio (metrics with run_name and step).`
      );
    }
  } catch (error) {
    if (!(error instanceof SqliteError)) throw error;
    throw new ImportError(`${file.name}: ${error.message}. The file may be cut off: copy it again.`, {
      cause: error
    });
  } finally {
    database?.close();
  }
}

const tableReaders: Record<"csv" | "arrow" | "parquet", (file: ImportFile) => Promise<ColumnTable>> = {
  csv: readCsv,
  arrow: readArrow,
  parquet: readParquet
};

/**
 * The runs of other trackers, piece by piece: SQLite files of MLflow, Trackio and Optuna, TensorBoard's event files, an MLflow
 * server, or tables in CSV, Arrow and Parquet with a row a value or a column a metric. Several files are one import: the event
 * files of a log directory, Trackio's Parquet files, this store's own exports; a zip archive stands for the files in it.
 * Runs keep their ids, and those without get one that is the same the next time.
 * @throws ImportError which says where in which file something else was expected.
 */
export async function* importRuns(
  source: ImportSource | readonly ImportSource[],
  {format, signal, ...options}: FileOptions & {signal?: AbortSignal} = {}
): AsyncGenerator<ImportedRows> {
  if (format && !importFormats.includes(format)) {
    throw new ImportError(
      `There is no format ${String(format)}; there are ${importFormats.join(", ")}. Files tell theirs by themselves.`
    );
  }
  const sources = (Array.isArray(source) ? source : [source]) as readonly ImportSource[];
  if (format === "mlflow-rest") {
    for (const address of sources) {
      if (typeof address !== "string") throw new ImportError("expected the address of an MLflow server.");
      yield* readMlflowServer(address, {signal});
    }
    return;
  }
  const files = await readFiles(sources, signal);
  if (files.length === 0) throw new ImportError("there is no file in it.");
  const kinds = new Map<FileKind, ImportFile[]>();
  for (const file of files) {
    const kind = format ?? sniff(file);
    kinds.set(kind, [...(kinds.get(kind) ?? []), file]);
  }
  for (const [kind, list] of kinds) {
    for await (const rows of readKind(kind, list, options)) {
      yield rows;
      await breathe();
      signal?.throwIfAborted();
    }
  }
}

async function* readKind(
  kind: FileKind,
  files: readonly ImportFile[],
  options: TableOptions
): AsyncGenerator<ImportedRows> {
  switch (kind) {
    case "sqlite":
      for (const file of files) yield* readDatabase(file);
      return;
    case "tensorboard":
      yield* readTensorBoard(files);
      return;
    default:
      yield* readTables(kind, await Promise.all(files.map(tableReaders[kind])), options);
  }
}
