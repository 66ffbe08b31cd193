import {
  type Data,
  DataType,
  Field,
  FixedSizeList,
  List,
  Map_,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  type Table
} from "apache-arrow";
import {conversionOf} from "./plain.ts";
import {resultTable} from "./result.ts";

/** The type that holds children of other types in the same way. */
function holding(type: DataType, children: Field[]): DataType {
  if (DataType.isList(type)) return new List(children[0]);
  if (DataType.isFixedSizeList(type)) return new FixedSizeList(type.listSize, children[0]);
  if (DataType.isMap(type)) return new Map_(children[0] as Field<Struct>, type.keysSorted);
  return new Struct(children);
}

const isNested = (type: DataType) =>
  DataType.isList(type) || DataType.isFixedSizeList(type) || DataType.isMap(type) || DataType.isStruct(type);

/** The type of a column after narrowing, the same for all its batches; null where nothing changes. */
function narrowType(type: DataType, parts: readonly Data[]): DataType | null {
  const conversion = conversionOf(type);
  if (conversion) return parts.every((part) => conversion.fits?.(part) ?? true) ? conversion.to : null;
  if (!isNested(type)) return null;
  const fields: Field[] = type.children;
  const narrowed = fields.map((field, i) =>
    narrowType(
      field.type,
      parts.map((part) => part.children[i])
    )
  );
  if (narrowed.every((child) => child === null)) return null;
  return holding(
    type,
    fields.map((field, i) => narrowField(field, narrowed[i]))
  );
}

function narrowField(field: Field, type: DataType | null): Field {
  if (type === null) return field;
  const metadata = new Map(field.metadata);
  const sql = conversionOf(field.type)?.sql;
  if (sql) metadata.set("sql", sql);
  return new Field(field.name, type, field.nullable, metadata);
}

function narrowData(data: Data, type: DataType): Data {
  if (data.type === type) return data;
  const conversion = conversionOf(data.type);
  if (conversion) return conversion.to.typeId === type.typeId ? conversion.convert(data) : data;
  const children = data.children.map((child, i) => narrowData(child, type.children[i].type));
  return data.clone(type, data.offset, data.length, data.nullCount, undefined, children as never) as Data;
}

/**
 * A table whose values are what JavaScript has for them: 64- and 128-bit integers numbers in every column where all of
 * them are exact as numbers (the others stay BigInt), decimals numbers, dates times, TIME and INTERVAL text. Also
 * inside lists, structs and maps. The field's metadata `sql` keeps the type it had.
 */
export function narrow(table: Table): Table {
  const {fields} = table.schema;
  const types = fields.map((field, i) =>
    narrowType(
      field.type,
      table.batches.map(({data}) => data.children[i])
    )
  );
  if (types.every((type) => type === null)) return resultTable(table.schema, table.batches);
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
  return resultTable(schema, batches);
}
