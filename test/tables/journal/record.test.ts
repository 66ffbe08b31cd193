import {tableFromIPC} from "apache-arrow";
import {expect, test} from "vitest";
import {encodeMetrics, writeMetrics} from "../../../src/tables/encode.ts";
import {encodeRows} from "../../../src/tables/encode-rows.ts";
import {ipcMessages} from "../../../src/tables/journal/ipc-stream.ts";
import {metricColumns} from "../../../src/tables/journal/metric-columns.ts";
import {contentOf, encodeFrame, frameBytes, readFrame, scan} from "../../../src/tables/journal/record.ts";
import {sortMetrics} from "../../../src/tables/journal/sort-metrics.ts";
import {metricRows, metrics} from "./support.ts";

const origin = {tab: "0123456789abcdef", number: 7};

test("a record is read as it was written", () => {
  for (const length of [0, 1, 7, 8, 100]) {
    const content = new Uint8Array(length).map((_, i) => i);
    const frame = encodeFrame("deletion", content, origin);
    expect(frame.length).toBe(frameBytes(length));
    expect(readFrame(frame, 0)).toEqual({kind: "deletion", at: 0, length, origin});
    expect(contentOf(frame, {kind: "deletion", at: 0, length, origin})).toEqual(content);
  }
});

test("whole records are found behind a damaged one", () => {
  const frames = [1, 2, 3].map((n) => encodeFrame("rows", new Uint8Array(40).fill(n), origin));
  const bytes = new Uint8Array(frames.flatMap((frame) => [...frame]));
  bytes[frames[0].length + 30] ^= 1;
  const found = scan(bytes);
  expect(found.frames.map(({at}) => at)).toEqual([0, 2 * frames[0].length]);
  expect(found.damage).toEqual([{at: frames[0].length, bytes: frames[0].length}]);
  expect(found.end).toBe(bytes.length);
});

test("the messages of a stream are those that Arrow reads", () => {
  const ipc = encodeRows("params", [
    {run_id: "a", key: "rate", value_str: "0.1 ü", value_num: 0.1, value_type: "number"}
  ]);
  const messages = [...ipcMessages(ipc)];
  expect(messages[0].metadata).toEqual(tableFromIPC(ipc).schema.metadata);
  expect(messages.filter(({kind}) => kind === "rows").map(({length}) => length)).toEqual([1]);
  expect(() => [...ipcMessages(ipc.slice(0, 200))]).toThrow(RangeError);
  expect(() => [...ipcMessages(new Uint8Array(16))]).toThrow(RangeError);
});

test("columns of metrics are read as Arrow reads them, wherever the bytes lie", () => {
  const odd = Float64Array.of(Number.NaN, -0, Number.NEGATIVE_INFINITY, 1e-300, 2 ** 53);
  const ipc = encodeMetrics({
    runId: "rün 🙂",
    seq: 3,
    step: Float64Array.of(-5, 0, 1, 2 ** 40, 2 ** 53),
    timeMs: odd.map((_, i) => 1.7e12 + i),
    columns: {"val/löss": odd, b: odd},
    present: {b: Uint8Array.of(1, 0, 1, 0, 1)}
  });
  const shifted = new Uint8Array(ipc.length + 3);
  shifted.set(ipc, 3);
  for (const bytes of [ipc, shifted.subarray(3)]) {
    const again = writeMetrics(metricColumns(bytes)[0]);
    expect(metricRows(again)).toEqual(metricRows(ipc));
    expect(again).toEqual(ipc);
  }
});

test("sorts by run, key and step, of equal steps as they were yielded", () => {
  const ipc = encodeMetrics({
    runId: "a",
    seq: 0,
    step: Float64Array.of(3, 1, 1, -2),
    timeMs: new Float64Array(4),
    columns: {z: Float64Array.of(0, 1, 2, 3), b: Float64Array.of(4, 5, 6, 7)}
  });
  const sorted = sortMetrics(metricColumns(ipc)[0]);
  expect(metricRows(writeMetrics(sorted))).toEqual([
    "a b -2 7 3",
    "a b 1 5 1",
    "a b 1 6 2",
    "a b 3 4 0",
    "a z -2 3 3",
    "a z 1 1 1",
    "a z 1 2 2",
    "a z 3 0 0"
  ]);
  expect(metricRows(metrics("a").ipc)).toHaveLength(6);
});
