import {mkdtemp, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import type {Page} from "playwright-core";
import {openBenchPage} from "../../bench/support/bench-page.ts";
import {type CrashBrowser, startCrashBrowser} from "./crash-browser.ts";
import type {JournalPage} from "./journal/page.ts";
import type {Told} from "./journal/write.ts";
import {randomFrom} from "./random-from.ts";
import {tearFileList} from "./tear-file-list.ts";

/** What became of all rounds together; all from `lost` to `undeleted` must be 0. */
export interface JournalCrashReport {
  rounds: number;
  /** Rows that the page had been told to be on disk, of runs that are not deleted. */
  acknowledgedRows: number;
  foundRows: number;
  lost: number;
  doubled: number;
  wrong: number;
  lostBlobs: number;
  /** Runs that are there although their deletion had been acknowledged. */
  undeleted: number;
  /** Kills that came while a compaction was going on. */
  whileCompacting: number;
  /** Starts at which a torn record was cut off. */
  tornTails: number;
  /** Kills after which the browser's own list of files was torn, see `tearFileList`. */
  tornLists: number;
}

export interface JournalCrashOptions {
  rounds: number;
  /** What is written and the moments of the kills follow from it. */
  seed: number;
  onRound?: (report: JournalCrashReport) => void;
}

/** What the driver knows of the journal: only what it was told. */
class Knowledge {
  /** Last row on disk, by run. */
  readonly rows = new Map<string, number>();
  /** Hashes by run. */
  readonly blobs = new Map<string, string[]>();
  readonly deleting = new Set<string>();
  readonly deleted = new Set<string>();
  tells = 0;
  compacting = false;

  take(what: Told): void {
    this.tells++;
    if (what.kind === "rows") this.rows.set(what.runId, Math.max(what.last, this.rows.get(what.runId) ?? -1));
    else if (what.kind === "blob")
      this.blobs.set(what.runId, [...(this.blobs.get(what.runId) ?? []), what.sha256]);
    else if (what.kind === "deleting") this.deleting.add(what.runId);
    else if (what.kind === "deleted") this.deleted.add(what.runId);
    else this.compacting = what.kind === "compacting";
  }

  /** Runs that nobody has begun to delete. */
  get live(): string[] {
    return [...this.rows.keys()].filter((runId) => !this.deleting.has(runId));
  }
}

/** Kills a browser while a page drives a journal as hard as it can: appends, blobs, deletions, compactions. */
export async function crashJournal({
  rounds,
  seed,
  onRound
}: JournalCrashOptions): Promise<JournalCrashReport> {
  const random = randomFrom(seed);
  const profile = await mkdtemp(join(tmpdir(), "petri-crash-"));
  const host = await openBenchPage("test/torture/journal");
  const known = new Knowledge();
  let report: JournalCrashReport = {
    rounds: 0,
    acknowledgedRows: 0,
    foundRows: 0,
    lost: 0,
    doubled: 0,
    wrong: 0,
    lostBlobs: 0,
    undeleted: 0,
    whileCompacting: 0,
    tornTails: 0,
    tornLists: 0
  };
  try {
    for (let round = 0; round <= rounds; round++) {
      const browser = await startCrashBrowser(profile);
      try {
        const page = await openPage(browser, host.address, known);
        if (round > 0) {
          report = {...report, ...(await compare(page, known, report))};
          onRound?.(report);
        }
        if (round === rounds) break;
        await writeAndKill(browser, page, known, round, random);
        report.rounds++;
        if (known.compacting) report.whileCompacting++;
      } finally {
        await browser.kill();
      }
      if (random() < 0.3) {
        await tearFileList(profile);
        report.tornLists++;
      }
    }
    return report;
  } finally {
    await host.close();
    await rm(profile, {recursive: true, force: true, maxRetries: 5});
  }
}

async function openPage({context}: CrashBrowser, address: string, known: Knowledge): Promise<Page> {
  const page = await context.newPage();
  await page.exposeFunction("tell", (what: Told) => known.take(what));
  await page.goto(address);
  await page.waitForFunction(() => "torture" in globalThis);
  return page;
}

/** Calls a method of the page's `torture`. */
function call<K extends keyof JournalPage>(
  page: Page,
  method: K,
  ...args: Parameters<JournalPage[K]>
): Promise<Awaited<ReturnType<JournalPage[K]>>> {
  return page.evaluate(
    ([name, given]) =>
      (globalThis as unknown as {torture: Record<string, (...args: unknown[]) => unknown>}).torture[name](
        ...given
      ),
    [method, args] as [string, unknown[]]
  ) as Promise<Awaited<ReturnType<JournalPage[K]>>>;
}

async function writeAndKill(
  browser: CrashBrowser,
  page: Page,
  known: Knowledge,
  round: number,
  random: () => number
): Promise<void> {
  const enough = known.tells + 1 + Math.floor(random() * 60);
  const delayMs = random() * 60;
  // Some earlier runs stay for ever.
  const earlier = known.live.filter((runId) => !runId.endsWith("-2"));
  const failed = call(page, "write", {round, seed: Math.floor(random() * 2 ** 32), earlier}).catch(
    (error) => {
      // The kill ends it; anything before that is a failure of the journal.
      if (known.tells < enough) throw error;
    }
  );
  const reached = (async () => {
    while (known.tells < enough) await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise((resolve) => setTimeout(resolve, delayMs));
  })();
  await Promise.race([reached, failed]);
  await browser.kill();
  await failed;
}

/** What this start found; counts are of all runs so far, each as it is now. */
async function compare(
  page: Page,
  known: Knowledge,
  {tornTails}: JournalCrashReport
): Promise<Partial<JournalCrashReport>> {
  const found = new Map((await call(page, "check")).map((run) => [run.runId, run]));
  const {role, repaired} = await call(page, "status");
  if (role !== "leader") throw new Error(`The only tab does not lead: its role is ${role}.`);
  const report = {acknowledgedRows: 0, foundRows: 0, lost: 0, doubled: 0, wrong: 0, undeleted: 0};
  for (const [runId, last] of known.rows) {
    const there = found.get(runId);
    if (known.deleted.has(runId)) {
      if (there) report.undeleted++;
      continue;
    }
    // A deletion that was not acknowledged may have happened, but not in part.
    if (!there && known.deleting.has(runId)) continue;
    report.acknowledgedRows += last + 1;
    report.lost += Math.max(0, last - (there?.last ?? -1));
  }
  for (const {last, doubled, wrong} of found.values()) {
    report.foundRows += last + 1;
    report.doubled += doubled;
    report.wrong += wrong;
  }
  const hashes = known.live.flatMap((runId) => known.blobs.get(runId) ?? []);
  const lostBlobs = await call(page, "missingBlobs", hashes);
  return {...report, lostBlobs, tornTails: tornTails + (repaired.length > 0 ? 1 : 0)};
}
