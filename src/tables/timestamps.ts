import {
  type Data,
  DataType,
  DateUnit,
  Field,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  TimestampMillisecond
} from "apache-arrow";

const isDate = (type: DataType) => DataType.isDate(type) && type.unit === DateUnit.MILLISECOND;

function retype(data: Data): Data {
  const {type, length, nullCount, nullBitmap, values, offset} = data;
  if (!isDate(type)) return data;
  const kept = values.subarray(offset, offset + length);
  return makeData({type: new TimestampMillisecond(), length, nullCount, nullBitmap, data: kept}) as Data;
}

/** The same table with times as timestamps: DuckDB hands them out as Date64, but reads that as days. */
export function withTimestamps(table: Table): Table {
  if (!table.schema.fields.some(({type}) => isDate(type))) return table;
  const fields = table.schema.fields.map(({name, type, nullable, metadata}) => {
    return new Field(name, isDate(type) ? new TimestampMillisecond() : type, nullable, metadata);
  });
  const schema = new Schema(fields, table.schema.metadata);
  const batches = table.batches.map(({data}) => {
    const children = data.children.map(retype);
    const struct = makeData({type: new Struct(fields), length: data.length, nullCount: 0, children});
    return new RecordBatch(schema, struct as never);
  });
  return new Table(schema, batches);
}
