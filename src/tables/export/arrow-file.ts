import type {Data, DataType} from "apache-arrow";
import type {DataColumn, DataTable} from "./data-table.ts";

/** Arrow's bitmap of the values that are there, and how many are not. */
function validity(values: ArrayLike<unknown>): {nullCount: number; nullBitmap: Uint8Array | null} {
  let nullCount = 0;
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 8));
  for (let i = 0; i < values.length; i++) {
    if (values[i] === null) nullCount++;
    else nullBitmap[i >> 3] |= 1 << (i & 7);
  }
  return {nullCount, nullBitmap: nullCount > 0 ? nullBitmap : null};
}

const numbers = (values: ArrayLike<number | null>) =>
  Float64Array.from(Array.from(values, (value) => value ?? 0));
const integers = (values: ArrayLike<number | null>) =>
  BigInt64Array.from(Array.from(values, (value) => BigInt(Math.round(value ?? 0))));

/** The bytes of a table as an Arrow IPC file. */
export async function arrowFile({columns}: DataTable): Promise<Uint8Array<ArrayBuffer>> {
  const arrow = await import("apache-arrow");
  const {Float64, Int64, makeData, TimestampMillisecond, Utf8} = arrow;
  const toData = (column: DataColumn, id: number): Data => {
    const shared = {length: column.values.length, ...validity(column.values)};
    switch (column.type) {
      case "text": {
        const words = [...new Set(column.values), ""].filter((word) => word !== null);
        const places = new Map(words.map((word, i) => [word, i]));
        const type = new arrow.Dictionary(new Utf8(), new arrow.Int32(), id);
        const data = Int32Array.from(column.values, (word) => places.get(word ?? "") ?? 0);
        return makeData({...shared, type, data, dictionary: arrow.vectorFromArray(words, new Utf8())});
      }
      case "boolean":
        return arrow.vectorFromArray([...column.values], new arrow.Bool()).data[0];
      case "number":
        return makeData({...shared, type: new Float64(), data: numbers(column.values)});
      case "integer":
        return makeData({...shared, type: new Int64(), data: integers(column.values)});
      case "time":
        return makeData({...shared, type: new TimestampMillisecond(), data: integers(column.values)});
    }
  };
  const children = columns.map(toData);
  const fields = columns.map(({name}, i) => new arrow.Field(name, children[i].type as DataType, true));
  const struct = makeData({
    type: new arrow.Struct(fields),
    length: columns[0]?.values.length ?? 0,
    nullCount: 0,
    children
  });
  const table = new arrow.Table([new arrow.RecordBatch(new arrow.Schema(fields), struct as never)]);
  return arrow.tableToIPC(table, "file") as Uint8Array<ArrayBuffer>;
}
