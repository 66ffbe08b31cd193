import {type RecordBatch, tableFromIPC, type Vector} from "apache-arrow";
import type {Journal} from "../../../src/tables/journal/types.ts";
import {keys, metricAt} from "./rows.ts";

/** What a journal has of one run. */
export interface FoundRun {
  runId: string;
  /** The highest `seq`. */
  last: number;
  /** Rows that are there more than once. */
  doubled: number;
  /** Rows with another value or step than was written, gaps, and what disagrees between two ways of reading. */
  wrong: number;
}

/** What was read of one run. */
class Tally {
  /** By key, how often each `seq` is there. */
  readonly counts = new Map(keys.map((key): [string, number[]] => [key, []]));
  /** By key, `latest_metrics.n`. */
  readonly latest = new Map<string, number>();
  rows = 0;
  wrong = 0;

  /** What is wrong with the run; `alone` is how many rows it has when it is read by itself. */
  judge(runId: string, alone: number): FoundRun {
    let {wrong} = this;
    let doubled = 0;
    const length = Math.max(...[...this.counts.values()].map(({length}) => length));
    for (const [key, counts] of this.counts) {
      for (let seq = 0; seq < length; seq++) {
        const n = counts[seq] ?? 0;
        if (n === 0) wrong++;
        else doubled += n - 1;
      }
      if (this.latest.get(key) !== length) wrong++;
    }
    if (alone !== this.rows) wrong++;
    return {runId, last: length - 1, doubled, wrong};
  }
}

/** Reads everything in a journal and says of each run what is wrong with it. */
export async function check(journal: Journal): Promise<FoundRun[]> {
  const tallies = new Map<string, Tally>();
  const tallyOf = (runId: string) => {
    const tally = tallies.get(runId) ?? new Tally();
    tallies.set(runId, tally);
    return tally;
  };
  for await (const {table, ipc} of journal.read(["metrics", "latest_metrics"])) {
    for (const batch of tableFromIPC(ipc).batches) {
      if (table === "metrics") takeMetrics(batch, tallyOf);
      else for (const {run_id, key, n} of batch) tallyOf(run_id).latest.set(key, Number(n));
    }
  }
  const found: FoundRun[] = [];
  for (const [runId, tally] of tallies) {
    const streams = await journal.readRun(runId);
    found.push(
      tally.judge(
        runId,
        streams.reduce((n, ipc) => n + tableFromIPC(ipc).numRows, 0)
      )
    );
  }
  return found;
}

function takeMetrics(batch: RecordBatch, tallyOf: (runId: string) => Tally): void {
  const column = (name: string) => batch.getChild(name) as Vector;
  const [runId, key] = [words(column("run_id")), words(column("key"))];
  const [seq, step, value] = ["seq", "step", "value"].map((name) => column(name).toArray());
  for (let i = 0; i < batch.numRows; i++) {
    const tally = tallyOf(runId(i));
    const counts = tally.counts.get(key(i));
    const at = Number(seq[i]);
    tally.rows++;
    if (counts) counts[at] = (counts[at] ?? 0) + 1;
    if (!counts || step[i] !== seq[i] || value[i] !== metricAt(runId(i), key(i), at)) tally.wrong++;
  }
}

/** The words of a dictionary column; Arrow's own `get` decodes the word anew for each row. */
function words(column: Vector): (i: number) => string {
  const [{values, dictionary}] = column.data;
  const known = new Map<number, string>();
  return (i) => {
    const index = values[i];
    const word = known.get(index) ?? (dictionary?.get(index) as string);
    known.set(index, word);
    return word;
  };
}
