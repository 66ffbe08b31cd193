import type {Data, DataType, RecordBatch, Schema, Vector} from "apache-arrow";
import type {DataColumn, TableWriter} from "./data-table.ts";

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

/** The words of a column, and where each of them stands. */
interface Words {
  places: ReadonlyMap<string, number>;
  dictionary: Vector;
  type: DataType;
}

type Arrow = typeof import("apache-arrow");

/** Makes batches of rows; the words of a column are written once. */
class Batches {
  private readonly arrow: Arrow;
  private readonly words = new Map<string, Words>();
  private schema: Schema | null = null;

  constructor(arrow: Arrow) {
    this.arrow = arrow;
  }

  make(columns: readonly DataColumn[]): RecordBatch {
    const {Field, makeData, RecordBatch, Schema, Struct} = this.arrow;
    const children = columns.map((column) => this.data(column));
    const fields = columns.map(({name}, i) => new Field(name, children[i].type as DataType, true));
    this.schema ??= new Schema(fields);
    const length = columns[0]?.values.length ?? 0;
    const data = makeData({type: new Struct(this.schema.fields), length, nullCount: 0, children});
    return new RecordBatch(this.schema, data as never);
  }

  private data(column: DataColumn): Data {
    const {Bool, Float64, Int64, makeData, TimestampMillisecond, vectorFromArray} = this.arrow;
    const shared = {length: column.values.length, ...validity(column.values)};
    switch (column.type) {
      case "text": {
        const {type, places, dictionary} = this.wordsOf(column);
        const data = Int32Array.from(column.values, (word) => places.get(word ?? "") ?? 0);
        return makeData({...shared, type: type as never, data, dictionary} as never);
      }
      case "boolean":
        return vectorFromArray([...column.values], new Bool()).data[0];
      case "number":
        return makeData({...shared, type: new Float64(), data: numbers(column.values)});
      case "integer":
        return makeData({...shared, type: new Int64(), data: integers(column.values)});
      case "time":
        return makeData({...shared, type: new TimestampMillisecond(), data: integers(column.values)});
    }
  }

  private wordsOf({
    name,
    values,
    words = [...values].filter((word) => word !== null)
  }: DataColumn & {type: "text"}): Words {
    const known = this.words.get(name);
    if (known) return known;
    const {Dictionary, Int32, Utf8, vectorFromArray} = this.arrow;
    const all = [...new Set([...words, ""])];
    const made = {
      places: new Map(all.map((word, i) => [word, i])),
      dictionary: vectorFromArray(all, new Utf8()),
      type: new Dictionary(new Utf8(), new Int32(), this.words.size)
    };
    this.words.set(name, made);
    return made;
  }
}

/** Writes an Arrow IPC file; each part is a batch of it. */
export async function arrowWriter(): Promise<TableWriter> {
  const arrow = await import("apache-arrow");
  const parts: Blob[] = [];
  let bytes: Uint8Array<ArrayBuffer>[] = [];
  /** Takes what is written at once, where Arrow's own would keep it all. */
  class Sink extends arrow.AsyncByteQueue {
    override write(chunk: unknown): void {
      bytes.push(chunk as Uint8Array<ArrayBuffer>);
    }
  }
  const handOver = () => {
    parts.push(new Blob(bytes));
    bytes = [];
  };
  const writer = new arrow.RecordBatchFileWriter();
  const batches = new Batches(arrow);
  writer.reset(new Sink(), null);
  return {
    write(columns) {
      writer.write(batches.make(columns));
      handOver();
    },
    finish() {
      writer.finish();
      handOver();
      return new Blob(parts);
    }
  };
}
