import {Table, tableToIPC} from "apache-arrow";
import type {Database} from "./database.ts";
import {SourceError} from "./errors.ts";
import {fromObjects} from "./from-objects.ts";
import {identifier} from "./literal.ts";
import {sqlQuery, sqlTemplate} from "./sql-text.ts";
import {withTimestamps} from "./timestamps.ts";

/** What a table can be made of, besides values: a file, as FileAttachment gives it. */
interface FileLike {
  name: string;
  mimeType?: string;
  arrayBuffer(): Promise<ArrayBuffer>;
}

interface ArrowLike extends Iterable<object> {
  schema: {fields: unknown[]};
}

const isFile = (value: unknown): value is FileLike =>
  typeof (value as FileLike)?.name === "string" && typeof (value as FileLike).arrayBuffer === "function";

const isArrow = (value: unknown): value is ArrowLike =>
  typeof (value as Table)?.getChild === "function" && Array.isArray((value as Table).schema?.fields);

/** Arrow tables of another copy of the library do not survive its writer, so their rows are taken instead. */
function toIPC(rows: Iterable<unknown>): Uint8Array {
  if (rows instanceof Table) return tableToIPC(withTimestamps(rows), "stream");
  const plain = isArrow(rows) ? Array.from(rows, (row) => ({...row})) : rows;
  return tableToIPC(fromObjects(plain), "stream");
}

async function insertCsv(
  database: Database,
  name: string,
  bytes: Uint8Array,
  catalog: string,
  options: object
) {
  const settings = Object.entries(options).map(
    ([key, value]) => sqlTemplate([`, ${identifier(key)} = `, ""], [value]).text
  );
  const create = (path: string, more: string) =>
    database.query(
      sqlQuery(
        `CREATE TABLE ${identifier(name)} AS FROM read_csv(${sqlTemplate(["", ""], [path]).text}${settings.join("")}${more})`
      ),
      {catalog}
    );
  await database.withFile(`${catalog}/${name}`, bytes, async (path) => {
    try {
      await create(path, "");
    } catch (error) {
      // What was taken for a number turned out not to be one further down.
      if (!/Could not convert|Conversion Error|CSV Error/.test(String(error)) || "all_varchar" in options)
        throw error;
      await create(path, ", all_varchar = true");
    }
  });
}

async function insertFile(
  database: Database,
  name: string,
  file: FileLike,
  catalog: string,
  options: object
) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const type = /\.([a-z]+)$/i.exec(file.name)?.[1].toLowerCase() ?? "";
  if (type === "csv" || file.mimeType === "text/csv")
    return insertCsv(database, name, bytes, catalog, options);
  if (type === "tsv" || file.mimeType === "text/tab-separated-values") {
    return insertCsv(database, name, bytes, catalog, {delim: "\t", ...options});
  }
  if (type === "arrow" || type === "feather") {
    // Read and written again: DuckDB takes the stream format only, and the file format is as common.
    const {tableFromIPC} = await import("apache-arrow");
    return database.insert(name, toIPC(tableFromIPC(bytes)), catalog);
  }
  if (type === "parquet") {
    const [{parquetReadObjects}, {compressors}] = await Promise.all([
      import("hyparquet"),
      import("hyparquet-compressors")
    ]);
    return database.insert(name, toIPC(await parquetReadObjects({file: bytes.buffer, compressors})), catalog);
  }
  if (type === "json" || file.mimeType === "application/json") {
    const rows: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (!Array.isArray(rows)) throw new SourceError(`${file.name}: expected a JSON array of rows.`);
    return database.insert(name, toIPC(rows), catalog);
  }
  throw new SourceError(`${file.name}: expected a .csv, .tsv, .json, .arrow or .parquet file.`);
}

async function download(url: string): Promise<FileLike> {
  const response = await fetch(new URL(url, document.baseURI));
  if (!response.ok) throw new SourceError(`${url} was not loaded: ${response.status} ${response.statusText}`);
  const mimeType = response.headers.get("content-type")?.split(";")[0];
  return {name: new URL(response.url).pathname, mimeType, arrayBuffer: () => response.arrayBuffer()};
}

/**
 * Makes the table `name` of a file (CSV, TSV, JSON, Arrow, Parquet), an array of rows, an Arrow or Arquero table, the
 * address of a file, or `{data}` or `{file}` with options for the reader.
 * @throws SourceError for anything else.
 */
export async function insertSource(
  database: Database,
  name: string,
  given: unknown,
  catalog: string
): Promise<void> {
  const source = await given;
  if (isFile(source)) return insertFile(database, name, source, catalog, {});
  if (typeof source === "string") return insertFile(database, name, await download(source), catalog, {});
  if (isArrow(source) || Array.isArray(source)) return database.insert(name, toIPC(source), catalog);
  if (typeof source === "object" && source !== null) {
    if ("toArrowBuffer" in source) {
      // Arquero's own copy of Arrow wrote these bytes.
      return database.insert(name, (source as {toArrowBuffer(): Uint8Array}).toArrowBuffer(), catalog);
    }
    if ("toArrowIPC" in source) {
      return database.insert(
        name,
        (source as {toArrowIPC(o: object): Uint8Array}).toArrowIPC({format: "stream"}),
        catalog
      );
    }
    const {file, data, ...options} = source as {file?: unknown; data?: unknown};
    if (isFile(file)) return insertFile(database, name, file, catalog, options);
    if (data !== undefined) return insertSource(database, name, data, catalog);
  }
  throw new SourceError(
    `${name}: expected a file, an array of rows, an Arrow table or an address, got ${typeof source}.`
  );
}
