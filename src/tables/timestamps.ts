import {
  type Data,
  DataType,
  DateDay,
  DateUnit,
  Field,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  TimestampMillisecond
} from "apache-arrow";

const dayMs = 86_400_000n;

const isDate = (type: DataType) => DataType.isDate(type) && type.unit === DateUnit.MILLISECOND;

const typeFor = ({metadata}: Field) =>
  metadata.get("sql") === "DATE" ? new DateDay() : new TimestampMillisecond();

function retype(data: Data, to: DataType): Data {
  const {type, length, nullCount, nullBitmap, values, offset} = data;
  if (!isDate(type)) return data;
  const kept: BigInt64Array = values.subarray(offset, offset + length);
  const whole = DataType.isDate(to) ? Int32Array.from(kept, (ms) => Number(ms / dayMs)) : kept;
  return makeData({type: to, length, nullCount, nullBitmap, data: whole} as never);
}

/** The same table with times as timestamps, dates as days: DuckDB hands them out as Date64, but reads that as days. */
export function withTimestamps(table: Table): Table {
  if (!table.schema.fields.some(({type}) => isDate(type))) return table;
  const fields = table.schema.fields.map((field) => {
    const {name, type, nullable, metadata} = field;
    return new Field(name, isDate(type) ? typeFor(field) : type, nullable, metadata);
  });
  const schema = new Schema(fields, table.schema.metadata);
  const batches = table.batches.map(({data}) => {
    const children = data.children.map((child, i) => retype(child, fields[i].type));
    const struct = makeData({type: new Struct(fields), length: data.length, nullCount: 0, children});
    return new RecordBatch(schema, struct as never);
  });
  return new Table(schema, batches);
}
