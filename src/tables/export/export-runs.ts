import {ExportError} from "./export-error.ts";
import {followed, type Waiting} from "./followed.ts";
import {longTables} from "./long-tables.ts";
import {mlflowFile} from "./mlflow.ts";
import {type ServerReport, sendToMlflow} from "./mlflow-rest.ts";
import {type Objective, optunaFile} from "./optuna.ts";
import type {RunReader} from "./run-reader.ts";
import {type Queryable, readStore} from "./store-reader.ts";
import {tensorBoardFiles} from "./tensorboard.ts";
import {trackioFiles} from "./trackio.ts";
import {wideTable} from "./wide-table.ts";

export const exportFormats = [
  "csv",
  "arrow",
  "parquet",
  "mlflow",
  "trackio",
  "tensorboard",
  "optuna"
] as const;
export type ExportFormat = (typeof exportFormats)[number];

export interface ExportOptions {
  format: ExportFormat;
  /** Ids of the runs; all that are not deleted when it is left out. */
  runs?: readonly string[];
  /** Of csv, arrow and parquet: the store's tables as they are, or one table with a column a metric. */
  layout?: "long" | "wide";
  /** Of optuna: what the studies optimise, where the metrics' definitions do not say. */
  objective?: Objective;
}

/** The files of an export; names have the folders that the files belong in, separated by slashes. */
export async function exportFiles(
  reader: RunReader,
  {format, layout, objective}: Omit<ExportOptions, "runs">
): Promise<File[]> {
  if (reader.runs.length === 0) throw new ExportError("there are no runs to export.");
  switch (format) {
    case "csv":
    case "arrow":
    case "parquet":
      return layout === "wide" ? [await wideTable(reader, format)] : longTables(reader, format);
    case "mlflow":
      return [await mlflowFile(reader)];
    case "trackio":
      return trackioFiles(reader);
    case "tensorboard":
      return tensorBoardFiles(reader);
    case "optuna":
      return [await optunaFile(reader, objective)];
    default:
      throw new ExportError(`There is no format ${String(format)}; there are ${exportFormats.join(", ")}.`);
  }
}

/** Runs of the store as files that other programs read. @throws ExportError when that cannot be, and the signal's reason. */
export async function exportRuns(
  db: Queryable,
  {runs, signal, onProgress, ...options}: ExportOptions & Waiting
): Promise<File[]> {
  return exportFiles(followed(await readStore(db, runs), {signal, onProgress}), options);
}

/** Sends runs of the store to a tracking server of MLflow, e.g. `http://localhost:5000`. */
export async function exportToMlflow(
  db: Queryable,
  address: string,
  {runs, ...waiting}: {runs?: readonly string[]} & Waiting = {}
): Promise<ServerReport> {
  return sendToMlflow(address, followed(await readStore(db, runs), waiting), waiting.signal);
}
