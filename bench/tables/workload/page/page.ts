import JournalWorker from "../../../../src/journal-worker.ts?worker";
import {encodeMetrics} from "../../../../src/tables/encode.ts";
import {openJournal} from "../../../../src/tables/journal/open.ts";
import {Tables} from "../../../../src/tables/open.ts";
import {batchesOf, runIdOf, runOf, type WorkloadSize} from "../data.ts";
import {type QueryTimes, timeQueries} from "./time-queries.ts";

/** What recording a workload took. */
export interface Seeded {
  /** From the first row until all were on disk. */
  recordMs: number;
  compactMs: number;
  sizeBytes: number;
}

/** Runs that may be on their way to the disk at once: the page must not hold all of them. */
const ahead = 20;

async function open() {
  const journal = await openJournal({
    createWorker: () => new JournalWorker()
  });
  const tables = new Tables({
    extensionRepository: new URL("duckdb-ext", location.href).href,
    journal: async () => journal
  });
  return {journal, tables};
}

/** Records a workload as training does it, run by run, and compacts the journal. */
async function seed(size: WorkloadSize): Promise<Seeded> {
  const {journal, tables} = await open();
  const {sink} = tables;
  const onDisk = async (i: number) => {
    while (i >= 0 && (sink.acknowledged.get(runIdOf(i)) ?? -1) < size.steps - 1)
      await new Promise((resolve) => setTimeout(resolve, 1));
  };
  const started = performance.now();
  for (let i = 0; i < size.runs; i++) {
    const run = runOf(i, size);
    sink.record(run);
    for (const batch of batchesOf(i, size))
      sink.append(run.runId, encodeMetrics(batch), [batch.seq, batch.seq + batch.step.length - 1]);
    await onDisk(i - ahead);
  }
  await onDisk(size.runs - 1);
  const recorded = performance.now();
  await journal.compact();
  const compacted = performance.now();
  if (journal.status.failure) throw new Error(journal.status.failure.message);
  const {sizeBytes} = journal.status;
  await journal.close();
  return {recordMs: recorded - started, compactMs: compacted - recorded, sizeBytes};
}

async function askAll(size: WorkloadSize, repeats: number): Promise<QueryTimes> {
  const {tables} = await open();
  return timeQueries(tables, size, repeats);
}

Object.assign(globalThis, {seed, timeQueries: askAll});
