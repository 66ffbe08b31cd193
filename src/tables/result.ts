import {DataType, type RecordBatch, type Schema, type Struct, Table, type Vector} from "apache-arrow";
import {wholeNumber} from "./decimal.ts";

type Read = (row: number) => unknown;
type Convert = (value: never) => unknown;

const unlessNull = (convert: Convert) => (value: unknown) =>
  value === null ? null : convert(value as never);

/** How values of a type become those of JavaScript where Arrow gives something else; null for the other types. */
function conversionOf(type: DataType): Convert | null {
  if (DataType.isDate(type) || DataType.isTimestamp(type)) return (ms: number) => new Date(ms);
  if (DataType.isDecimal(type)) return (words: Uint32Array) => wholeNumber(words);
  if (DataType.isList(type) || DataType.isFixedSizeList(type)) return listOf(type.children[0].type);
  if (DataType.isMap(type)) return mapOf(type.children[0].type.children[1].type);
  if (DataType.isStruct(type)) return structOf(type);
  return null;
}

function listOf(item: DataType): Convert | null {
  const convert = conversionOf(item);
  return convert && ((values: Vector) => Array.from(values, unlessNull(convert)));
}

function structOf(type: Struct): Convert | null {
  const converts = new Map<string, Convert | null>(
    type.children.map(({name, type}) => [String(name), conversionOf(type)])
  );
  if ([...converts.values()].every((convert) => convert === null)) return null;
  return (row: Iterable<[string, unknown]>) => objectOf(row, (name) => converts.get(name) ?? null);
}

function mapOf(item: DataType): Convert | null {
  const convert = conversionOf(item);
  return convert && ((row: Iterable<[string, unknown]>) => objectOf(row, () => convert));
}

const objectOf = (row: Iterable<[string, unknown]>, convertOf: (name: string) => Convert | null) =>
  Object.fromEntries(
    Array.from(row, ([name, value]) => {
      const convert = convertOf(name);
      return [name, convert ? unlessNull(convert)(value) : value];
    })
  );

/** How a column's values are read where Arrow's own way is not JavaScript's; null for the others. */
function readerOf(type: DataType, column: Vector): Read | null {
  const convert = conversionOf(type);
  return convert && ((row) => unlessNull(convert)(column.get(row)));
}

/** A row as a plain object that also does what a row of Arrow does. */
class Row {
  toJSON(): object {
    return {...this};
  }

  toArray(): unknown[] {
    return Object.values(this);
  }

  toString(): string {
    return JSON.stringify(this, (_, value) => (typeof value === "bigint" ? String(value) : value));
  }

  [Symbol.iterator](): Iterator<[string, unknown]> {
    return Object.entries(this)[Symbol.iterator]();
  }
}

/**
 * A table whose rows give times as Date and large integers as BigInt, where Arrow gives numbers and words; lists, structs
 * and maps with such in them are arrays and objects.
 */
class ResultTable extends Table {
  private reads: [string, Read][] | null = null;

  private row(index: number): Row {
    this.reads ??= this.schema.fields.flatMap(({name, type}, i): [string, Read][] => {
      if (this.schema.fields.findIndex((field) => field.name === name) < i) return [];
      const column = this.getChildAt(i) as Vector;
      return [[name as string, readerOf(type, column) ?? ((row) => column.get(row))]];
    });
    const row = new Row() as Row & Record<string, unknown>;
    for (const [name, read] of this.reads) row[name] = read(index);
    return row;
  }

  override get(index: number): never {
    return (index >= 0 && index < this.numRows ? this.row(index) : null) as never;
  }

  override at(index: number): never {
    return this.get(index < 0 ? index + this.numRows : index);
  }

  override *[Symbol.iterator](): Generator<never> {
    for (let i = 0; i < this.numRows; i++) yield this.row(i) as never;
  }

  override toArray(): never[] {
    return [...this];
  }
}

/** The table of a result. */
export function resultTable(schema: Schema, batches: RecordBatch[]): Table {
  return schema.fields.some(({type}) => conversionOf(type) !== null)
    ? new ResultTable(schema, batches)
    : new Table(schema, batches);
}
