import {tableFromIPC} from "apache-arrow";
import {expect, test} from "vitest";
import {encodeMetrics} from "../../src/tables/encode.ts";
import type {MetricBatch} from "../../src/tables/types.ts";

function batch(overrides: Partial<MetricBatch> = {}): MetricBatch {
  return {
    runId: "r",
    seq: 7,
    step: Float64Array.of(10, 20),
    timeMs: Float64Array.of(1763687000123, 1763687000124),
    columns: {loss: Float64Array.of(0.5, 0.25)},
    ...overrides
  };
}

const rows = (ipc: Uint8Array) =>
  tableFromIPC(ipc)
    .toArray()
    .map((row) => ({...row.toJSON()}));

test("one Arrow row for each number, with run, step, time and sequence", () => {
  expect(rows(encodeMetrics(batch()))).toEqual([
    {run_id: "r", key: "loss", step: 10n, ts_ms: 1763687000123n, value: 0.5, seq: 7n},
    {run_id: "r", key: "loss", step: 20n, ts_ms: 1763687000124n, value: 0.25, seq: 8n}
  ]);
});

test("NaN and infinities stay what they are, and a metric that a row lacks gives no row", () => {
  const columns = {loss: Float64Array.of(Number.NaN, -Infinity), accuracy: Float64Array.of(Number.NaN, 1)};
  const present = {accuracy: Uint8Array.of(0, 1)};
  expect(rows(encodeMetrics(batch({columns, present}))).map(({key, value}) => [key, value])).toEqual([
    ["loss", Number.NaN],
    ["loss", -Infinity],
    ["accuracy", 1]
  ]);
});

test("whole numbers up to 2^53 and below zero are exact", () => {
  const step = Float64Array.of(Number.MAX_SAFE_INTEGER, -1);
  expect(rows(encodeMetrics(batch({step, timeMs: Float64Array.of(-1e12, 2 ** 33)})))).toMatchObject([
    {step: 9007199254740991n, ts_ms: -1000000000000n},
    {step: -1n, ts_ms: 8589934592n}
  ]);
});

test("a fractional step is rounded and a step that is no number becomes the row's number", () => {
  expect(rows(encodeMetrics(batch({step: Float64Array.of(1.6, Number.NaN)})))).toMatchObject([
    {step: 2n},
    {step: 8n}
  ]);
});

test("names with quotes, emoji and NUL pass unchanged", () => {
  const name = `a"b'c\u0000😀`;
  const [row] = rows(encodeMetrics(batch({runId: name, columns: {[name]: Float64Array.of(1, 2)}})));
  expect(row).toMatchObject({run_id: name, key: name});
});

test("a batch without rows is a valid stream, and the bytes own their buffer", () => {
  const empty = encodeMetrics(batch({step: new Float64Array(), timeMs: new Float64Array(), columns: {}}));
  expect(rows(empty)).toEqual([]);
  expect(empty.buffer.byteLength).toBe(empty.byteLength);
});
