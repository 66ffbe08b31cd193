import type {Page} from "playwright-core";
import {type CrashBrowser, startCrashBrowser} from "./crash-browser.ts";
import {crashedRuns, crashNotebook} from "./crash-notebook.ts";
import {tearFileList} from "./tear-file-list.ts";

/** What became of all rounds together; `lost`, `doubled`, `wrong` and `unended` must be 0. */
export interface CrashReport {
  rounds: number;
  /** Rows that the page knew to be on disk when it was killed. */
  acknowledgedRows: number;
  /** Rows found after the last start; more than were acknowledged, since some were on disk and not yet told. */
  foundRows: number;
  /** Acknowledged rows that were not found. */
  lost: number;
  /** Rows found more than once. */
  doubled: number;
  /** Rows whose value or step is not what was written, and rows of which a part is missing. */
  wrong: number;
  /** Runs that are not said to be interrupted. */
  unended: number;
  /** Starts at which the journal had to cut off a torn record. */
  tornTails: number;
  /** Kills after which the browser's own list of files was torn, see `tearFileList`. */
  tornLists: number;
}

export interface CrashOptions {
  /** A server of the built page over a folder with the crash notebook. It outlives every round: storage is by origin. */
  address: string;
  /** A folder for the browser's profile. */
  profile: string;
  rounds: number;
  /** Between 0 and 1: the moments of the kills follow from it. */
  random: () => number;
  /** A comparison takes as long as the rest of a round; what was lost stays lost. Each round by default, and the last. */
  compareEvery?: number;
  onRound?: (report: CrashReport) => void;
}

interface FoundRun {
  run_id: string;
  round: number;
  status: string;
  rows: number;
  different: number;
  keys: number;
  first: number;
  last: number;
  wrong: number;
}

/** Longest time for a run's rows to reach the disk, on a machine that has other things to do. */
const patienceMs = 120_000;

/** Metrics of one row of the notebook's run. */
const keysPerRow = 3;

/**
 * Kills a browser again and again while a run writes, each time at another moment, and compares what the next start
 * finds with what the page had been told to be on disk.
 */
export async function crashRounds(options: CrashOptions): Promise<CrashReport> {
  const {address, profile, rounds, random, compareEvery = 1, onRound} = options;
  const acknowledged = new Map<string, number>();
  const report: CrashReport = {
    rounds: 0,
    acknowledgedRows: 0,
    foundRows: 0,
    lost: 0,
    doubled: 0,
    wrong: 0,
    unended: 0,
    tornTails: 0,
    tornLists: 0
  };
  for (let round = 0; round <= rounds; round++) {
    const browser = await startCrashBrowser(profile);
    try {
      if (round > 0 && (round % compareEvery === 0 || round === rounds)) {
        const page = await openPage(browser, address);
        await compare(page, acknowledged, report);
        onRound?.({...report});
        // Sometimes the tab that writes leads, sometimes another one does it for it.
        if (random() < 0.5) await page.close();
      }
      if (round === rounds) return report;
      const told = await writeAndKill(browser, `${address}?backend=cpu&round=${round}`, random);
      for (const [runId, last] of told) acknowledged.set(runId, last);
      report.rounds++;
    } finally {
      await browser.kill();
    }
    if (random() < 0.3) {
      await tearFileList(profile);
      report.tornLists++;
    }
  }
  return report;
}

async function openPage({context}: CrashBrowser, address: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(address);
  await page.waitForFunction(() => "petri" in window);
  return page;
}

/** Lets a run write until some rows are on disk, and kills the browser; resolves to the last `seq` on disk by run. */
async function writeAndKill(
  browser: CrashBrowser,
  address: string,
  random: () => number
): Promise<Map<string, number>> {
  const told = new Map<string, number>();
  const enough = 1 + Math.floor(random() * 30);
  const delayMs = random() * 40;
  let tells = 0;
  const page = await browser.context.newPage();
  let kill = () => {};
  const killed = new Promise<void>((resolve, reject) => {
    kill = () => void browser.kill().then(resolve, reject);
  });
  await page.exposeFunction("tellAcknowledged", (runId: string, last: number) => {
    told.set(runId, last);
    // A moment later, so that the kill does not always come right after a flush.
    if (++tells === enough) setTimeout(kill, delayMs);
  });
  await page.goto(`${address}#/notebook/${crashNotebook}`);
  await page.waitForFunction(() => "petri" in window);
  await page.evaluate(tellAcknowledged);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(async () => {
      const state = await stateOf(page);
      reject(new Error(`After ${patienceMs / 1000} s ${tells} of ${enough} acknowledgements: ${state}.`));
    }, patienceMs);
  });
  await Promise.race([killed, tooLate]).finally(() => clearTimeout(timer));
  return told;
}

/** What the page says of itself, for a message. */
async function stateOf(page: Page): Promise<string> {
  const state = page.evaluate(() => {
    const {petri} = window as unknown as {petri: {recording: unknown; cells: unknown}};
    return JSON.stringify({recording: petri.recording, cells: petri.cells});
  });
  const silence = new Promise<string>((resolve) => setTimeout(resolve, 5000, "the page does not answer"));
  return Promise.race([state, silence]);
}

/** Runs in the page: tells of every run whose rows on disk have become more. */
function tellAcknowledged(): void {
  const {petri, tellAcknowledged} = window as unknown as {
    petri: {acknowledged: ReadonlyMap<string, number>};
    tellAcknowledged(runId: string, last: number): Promise<void>;
  };
  const told = new Map<string, number>();
  setInterval(() => {
    for (const [runId, last] of petri.acknowledged) {
      if (told.get(runId) === last) continue;
      told.set(runId, last);
      void tellAcknowledged(runId, last);
    }
  }, 4);
}

/** Adds to a report what this start found. Counts are of all runs so far, each as it is now. */
async function compare(page: Page, acknowledged: Map<string, number>, report: CrashReport): Promise<void> {
  const {runs, isTorn} = await page.evaluate(async (sql) => {
    const {petri} = window as unknown as {
      petri: {
        db: {query(sql: string): Promise<Iterable<{toJSON(): object}>>};
        recording: {role: string; repaired: unknown[]} | null;
      };
    };
    const table = await petri.db.query(sql);
    if (petri.recording?.role !== "leader")
      throw new Error(`The only tab does not lead: its role is ${petri.recording?.role}.`);
    return {runs: Array.from(table, (row) => row.toJSON()), isTorn: petri.recording.repaired.length > 0};
  }, crashedRuns);
  const found = new Map((runs as FoundRun[]).map((run) => [run.run_id, run]));
  Object.assign(report, {acknowledgedRows: 0, foundRows: 0, lost: 0, doubled: 0, wrong: 0, unended: 0});
  if (isTorn) report.tornTails++;
  for (const [runId, last] of acknowledged) {
    report.acknowledgedRows += last + 1;
    report.lost += Math.max(0, last - (found.get(runId)?.last ?? -1));
  }
  for (const {status, rows, different, keys, first, last, wrong} of found.values()) {
    if (status !== "interrupted") report.unended++;
    report.foundRows += last + 1;
    report.doubled += rows - different;
    report.wrong += wrong;
    // Every row has every metric, and none is missing before the last.
    report.wrong += Math.abs((last + 1) * keysPerRow - different) + (keys - keysPerRow) + first;
  }
}
