// A Parquet file's footer is believed only as far as its pages are there: the row counts of a damaged one could ask for
// any amount of memory, and a few bytes of a page may legitimately stand for millions of equal values.
import type {ColumnChunk, FileMetaData, RowGroup} from "hyparquet";
import type {ImportFile} from "./files.ts";
import {ImportError} from "./import-error.ts";
import {readPageHeader} from "./page-header.ts";

/** What is read of one file at most. */
export interface ParquetLimits {
  /** Values, rows x columns. */
  values: number;
  /** Bytes of all pages when unpacked. */
  bytes: number;
}

/** Values take 8 bytes each and more while they are read: half a gigabyte. */
const LIMITS: ParquetLimits = {values: 2 ** 26, bytes: 2 ** 30};

type ColumnMetaData = NonNullable<ColumnChunk["meta_data"]>;

/**
 * Compares what the footer announces with the headers of all pages, before anything is unpacked. @throws ImportError
 * for a footer that is damaged, and for a file that holds more than can be read at once.
 */
export function checkParquet(file: ImportFile, footer: FileMetaData, limits = LIMITS): void {
  const {row_groups: groups, schema} = footer;
  const rows = sum(groups.map((group) => Number(group.num_rows)));
  if (rows !== Number(footer.num_rows)) {
    throw damaged(file, `expected ${rows} rows as in its row groups, found ${footer.num_rows} in the footer`);
  }
  const empty = schema.find(({type, type_length = 0}) => type === "FIXED_LEN_BYTE_ARRAY" && type_length < 1);
  if (empty) throw damaged(file, `expected values of at least one byte in “${empty.name}”`);
  const end = file.bytes.length - 8 - footer.metadata_length;
  const pages = groups.flatMap((group) =>
    group.columns.map((column) => checkColumn(file, {group, column, end, footer}))
  );
  const values = sum(pages.map((each) => each.values));
  const bytes = sum(pages.map((each) => each.bytes));
  if (values > limits.values || bytes > limits.bytes) {
    throw new ImportError(
      `${file.name}: expected at most ${limits.values} values in ${limits.bytes} bytes when unpacked, found ${values} in ${bytes} (${rows} rows). Write it as several files, or with fewer rows or columns.`
    );
  }
}

interface Place {
  group: RowGroup;
  column: ColumnChunk;
  /** Where the pages end and the footer begins. */
  end: number;
  footer: FileMetaData;
}

/** What the pages of a column's part hold together. */
function checkColumn(file: ImportFile, {group, column, end, footer}: Place): {values: number; bytes: number} {
  const meta = column.meta_data as ColumnMetaData;
  const name = meta.path_in_schema.join(".");
  const start = Number(meta.dictionary_page_offset || meta.data_page_offset);
  const stop = start + Number(meta.total_compressed_size);
  if (!(start >= 4 && stop >= start && stop <= end)) {
    throw damaged(
      file,
      `expected the pages of “${name}” between the bytes 4 and ${end}, found ${start} to ${stop} in the footer`
    );
  }
  const rows = Number(group.num_rows);
  const values = Number(meta.num_values);
  const isFlat = meta.path_in_schema.length === 1 && !isRepeated(footer, name);
  if (values < rows || (isFlat && values > rows)) {
    throw damaged(file, `expected ${rows} values in “${name}”, one a row, found ${values} in the footer`);
  }
  const held = measurePages(file, name, {start, stop, values});
  if (held.values === values) return held;
  throw damaged(
    file,
    `expected ${values} values in “${name}” as its footer says, found ${held.values} in its pages`
  );
}

const isRepeated = ({schema}: FileMetaData, name: string) =>
  schema.some((element) => element.name === name && element.repetition_type === "REPEATED");

function measurePages(
  file: ImportFile,
  name: string,
  {start, stop, values: announced}: {start: number; stop: number; values: number}
): {values: number; bytes: number} {
  let values = 0;
  let bytes = 0;
  for (let at = start; values < announced && at < stop - 1; ) {
    const page = readPageHeader(file.bytes, at);
    if (page.start + page.stored > stop || page.entries > page.unpacked) {
      throw damaged(
        file,
        `byte ${at}: expected a page of “${name}” that ends by byte ${stop}, found one of ${page.stored} bytes with ${page.values + page.entries} values`
      );
    }
    values += page.values;
    bytes += page.unpacked;
    at = page.start + page.stored;
  }
  return {values, bytes};
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

const damaged = ({name}: ImportFile, what: string) =>
  new ImportError(`${name}: ${what}. The file is damaged or cut off: copy it again.`);
