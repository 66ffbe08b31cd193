import type {Dataset} from "../dataset.ts";
import {DatasetError} from "../dataset-error.ts";
import type {DataSource} from "../source.ts";
import {type Column, type ColumnOptions, fromColumns} from "./columns.ts";
import {decodeText} from "./decode-text.ts";
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
  const {header = true, delimiter = ","} = options;
  if (delimiter.length !== 1 || '"\r\n'.includes(delimiter)) {
    throw new DatasetError(`delimiter must be one character, not a quote or a line end; got “${delimiter}”.`);
  }
  const records = [...parseCsv(name, decodeText(name, bytes), delimiter)];
  const names = namesOf(name, records, header);
  const rows = records.slice(header ? 1 : 0).filter(({fields}) => names.length === 1 || !isEmpty(fields));
  for (const {fields, line} of rows) {
    if (fields.length === names.length) continue;
    throw new DatasetError(
      `${name}, line ${line}: expected ${names.length} fields as in the first line, found ${fields.length}.`
    );
  }
  const columns: Column[] = names.map((column, i) => ({
    name: column,
    values: rows.map(({fields}) => fields[i])
  }));
  const place = (row: number) => `line ${rows[row]?.line}`;
  return {...fromColumns({name, columns, rows: rows.length, place, isText: true}, options), hash};
}

function namesOf(name: string, records: readonly CsvRecord[], header: boolean): string[] {
  const first = records[0]?.fields;
  if (!first) throw new DatasetError(`${name}: expected a line of fields, found an empty file.`);
  const names = first.map((field, i) => (header && field.trim()) || `column ${i + 1}`);
  const twice = names.find((each, i) => names.indexOf(each) !== i);
  if (twice === undefined) return names;
  throw new DatasetError(`${name}, line 1: expected different column names, found “${twice}” twice.`);
}

const isEmpty = (fields: readonly string[]) => fields.length === 1 && fields[0] === "";
