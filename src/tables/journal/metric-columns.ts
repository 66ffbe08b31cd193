import type {MetricColumns} from "../encode.ts";
import {JournalError} from "./errors.ts";
import {ipcMessages} from "./ipc-stream.ts";

const decoder = new TextDecoder();

/** The words of a column of strings: offsets and bytes, as Arrow has them. */
function words(count: number, [, offsetBytes, bytes]: Uint8Array[]): string[] {
  const offsets = new Int32Array(offsetBytes.buffer, offsetBytes.byteOffset, count + 1);
  return Array.from({length: count}, (_, i) => decoder.decode(bytes.subarray(offsets[i], offsets[i + 1])));
}

/**
 * The columns of a stream that `writeMetrics` wrote, a batch at a time, as they lie in its bytes.
 * @throws JournalError when the stream has other columns.
 */
export function metricColumns(stream: Uint8Array): MetricColumns[] {
  // Columns of 64 bits have to lie at multiples of 8.
  const ipc = stream.byteOffset % 8 === 0 ? stream : stream.slice();
  const dictionaries: string[][] = [[], []];
  const batches: MetricColumns[] = [];
  for (const {kind, id, length, buffers} of ipcMessages(ipc)) {
    if (kind === "dictionary") dictionaries[id] = words(length, buffers);
    if (kind !== "rows" || length === 0) continue;
    if (buffers.length !== 12) {
      throw new JournalError(`Expected the six columns of metrics, got ${buffers.length / 2}.`);
    }
    const [runId, key, step, timeMs, value, seq] = [1, 3, 5, 7, 9, 11].map((i) => buffers[i]);
    const int32 = (of: Uint8Array) => new Int32Array(of.buffer, of.byteOffset, length);
    const int64 = (of: Uint8Array) => new BigInt64Array(of.buffer, of.byteOffset, length);
    batches.push({
      runIds: dictionaries[0],
      keys: dictionaries[1],
      runId: int32(runId),
      key: int32(key),
      step: int64(step),
      timeMs: int64(timeMs),
      value: new Float64Array(value.buffer, value.byteOffset, length),
      seq: int64(seq)
    });
  }
  return batches;
}
