import {expect, it} from "vitest";
import {maxRows, RowStore} from "../../src/training/row-store.ts";

const batch = (seq: number, length: number) => ({
  runId: "r",
  seq,
  step: Float64Array.from({length}, (_, i) => seq + i),
  timeMs: new Float64Array(length),
  columns: {loss: Float64Array.from({length}, (_, i) => -(seq + i))}
});

it("keeps a bounded number of rows, evenly spread, whatever the run's length", () => {
  const store = new RowStore();
  const total = 4 * maxRows;
  for (let seq = 0; seq < total; seq += 4096) store.append(batch(seq, 4096));
  const {length, stride, step, columns} = store.view();
  expect(store.view().total).toBe(total);
  expect(length).toBeLessThanOrEqual(maxRows);
  expect(length).toBeGreaterThanOrEqual(maxRows / 2);
  expect(length * stride).toBe(total);
  expect(step.every((x, i) => x === i * stride && columns.loss[i] === -x)).toBe(true);
  expect(store.seek(5)).toBe(8);
  expect(store.row(8)).toEqual({step: 8, loss: -8});
  expect(store.seek(total - 1)).toBe(total);
});

it("tells a metric that is not there from one that is NaN", () => {
  const store = new RowStore();
  store.append(batch(0, 1));
  store.append({
    ...batch(1, 2),
    columns: {loss: Float64Array.of(1, Number.NaN), test: Float64Array.of(Number.NaN, 5)},
    present: {test: Uint8Array.of(0, 1)}
  });
  expect([0, 1, 2].map((i) => store.row(i))).toEqual([
    {step: 0, loss: -0},
    {step: 1, loss: 1},
    {step: 2, loss: Number.NaN, test: 5}
  ]);
  expect([...store.view().columns.test]).toEqual([Number.NaN, Number.NaN, 5]);
});
