import {expect, test} from "vitest";
import {decodeRows} from "../../../src/tables/encode-rows.ts";
import {LocalJournal} from "../../../src/tables/journal/local-journal.ts";
import {MemoryFiles} from "../../../src/tables/journal/memory-files.ts";
import {readMetricStream} from "../../../src/tables/journal/read.ts";
import type {TableStream} from "../../../src/tables/journal/with-snapshot.ts";
import {metricRows, metrics, metricsOf, param} from "./support.ts";

const keys = ["loss", "accuracy", "norm"];

/** A journal with sorted rows of three runs, new ones of two, and without those of a fourth. */
async function setup() {
  const journal = await new LocalJournal(new MemoryFiles(), {role: "leader"}).ready();
  const old = ["a", "b", "c", "gone"].map((runId) => metrics(runId, 0, 4, keys));
  for (const record of old) await journal.append(record);
  await journal.append(param("a", "rate", "0.1"));
  await journal.compact();
  const fresh = [metrics("b", 4, 2, keys), metrics("d", 0, 3, keys)];
  for (const record of fresh) await journal.append(record);
  await journal.deleteRuns(["gone"]);
  return {journal, old, fresh};
}

test("the small tables come first, then new rows, then what all amount to, and the sorted rows last", async () => {
  const {journal, fresh} = await setup();
  const found: TableStream[] = [];
  for await (const stream of journal.read()) found.push(stream);
  expect(found.map(({table}) => table)).toEqual(["params", "metrics", "latest_metrics", "metrics"]);
  expect(metricRows(found[1].ipc).sort()).toEqual(metricsOf(...fresh));
  const latest = decodeRows("latest_metrics", found[2].ipc).map(
    ({run_id, key, n}) => `${run_id} ${key} ${n}`
  );
  expect(latest).toContain("b loss 6");
  expect(latest.length).toBe(4 * keys.length);
  expect(latest.some((row) => row.startsWith("gone"))).toBe(false);
});

test("some metrics of some runs are read by themselves: sorted and new rows, none of a deleted run", async () => {
  const {journal, old, fresh} = await setup();
  const ipc = await journal.readMetrics(["b", "gone", "nobody"], ["norm", "loss"]);
  const isWanted = (row: string) => /^b (norm|loss) /.test(row);
  expect(metricRows(ipc as Uint8Array).sort()).toEqual(metricsOf(...old, ...fresh).filter(isWanted));
  expect(metricRows((await journal.readMetrics(["nobody"], keys)) as Uint8Array)).toEqual([]);
});

test("runs with too many rows are not read by themselves", async () => {
  const {journal} = await setup();
  const snapshot = await journal.snapshot();
  // The run b has 18 rows.
  expect(await readMetricStream(snapshot, ["b"], ["loss"], 17)).toBeNull();
  expect(await readMetricStream(snapshot, ["b"], ["loss"], 18)).not.toBeNull();
  snapshot.close();
});
