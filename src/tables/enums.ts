import {
  type Data,
  DataType,
  makeData,
  RecordBatch,
  type Schema,
  Struct,
  Utf8,
  type Vector,
  vectorFromArray
} from "apache-arrow";
import {SqlError} from "./errors.ts";
import {Scanner} from "./scanner.ts";

/** Whether a type is, or holds, an ENUM. */
function holdsEnum(type: DataType): boolean {
  return DataType.isDictionary(type) || (type.children ?? []).some((child) => holdsEnum(child.type));
}

/** The words of a type as DuckDB writes it, e.g. ENUM('a', 'it''s'). */
function wordsOf(type: string): string[] {
  return Array.from(type.matchAll(/'((?:[^']|'')*)'/g), ([, word]) => word.replaceAll("''", "'"));
}

/** The last statement of some SQL: the one whose result comes out. */
function lastStatement(sql: string): string {
  const starts = [0];
  new Scanner().read(sql, ";", (i) => starts.push(i + 1));
  const isEmpty = (text: string) => text.replace(/--.*|\/\*[\s\S]*?\*\//g, "").trim() === "";
  const statements = starts.map((start, i) => sql.slice(start, starts[i + 1] && starts[i + 1] - 1));
  return statements.findLast((statement) => !isEmpty(statement)) ?? sql;
}

/**
 * DuckDB-WASM sends the codes of ENUM columns without their words when a result is streamed. Asks for the words by
 * `describe` (which runs no statement) and returns what puts them into the batches.
 * @throws SqlError where they cannot be had: inside lists and structs, and for statements that are no queries.
 */
export async function enumWords(
  schema: Schema,
  sql: string,
  describe: (sql: string) => Promise<Iterable<{column_type: string}>>
): Promise<(batch: RecordBatch) => RecordBatch> {
  if (!schema.fields.some(({type}) => holdsEnum(type))) return (batch) => batch;
  const error = new SqlError("A column of type ENUM cannot be read here; cast it to VARCHAR.");
  if (!schema.fields.every(({type}) => DataType.isDictionary(type) || !holdsEnum(type))) throw error;
  const columns = await describe(`DESCRIBE ${lastStatement(sql)}`).catch(() => {
    throw error;
  });
  const words = Array.from(columns, ({column_type}) => vectorFromArray(wordsOf(column_type), new Utf8()));
  return (batch) => {
    const children = batch.data.children.map((column, i) => withWords(column, words[i]));
    const struct = makeData({type: new Struct(schema.fields), length: batch.numRows, nullCount: 0, children});
    return new RecordBatch(schema, struct as never);
  };
}

function withWords(column: Data, dictionary: Vector<Utf8>): Data {
  const {type, length, nullCount, nullBitmap, values, offset} = column;
  if (!DataType.isDictionary(type)) return column;
  const data = values.subarray(offset, offset + length);
  return makeData({type, length, nullCount, nullBitmap, data, dictionary: dictionary as never}) as Data;
}
