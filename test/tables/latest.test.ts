import {tableFromIPC} from "apache-arrow";
import {expect, test} from "vitest";
import type {MetricColumns} from "../../src/tables/encode.ts";
import {encodeMetrics} from "../../src/tables/encode.ts";
import {LatestMetrics, mergeLatest} from "../../src/tables/latest.ts";

type Point = [key: string, step: number, timeMs: number, value: number, seq: number];

function columns(runId: string, points: Point[]): MetricColumns {
  const keys = [...new Set(points.map(([key]) => key))];
  const whole = (column: 1 | 2 | 4) => BigInt64Array.from(points, (point) => BigInt(point[column]));
  return {
    keys,
    runIds: [runId],
    runId: new Int32Array(points.length),
    key: Int32Array.from(points, ([key]) => keys.indexOf(key)),
    step: whole(1),
    timeMs: whole(2),
    value: Float64Array.from(points, (point) => point[3]),
    seq: whole(4)
  };
}

const points: Point[] = [
  ["loss", 0, 10, 3, 0],
  ["loss", 5, 11, Number.NaN, 1],
  ["loss", 5, 11, 1, 2],
  ["loss", -2, 12, -Infinity, 3],
  ["loss", 2, 9, 3, 4],
  ["accuracy", 2 ** 40, 1, Number.NaN, 0]
];

test("the last value is that of the highest step, then time, then row", () => {
  const latest = new LatestMetrics();
  latest.add(columns("r", points));
  expect(latest.rows()).toEqual([
    {
      run_id: "r",
      key: "loss",
      value: 1,
      step: 5,
      ts_ms: 11,
      seq: 2,
      min_value: -Infinity,
      min_step: -2,
      max_value: 3,
      max_step: 0,
      n: 5
    },
    {
      run_id: "r",
      key: "accuracy",
      value: Number.NaN,
      step: 2 ** 40,
      ts_ms: 1,
      seq: 0,
      min_value: null,
      min_step: null,
      max_value: null,
      max_step: null,
      n: 1
    }
  ]);
});

test("parts put together in any order say what the whole says", () => {
  const whole = new LatestMetrics();
  whole.add(columns("r", points.slice(0, 5)));
  for (let cut = 1; cut < 5; cut++) {
    const [a, b] = [points.slice(0, cut), points.slice(cut, 5)].map((part) => {
      const latest = new LatestMetrics();
      latest.add(columns("r", part));
      return latest.rows()[0];
    });
    expect(mergeLatest(a, b)).toEqual(whole.rows()[0]);
    expect(mergeLatest(b, a)).toEqual(whole.rows()[0]);
  }
});

test("a batch on its way names its run and its rows", () => {
  const step = Float64Array.of(1, 2);
  const ipc = encodeMetrics({runId: "r1", seq: 40, step, timeMs: step, columns: {loss: step}});
  const {metadata} = tableFromIPC(ipc).schema;
  expect(Object.fromEntries(metadata)).toEqual({
    table: "metrics",
    schema_version: "2",
    run_id: "r1",
    first_seq: "40",
    last_seq: "41"
  });
});
