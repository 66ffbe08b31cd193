import {afterEach, expect, test} from "vitest";
import {sendToMlflow} from "../../../src/tables/export/mlflow-rest.ts";
import {importRuns} from "../../../src/tables/import/import-runs.ts";
import {readMlflowServer} from "../../../src/tables/import/mlflow-rest.ts";
import {collect, fixture, type Imported} from "../import/support.ts";
import {FakeMlflow} from "./mlflow-server.ts";
import {comparable, readerOf, storeOf} from "./support.ts";

const server = new FakeMlflow();
const address = await server.listen();
afterEach(() => {
  server.runs.length = 0;
  server.experiments.length = 1;
  server.requests = 0;
  server.failFrom = Number.POSITIVE_INFINITY;
});

/** Runs by name; the ids are ours again, though the server gave its own: a tag brings them back. */
const plain = (all: Imported) =>
  comparable(all)
    .map((run) => ({
      ...run,
      metrics: run.metrics.map(([key, step, , value]) => [key, step, value])
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));

test("runs sent to a server and read from it again are the same", async () => {
  const {all, reader} = await storeOf(importRuns(fixture("mlflow.db")));
  const report = await sendToMlflow(address, reader);
  expect(report).toEqual({runs: 3, knownRuns: 0, metricRows: 11, notes: []});
  expect(server.experiments.map(({name}) => name)).toEqual(["Default", "Größe 🧪"]);
  const again = await collect(importRuns(`${address}/`, {format: "mlflow-rest"}));
  expect(plain(again)).toEqual(plain(all));
});

test("a server is read page by page to its end", async () => {
  const {all, reader} = await storeOf(importRuns(fixture("mlflow.db")));
  await sendToMlflow(address, reader);
  const again = await collect(readMlflowServer(address, {pageSize: 1}));
  expect(plain(again)).toEqual(plain(all));
});

/** One run with that many metrics and parameters. */
async function large(metricRows: number, params: number, textLength: number) {
  const {all} = await storeOf(importRuns(fixture("mlflow.db")));
  const run = all.runs[0];
  return readerOf({
    ...all,
    runs: [run],
    params: Array.from({length: params}, (_, i) => ({
      run_id: run.run_id,
      key: `p${i}`,
      value_str: "x".repeat(textLength),
      value_num: null,
      value_type: "string"
    })),
    metrics: {
      [run.run_id]: Array.from({length: metricRows}, (_, i) => ["loss", i, 1_700_000_000_000 + i, i / 7])
    }
  });
}

test("what is more than MLflow takes at once goes in several requests", async () => {
  const report = await sendToMlflow(address, await large(2500, 450, 5999));
  expect(report).toMatchObject({runs: 1, metricRows: 2500, notes: []});
  expect(server.runs[0].history).toHaveLength(2500);
  expect(server.runs[0].history.map(({step}) => step)).toEqual(Array.from({length: 2500}, (_, i) => i));
  expect(server.runs[0].data.params).toHaveLength(450);
});

test("a run that is there already is not sent twice, and one that was cut off is sent again", async () => {
  const reader = await large(10, 1, 1);
  await sendToMlflow(address, reader);
  expect(await sendToMlflow(address, reader)).toMatchObject({runs: 0, knownRuns: 1});
  server.runs.length = 0;
  server.failFrom = server.requests + 5;
  await expect(sendToMlflow(address, reader)).rejects.toThrow(/runs\/log-batch answered 503: .*UNAVAILABLE/);
  server.failFrom = Number.POSITIVE_INFINITY;
  expect(await sendToMlflow(address, reader)).toMatchObject({runs: 1, knownRuns: 0});
});

test("names and texts that MLflow does not take are changed, and the report says so", async () => {
  const {all} = await storeOf(importRuns(fixture("mlflow.db")));
  const run = {...all.runs[0], tags: new Map([["note", "y".repeat(6000)]])};
  const [, step, time, value] = all.metrics[run.run_id][0];
  const metrics = {[run.run_id]: [["loss@1", step, time, value] as Imported["metrics"][string][number]]};
  const report = await sendToMlflow(address, readerOf({...all, runs: [run], metrics}));
  expect(report.notes).toEqual([
    "note of small was cut after 5000 characters, MLflow's limit.",
    "loss@1 of small is loss_1 in MLflow, which does not take all signs."
  ]);
  expect(server.runs[0].history[0].key).toBe("loss_1");
});

test("a server that does not answer, or answers something else, is named", async () => {
  await expect(collect(importRuns("http://127.0.0.1:9", {format: "mlflow-rest"}))).rejects.toThrow(
    /http:\/\/127.0.0.1:9\/api\/2.0\/mlflow\/experiments\/search did not answer/
  );
  server.failFrom = 0;
  await expect(collect(importRuns(address, {format: "mlflow-rest"}))).rejects.toThrow(/answered 503/);
});
