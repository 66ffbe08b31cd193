import {
  type Builder,
  type Data,
  DataType,
  Field,
  makeBuilder,
  makeData,
  Schema,
  Table,
  Vector
} from "apache-arrow";

const isPlain = (type: DataType) =>
  DataType.isInt(type) ||
  DataType.isFloat(type) ||
  DataType.isDate(type) ||
  DataType.isTimestamp(type) ||
  DataType.isDecimal(type) ||
  DataType.isTime(type);

/** Elements of the values' array that one value takes: four 32-bit words for a decimal. */
const wordsOf = (type: DataType) => (DataType.isDecimal(type) ? 4 : 1);

type Numbers = Float64Array;

/** Values of a fixed width are moved as they are, so that their type and every bit of them stays. */
function takePlain(column: Vector, rows: Uint32Array): Vector {
  const {type} = column;
  const words = wordsOf(type);
  const values = new (column.data[0].values.constructor as Float64ArrayConstructor)(rows.length * words);
  const valid = new Uint8Array(Math.ceil(rows.length / 8));
  const starts = column.data.map((_, i, all) => all.slice(0, i).reduce((sum, {length}) => sum + length, 0));
  let nullCount = 0;
  let chunk = 0;
  rows.forEach((row, i) => {
    while (row < starts[chunk]) chunk--;
    while (row >= starts[chunk] + column.data[chunk].length) chunk++;
    const data: Data = column.data[chunk];
    const at = row - starts[chunk];
    if (!data.getValid(at)) {
      nullCount++;
      return;
    }
    valid[i >> 3] |= 1 << (i % 8);
    const from = data.values as Numbers;
    // `values` begins at the chunk's first row, but for decimals, of which `offset` rows stand before it.
    const first =
      words === 1
        ? at
        : words * at + (from.length >= words * (data.offset + data.length) ? words * data.offset : 0);
    for (let word = 0; word < words; word++) values[i * words + word] = from[first + word];
  });
  return new Vector([
    makeData({
      type,
      length: rows.length,
      nullCount,
      nullBitmap: nullCount ? valid : null,
      data: values
    } as never)
  ]);
}

function takeAny(column: Vector, rows: Uint32Array): Vector {
  const builder: Builder = makeBuilder({type: column.type, nullValues: [null, undefined]});
  for (const row of rows) builder.append(column.get(row));
  return builder.finish().toVector();
}

/** These columns of a table, and of them these rows in this order (all when null), with the types they have. */
export function takeRows(table: Table, columns: readonly number[], rows: Uint32Array | null): Table {
  const {fields: all} = table.schema;
  // Of columns with the same name the first: a table is made of columns by name.
  const own = columns.filter((i) => !columns.some((j) => j < i && all[j].name === all[i].name));
  const fields = own.map((i) => all[i]);
  const vectors = own.map((i) => {
    const column = table.getChildAt(i) as Vector;
    if (!rows) return column;
    return isPlain(column.type) && column.data.length ? takePlain(column, rows) : takeAny(column, rows);
  });
  const schema = new Schema(fields.map(({name, type, metadata}) => new Field(name, type, true, metadata)));
  return new Table(schema, Object.fromEntries(vectors.map((vector, i) => [fields[i].name, vector])));
}
