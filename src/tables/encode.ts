import {
  Dictionary,
  Field,
  Float64,
  Int32,
  Int64,
  makeData,
  makeVector,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  Utf8,
  vectorFromArray
} from "apache-arrow";
import {schemaVersion} from "./schema.ts";
import type {MetricBatch} from "./types.ts";

/** The columns of `metrics` before they are Arrow: `key` holds indices into `keys`. */
export interface MetricColumns {
  keys: string[];
  runIds: string[];
  runId: Int32Array;
  key: Int32Array;
  step: BigInt64Array;
  timeMs: BigInt64Array;
  value: Float64Array;
  seq: BigInt64Array;
}

/** Columns of so many rows, to be filled. */
export function emptyColumns(rows: number): Omit<MetricColumns, "keys" | "runIds"> {
  return {
    runId: new Int32Array(rows),
    key: new Int32Array(rows),
    step: new BigInt64Array(rows),
    timeMs: new BigInt64Array(rows),
    value: new Float64Array(rows),
    seq: new BigInt64Array(rows)
  };
}

/** Writes a whole number into the 64-bit slot `i`, low word first (stored modulo 2^32), without making a BigInt: ten times slower. */
function setInteger(words: Int32Array, i: number, x: number): void {
  words[2 * i] = x;
  words[2 * i + 1] = Math.floor(x / 4294967296);
}

function toColumns(batch: MetricBatch): MetricColumns {
  const keys = Object.keys(batch.columns);
  const rows = batch.step.length;
  const room = keys.length * rows;
  const key = new Int32Array(room);
  const step = new BigInt64Array(room);
  const timeMs = new BigInt64Array(room);
  const value = new Float64Array(room);
  const seq = new BigInt64Array(room);
  const words = [step, timeMs, seq].map((column) => new Int32Array(column.buffer));
  let n = 0;
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < keys.length; k++) {
      if (batch.present?.[keys[k]]?.[row] === 0) continue;
      key[n] = k;
      value[n] = batch.columns[keys[k]][row];
      const at = batch.step[row];
      setInteger(words[0], n, Number.isFinite(at) ? Math.round(at) : batch.seq + row);
      setInteger(words[1], n, Math.round(batch.timeMs[row]));
      setInteger(words[2], n, batch.seq + row);
      n++;
    }
  }
  return {
    keys,
    runIds: [batch.runId],
    runId: new Int32Array(n),
    key: key.subarray(0, n),
    step: step.subarray(0, n),
    timeMs: timeMs.subarray(0, n),
    value: value.subarray(0, n),
    seq: seq.subarray(0, n)
  };
}

/** Strings as a dictionary: plain utf8 columns are twenty times slower to build. */
function dictionary(id: number, words: string[], indices: Int32Array) {
  const type = new Dictionary(new Utf8(), new Int32(), id);
  return makeData({
    type,
    length: indices.length,
    data: indices,
    dictionary: vectorFromArray(words, new Utf8())
  });
}

/** What a stream of metrics says of itself: the run that all its rows are of, where it is one. */
function metadataOf({runIds, seq}: MetricColumns): Map<string, string> {
  const metadata = new Map([
    ["table", "metrics"],
    ["schema_version", String(schemaVersion)]
  ]);
  if (runIds.length !== 1 || seq.length === 0) return metadata;
  return metadata
    .set("run_id", runIds[0])
    .set("first_seq", String(seq[0]))
    .set("last_seq", String(seq[seq.length - 1]));
}

/** The Arrow IPC stream of one record batch with the columns of the table `metrics`. */
export function writeMetrics(columns: MetricColumns): Uint8Array {
  const data = {
    run_id: dictionary(0, columns.runIds, columns.runId),
    key: dictionary(1, columns.keys, columns.key),
    step: makeData({type: new Int64(), data: columns.step}),
    ts_ms: makeData({type: new Int64(), data: columns.timeMs}),
    value: makeData({type: new Float64(), data: columns.value}),
    seq: makeData({type: new Int64(), data: columns.seq})
  };
  const fields = Object.entries(data).map(([name, {type}]) => new Field(name, type, false));
  const children = Object.values(data).map((column) => makeVector(column as never).data[0]);
  const struct = makeData({type: new Struct(fields), length: columns.key.length, children});
  const schema = new Schema(fields, metadataOf(columns));
  return RecordBatchStreamWriter.writeAll([new RecordBatch(schema, struct as never)]).toUint8Array(true);
}

/**
 * Rows of metrics as an Arrow IPC stream with the columns of the table `metrics`, one Arrow row for each number.
 * Fractional steps are rounded, NaN and infinities kept; a row without a metric gives no Arrow row for it.
 */
export function encodeMetrics(batch: MetricBatch): Uint8Array {
  return writeMetrics(toColumns(batch));
}
