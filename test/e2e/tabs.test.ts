import type {BrowserContext} from "playwright-core";
import {expect, test} from "vitest";
import {crashedRuns, crashNotebook, crashNotebookText} from "../torture/crash-notebook.ts";
import {newProfileOnDisk} from "./support/browser.ts";
import type {PetriPage} from "./support/petri-page.ts";
import {openNotebook, workbench} from "./support/workbench.ts";

/** What the page says of its journal. */
interface Recording {
  role: string;
  failure: {message: string; unwrittenBytes: number} | null;
}

interface FoundRun {
  run_id: string;
  status: string;
  rows: number;
  different: number;
  keys: number;
  first: number;
  last: number;
  wrong: number;
}

/** A tab with a run that goes on. */
async function openRunning(
  bench: {address: string; profile: BrowserContext},
  round: number
): Promise<PetriPage> {
  const petri = await openNotebook(
    bench.profile,
    `${bench.address}?backend=cpu&round=${round}`,
    crashNotebook
  );
  await acknowledgedRows(petri, 1);
  return petri;
}

const recordingOf = ({page}: PetriPage): Promise<Recording | null> =>
  page.evaluate(() => (window as unknown as {petri: {recording: Recording | null}}).petri.recording);

/** Resolves when at least this many rows of the tab's run are on disk, to how many there are. */
function acknowledgedRows({page}: PetriPage, least: number): Promise<number> {
  return page.evaluate(async (wanted) => {
    const {petri} = window as unknown as {petri: {acknowledged: ReadonlyMap<string, number>}};
    for (;;) {
      const [last = -1] = petri.acknowledged.values();
      if (last + 1 >= wanted) return last + 1;
      await new Promise((resolve) => setTimeout(resolve));
    }
  }, least);
}

/** Resolves when the page says this of its journal. */
async function recordingIs({page}: PetriPage, test: (recording: Recording) => boolean): Promise<void> {
  await page.waitForFunction(
    (source) => {
      const {recording} = (window as unknown as {petri: {recording: Recording | null}}).petri;
      return recording !== null && new Function("recording", `return (${source})(recording)`)(recording);
    },
    String(test),
    {timeout: 60_000}
  );
}

async function stop({page}: PetriPage): Promise<void> {
  await page.getByRole("button", {name: "Cancel run"}).click();
  await page.getByRole("button", {name: "Recompute run"}).waitFor();
}

/** Every run of all tabs, as a tab sees them; each must be whole. */
async function wholeRuns(petri: PetriPage): Promise<FoundRun[]> {
  const runs = await petri.rows<FoundRun & Record<string, unknown>>(crashedRuns);
  for (const {rows, different, keys, first, last, wrong} of runs)
    expect({rows, different, keys, first, wrong}).toEqual({
      rows: 3 * (last + 1),
      different: 3 * (last + 1),
      keys: 3,
      first: 0,
      wrong: 0
    });
  return runs;
}

test("two tabs record into one journal, and the second goes on when the first is closed", async () => {
  const bench = await workbench({[crashNotebook]: crashNotebookText});
  const first = await openRunning(bench, 1);
  const second = await openRunning(bench, 2);
  expect((await recordingOf(first))?.role).toBe("leader");
  expect((await recordingOf(second))?.role).toBe("follower");
  // What one writes, the other reads.
  await first.rowsReach("SELECT count(DISTINCT run_id)::INT FROM metrics", 2);
  await second.rowsReach("SELECT count(DISTINCT run_id)::INT FROM metrics", 2);
  await stop(first);
  // The journal is a moment behind, and a tab that is closed before it has caught up leaves an interrupted run.
  await second.rowsReach("SELECT count(*)::INT FROM runs WHERE status = 'cancelled'", 1);
  const known = await acknowledgedRows(first, 1);
  await first.page.close();
  await recordingIs(second, ({role}) => role === "leader");
  await acknowledgedRows(second, (await acknowledgedRows(second, 1)) + 100);
  await stop(second);
  const runs = await wholeRuns(second);
  expect(runs.map(({status}) => status)).toEqual(["cancelled", "cancelled"]);
  expect(runs[0].last + 1).toBeGreaterThanOrEqual(known);
});

test("a tab whose leader was killed loses no acknowledged row, its own or the leader's, and has none twice", async () => {
  const bench = await workbench({[crashNotebook]: crashNotebookText});
  const first = await openRunning(bench, 1);
  const second = await openRunning(bench, 2);
  const known = [await acknowledgedRows(first, 50), await acknowledgedRows(second, 50)];
  const devtools = await bench.profile.newCDPSession(first.page);
  // The answer never comes: what would send it is gone.
  void devtools.send("Page.crash").catch(() => {});
  await recordingIs(second, ({role}) => role === "leader");
  known[1] = await acknowledgedRows(second, known[1] + 100);
  await stop(second);
  const runs = await wholeRuns(second);
  for (const [i, {last}] of runs.entries()) expect(last + 1).toBeGreaterThanOrEqual(known[i]);
  // As a tab finds it that opens the journal anew.
  await second.page.close();
  const third = await openNotebook(bench.profile, `${bench.address}?round=3`, crashNotebook);
  await acknowledgedRows(third, 1);
  await stop(third);
  const again = await wholeRuns(third);
  expect(again.map(({status}) => status)).toEqual(["interrupted", "cancelled", "cancelled"]);
  expect(again.slice(0, 2).map(({last}) => last)).toEqual(runs.map(({last}) => last));
});

test("a full disk stops nothing but the recording, says so, and what was not recorded is when there is room again", async () => {
  const {address} = await workbench({[crashNotebook]: crashNotebookText});
  const bench = {address, profile: await newProfileOnDisk()};
  const petri = await openRunning(bench, 1);
  const devtools = await bench.profile.newCDPSession(petri.page);
  const origin = new URL(bench.address).origin;
  const quota = (quotaSize?: number) => devtools.send("Storage.overrideQuotaForOrigin", {origin, quotaSize});
  await quota(1);
  await recordingIs(petri, ({failure}) => failure !== null);
  await petri.page
    .locator("petri-footer")
    .getByText(/not recorded/i)
    .waitFor();
  // The run goes on, and its rows can be queried.
  const before = await petri.rows<{n: number}>("SELECT count(*)::INT AS n FROM metrics");
  await petri.rowsReach("SELECT count(*)::INT FROM metrics", before[0].n + 300);
  await quota();
  await recordingIs(petri, ({failure}) => failure === null);
  await stop(petri);
  const [run] = await wholeRuns(petri);
  await petri.page.close();
  const later = await openNotebook(bench.profile, `${bench.address}?round=2`, crashNotebook);
  await acknowledgedRows(later, 1);
  await stop(later);
  const [same] = await wholeRuns(later);
  expect(same.last).toBe(run.last);
});

test("when DuckDB dies, the next query finds all rows", async () => {
  const bench = await workbench({[crashNotebook]: crashNotebookText});
  const petri = await openRunning(bench, 1);
  await stop(petri);
  const [before] = await wholeRuns(petri);
  const engine = () => petri.page.workers().find((worker) => /duckdb/.test(worker.url()));
  const first = engine();
  if (!first) throw new Error("There is no worker of DuckDB to end.");
  const ended = first.waitForEvent("close");
  await first.evaluate(() => self.close()).catch(() => {});
  await ended;
  await petri.page.clock.install();
  const found = wholeRuns(petri);
  // It may be silent for half a minute before another one is started: by the page's clock, not by ours.
  while (!engine()) await petri.page.clock.runFor(500);
  expect(await found).toEqual([before]);
});
