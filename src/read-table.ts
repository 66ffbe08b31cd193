// Table files for petri/datasets, whose own folder imports neither Arrow nor Parquet; the readers are loaded on use.
import type {ReadTable} from "./ops/datasets/source.ts";

const read =
  (name: "readArrow" | "readParquet"): ReadTable =>
  async (bytes, file) =>
    (await import("./tables/import/columns.ts"))[name]({name: file, bytes, modifiedMs: 0});

/** Readers of Arrow IPC and Parquet: columns by name. */
export const tableReaders = {arrow: read("readArrow"), parquet: read("readParquet")};
