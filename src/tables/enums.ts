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

/** Quoted names, words and the ENUMs of a type as DuckDB writes it. */
const parts = /"(?:[^"]|"")*"|ENUM\(((?:'(?:[^']|'')*'(?:,\s*)?)*)\)/g;

/** The words of each ENUM in a type as DuckDB writes it, e.g. ENUM('a', 'it''s')[], from left to right. */
function wordsOf(type: string): Vector<Utf8>[] {
  const lists = Array.from(type.matchAll(parts), ([, list]) => list).filter((list) => list !== undefined);
  return lists.map((list) => {
    const words = Array.from(list.matchAll(/'((?:[^']|'')*)'/g), ([, word]) => word.replaceAll("''", "'"));
    return vectorFromArray(words, new Utf8());
  });
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
 * @throws SqlError where they cannot be had: for statements that are no queries.
 */
export async function enumWords(
  schema: Schema,
  sql: string,
  describe: (sql: string) => Promise<Iterable<{column_type: string}>>
): Promise<(batch: RecordBatch) => RecordBatch> {
  if (!schema.fields.some(({type}) => holdsEnum(type))) return (batch) => batch;
  const columns = await describe(`DESCRIBE ${lastStatement(sql)}`).catch(() => {
    throw new SqlError("A column of type ENUM cannot be read here; cast it to VARCHAR.");
  });
  const words = Array.from(columns, ({column_type}) => wordsOf(column_type));
  return (batch) => {
    const children = batch.data.children.map((column, i) => withWords(column, words[i].values()));
    const struct = makeData({type: new Struct(schema.fields), length: batch.numRows, nullCount: 0, children});
    return new RecordBatch(schema, struct as never);
  };
}

/** A column with the words of its ENUMs, which are taken in order. */
function withWords(column: Data, words: Iterator<Vector<Utf8>>): Data {
  const {type, length, nullCount, nullBitmap, values, offset, children} = column;
  if (!holdsEnum(type)) return column;
  if (!DataType.isDictionary(type)) {
    const filled = children.map((child) => withWords(child, words));
    return column.clone(type, offset, length, nullCount, undefined, filled as never) as Data;
  }
  const data = values.subarray(offset, offset + length);
  const dictionary = words.next().value;
  return makeData({type, length, nullCount, nullBitmap, data, dictionary: dictionary as never}) as Data;
}
