import {expect, test} from "vitest";
import type {MetricColumns} from "../../src/tables/encode.ts";
import {KeyStretches} from "../../src/tables/journal/key-stretches.ts";

type Row = [run: string, key: string, step: number];

function columns(rows: readonly Row[]): MetricColumns {
  const [runIds, keys] = [0, 1].map((i) => [...new Set(rows.map((row) => row[i] as string))]);
  const steps = BigInt64Array.from(rows, ([, , step]) => BigInt(step));
  return {
    runIds,
    keys,
    runId: Int32Array.from(rows, ([run]) => runIds.indexOf(run)),
    key: Int32Array.from(rows, ([, key]) => keys.indexOf(key)),
    step: steps,
    timeMs: steps.map((step) => step + 1000n),
    value: Float64Array.from(rows, ([, , step]) => step / 2),
    seq: steps
  };
}

const rowsOf = ({runIds, keys, runId, key, step, timeMs, value, seq}: MetricColumns) =>
  Array.from(step, (at, i) => [
    runIds[runId[i]],
    keys[key[i]],
    Number(at),
    Number(timeMs[i]),
    value[i],
    Number(seq[i])
  ]);

const row = (run: string, key: string, step: number) => [run, key, step, step + 1000, step / 2, step];

test("rows come metric by metric, of each in order of runs and steps", () => {
  const stretches = new KeyStretches();
  stretches.add(
    columns([
      ["a", "acc", 0],
      ["a", "loss", 0],
      ["a", "loss", 1],
      ["b", "loss", 5]
    ])
  );
  stretches.add(
    columns([
      ["c", "acc", 7],
      ["c", "loss", 8],
      ["c", "new", 9]
    ])
  );
  expect(stretches.rows).toBe(7);
  expect([...stretches.parts()].flatMap(rowsOf)).toEqual([
    row("a", "acc", 0),
    row("c", "acc", 7),
    row("a", "loss", 0),
    row("a", "loss", 1),
    row("b", "loss", 5),
    row("c", "loss", 8),
    row("c", "new", 9)
  ]);
});

test("many rows come in parts, none twice and none forgotten", () => {
  const stretches = new KeyStretches();
  const steps = 30_000;
  for (const run of ["a", "b", "c", "d", "e"]) {
    stretches.add(
      columns(["x", "y"].flatMap((key) => Array.from({length: steps}, (_, i): Row => [run, key, i])))
    );
  }
  const parts = [...stretches.parts()];
  expect(parts.length).toBe(2);
  const found = parts.flatMap(rowsOf);
  expect(new Set(found.map(([run, key, step]) => `${run} ${key} ${step}`)).size).toBe(10 * steps);
  expect(found.findIndex(([, key]) => key === "y")).toBe(5 * steps);
});

test("nothing gives nothing", () => {
  expect([...new KeyStretches().parts()]).toEqual([]);
});
