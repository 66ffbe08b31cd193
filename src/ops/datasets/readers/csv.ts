import type {Dataset} from "../dataset.ts";
import {DatasetError} from "../dataset-error.ts";
import type {DataSource} from "../source.ts";
import {type ColumnOptions, findTwice, fromColumns} from "./columns.ts";
import {decodeText} from "./decode-text.ts";
import {mostTexts} from "./limits.ts";
import {type CsvRecord, parseCsv} from "./parse-csv.ts";
import {type DataFile, readFiles} from "./read-files.ts";

export interface CsvOptions extends ColumnOptions {
  /** Whether the first line names the columns, as it does by default; else they are "column 1", "column 2", ... */
  header?: boolean;
  /** One character, a comma by default. */
  delimiter?: string;
}

/**
 * A CSV file (RFC 4180) as rows of numbers with a class or a number to predict: `csv("data/iris.csv", {target: "species"})`.
 * @throws DatasetError that names the line which is wrong.
 *
 * @example
 * import {csv} from "petri/datasets";
 *
 * const file = new File(["size,colour,price\n1.5,red,3\n2,blue,4\n2.5,red,5\n"], "shirts.csv");
 * const {features, inputs, targets} = await csv(file, {target: "price"});
 * display({features, inputs, targets});
 */
export function csv(source: DataSource, options: CsvOptions): Promise<Dataset> {
  return readFiles([source], {
    reader: "csv",
    options,
    parse: ([file]) => parseFile(file as DataFile, options)
  });
}

function parseFile({name, bytes, hash}: DataFile, options: CsvOptions): Dataset {
  const {header = true, delimiter = ","} = options ?? {};
  if (delimiter.length !== 1 || '"\r\n'.includes(delimiter)) {
    throw new DatasetError(`delimiter must be one character, not a quote or a line end; got “${delimiter}”.`);
  }
  const nul = bytes.indexOf(0);
  if (nul >= 0) {
    throw new DatasetError(
      `${name}, byte ${nul}: expected text, found a zero byte. Save the file as UTF-8, or give another format's file to its reader.`
    );
  }
  const {columns, lines} = readColumns(name, parseCsv(name, decodeText(name, bytes), delimiter), header);
  const place = (row: number) => `line ${lines[row]}`;
  return {...fromColumns({name, columns, rows: lines.length, place, isText: true}, options), hash};
}

/** The columns of text, and the line of each row. Records are let go of at once: they take more memory than their values. */
function readColumns(name: string, records: Iterable<CsvRecord>, header: boolean) {
  let columns: {name: string; values: string[]}[] = [];
  const lines: number[] = [];
  for (const {fields, line} of records) {
    const isFirst = columns.length === 0;
    if (isFirst) columns = namesOf(name, fields, header).map((each) => ({name: each, values: []}));
    if ((isFirst && header) || (columns.length > 1 && isEmpty(fields))) continue;
    if (fields.length !== columns.length) {
      throw new DatasetError(
        `${name}, line ${line}: expected ${columns.length} fields as in the first line, found ${fields.length}.`
      );
    }
    lines.push(line);
    if (lines.length * columns.length > mostTexts()) {
      throw new DatasetError(
        `${name}, line ${line}: expected at most ${mostTexts()} fields in all, found more. Split the file.`
      );
    }
    for (const [i, field] of fields.entries()) columns[i]?.values.push(field);
  }
  if (columns.length > 0) return {columns, lines};
  throw new DatasetError(`${name}: expected a line of fields, found an empty file.`);
}

function namesOf(name: string, first: readonly string[], header: boolean): string[] {
  const names = first.map((field, i) => (header && field.trim()) || `column ${i + 1}`);
  const twice = findTwice(names);
  if (twice === undefined) return names;
  throw new DatasetError(`${name}, line 1: expected different column names, found “${twice}” twice.`);
}

const isEmpty = (fields: readonly string[]) => fields.length === 1 && fields[0] === "";
