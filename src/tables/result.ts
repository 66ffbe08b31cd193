import {DataType, type RecordBatch, type Schema, Table, type Vector} from "apache-arrow";
import {wholeNumber} from "./decimal.ts";

type Read = (row: number) => unknown;

/** How a column's values are read where Arrow's own way is not JavaScript's; null for the others. */
function readerOf(type: DataType, column: Vector): Read | null {
  const read = (convert: (value: never) => unknown) => (row: number) => {
    const value = column.get(row);
    return value === null ? null : convert(value as never);
  };
  if (DataType.isDate(type) || DataType.isTimestamp(type)) return read((ms: number) => new Date(ms));
  if (DataType.isDecimal(type)) return read((words: Uint32Array) => wholeNumber(words));
  return null;
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

/** A table whose rows give times as Date and large integers as BigInt, where Arrow gives numbers and words. */
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

const isOdd = (type: DataType) =>
  DataType.isDate(type) || DataType.isTimestamp(type) || DataType.isDecimal(type);

/** The table of a result. */
export function resultTable(schema: Schema, batches: RecordBatch[]): Table {
  return schema.fields.some(({type}) => isOdd(type))
    ? new ResultTable(schema, batches)
    : new Table(schema, batches);
}
