import {
  type Data,
  DataType,
  Field,
  Float64,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table
} from "apache-arrow";

const safe = BigInt(Number.MAX_SAFE_INTEGER);

function valuesOf({values, offset, length}: Data): BigInt64Array {
  return values.subarray(offset, offset + length);
}

function isSafe(data: Data): boolean {
  for (const x of valuesOf(data)) if (x > safe || x < -safe) return false;
  return true;
}

function toNumbers(data: Data): Data {
  const {length, nullCount, nullBitmap} = data;
  const values = Float64Array.from(valuesOf(data), Number);
  return makeData({type: new Float64(), length, nullCount, nullBitmap, data: values});
}

/** The type of a column after narrowing, the same for all its batches; null where nothing changes. */
function narrowType(type: DataType, parts: readonly Data[]): DataType | null {
  if (DataType.isInt(type) && type.bitWidth === 64) return parts.every(isSafe) ? new Float64() : null;
  if (!DataType.isList(type) && !DataType.isStruct(type)) return null;
  const fields: Field[] = type.children;
  const narrowed = fields.map((field, i) =>
    narrowType(
      field.type,
      parts.map((part) => part.children[i])
    )
  );
  if (narrowed.every((child) => child === null)) return null;
  const children = fields.map((field, i) => narrowField(field, narrowed[i]));
  return DataType.isList(type) ? new List(children[0]) : new Struct(children);
}

function narrowField(field: Field, type: DataType | null): Field {
  if (type === null) return field;
  const metadata = new Map(field.metadata);
  if (DataType.isInt(field.type)) metadata.set("sql", field.type.isSigned ? "BIGINT" : "UBIGINT");
  return new Field(field.name, type, field.nullable, metadata);
}

function narrowData(data: Data, type: DataType): Data {
  if (data.type === type) return data;
  if (DataType.isInt(data.type)) return DataType.isFloat(type) ? toNumbers(data) : data;
  const children = data.children.map((child, i) => narrowData(child, type.children[i].type));
  return data.clone(type, data.offset, data.length, data.nullCount, undefined, children as never) as Data;
}

/**
 * A table whose 64-bit integers are numbers in every column where all of them are exact as numbers; the others stay
 * BigInt. Also inside lists and structs. The field's metadata `sql` keeps the type it had.
 */
export function narrow(table: Table): Table {
  const {fields} = table.schema;
  const types = fields.map((field, i) =>
    narrowType(
      field.type,
      table.batches.map(({data}) => data.children[i])
    )
  );
  if (types.every((type) => type === null)) return table;
  const schema = new Schema(
    fields.map((field, i) => narrowField(field, types[i])),
    table.schema.metadata
  );
  const batches = table.batches.map(({data}) => {
    const children = data.children.map((child, i) => narrowData(child, schema.fields[i].type));
    return new RecordBatch(
      schema,
      makeData({type: new Struct(schema.fields), length: data.length, nullCount: 0, children}) as never
    );
  });
  return new Table(schema, batches);
}
