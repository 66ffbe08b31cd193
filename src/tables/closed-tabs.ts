import type {RunIndex} from "./run-index.ts";
import type {RunRow} from "./schema.ts";

/** Between two looks at which tabs are open. */
const lookMs = 5000;

interface Surroundings {
  index: Pick<RunIndex, "runs">;
  /** The tabs that are open, by the names that runs bear in `tab`; without it, runs of other tabs are left alone. */
  liveTabs?(): Promise<ReadonlySet<string>>;
  isOwn(runId: string): boolean;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Finds runs that go on in tabs that are gone: a tab that was killed could not say what became of them. */
export class ClosedTabs {
  readonly #surroundings: Surroundings;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** What is to be recorded of such runs: that they were interrupted. Looks at most every few seconds. */
  async interrupted(): Promise<RunRow[]> {
    const {index, liveTabs, isOwn, now} = this.#surroundings;
    if (!liveTabs || now() - this.#lookedAt < lookMs) return [];
    this.#lookedAt = now();
    const isGoing = ({run_id, status, tab}: RunRow) =>
      (status === "queued" || status === "running") && tab !== null && !isOwn(run_id);
    const going = [...index.runs.values()].filter(isGoing);
    if (going.length === 0) return [];
    const open = await liveTabs().catch(() => null);
    if (!open) return [];
    // Meanwhile one may have ended.
    const isLeft = (run: RunRow) => !open.has(run.tab as string) && index.runs.get(run.run_id) === run;
    return going.filter(isLeft).map((run) => ({
      ...run,
      status: "interrupted",
      mlflow_status: "KILLED",
      end_time: new Date(now()),
      error: "The tab that ran it was closed."
    }));
  }
}
