import {parquetReadObjects} from "hyparquet";
import {compressors} from "hyparquet-compressors";
import type {ArrowLibrary} from "./file-source.ts";

/** Reads a Parquet file of any of the usual compressions into an Arrow table, without DuckDB or the network. */
export async function readParquet(file: ArrayBuffer, arrow: ArrowLibrary): Promise<unknown> {
  const rows = await parquetReadObjects({file, compressors});
  const names = Object.keys(rows[0] ?? {});
  return new arrow.Table(
    Object.fromEntries(
      names.map((name) => [name, arrow.vectorFromArray(rows.map((row) => row[name] ?? null))])
    )
  );
}
