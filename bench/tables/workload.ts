import {mkdtemp, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {type BrowserContext, chromium, type Page} from "playwright-core";
import {chromiumFlags} from "../../src/cli/chromium.ts";
import {ensureChromium} from "../../src/cli/ensure-chromium.ts";
import type {Bench, Measurement} from "../measurement.ts";
import {median} from "../support/median.ts";
import type {WorkloadSize} from "./workload/data.ts";
import {serveWorkload, type WorkloadHost} from "./workload/host.ts";
import type {Seeded} from "./workload/page/page.ts";
import type {QueryTimes} from "./workload/page/time-queries.ts";
import {type StrokesWindow, strokesScript} from "./workload/watch-strokes.ts";

/** What the bench's page offers. */
interface WorkloadWindow {
  seed(size: WorkloadSize): Promise<Seeded>;
  timeQueries(size: WorkloadSize, repeats: number): Promise<QueryTimes>;
}

/**
 * A store of 1,000 runs x 20 metrics x 500 steps on disk, as a person has it who opened the notebook yesterday: how long
 * until there is a chart, and what each question takes. `quick` is a tenth of it.
 */
export const workload: Bench = async ({quick}) => {
  const size: WorkloadSize = {runs: quick ? 100 : 1000, metrics: 20, steps: 500};
  const profile = await mkdtemp(join(tmpdir(), "petri-bench-"));
  const host = await serveWorkload();
  const visit = async <T>(use: (browser: BrowserContext) => Promise<T>): Promise<T> => {
    const options = {executablePath: await ensureChromium(), args: chromiumFlags};
    const browser = await chromium.launchPersistentContext(profile, options);
    browser.setDefaultTimeout(120_000);
    try {
      return await use(browser);
    } finally {
      await browser.close();
    }
  };
  const rows = size.runs * size.metrics * size.steps;
  const row = {subject: "tables", case: `${rows / 1e6} M rows`, adapter: ""} as const;
  const time = (metric: string, value: number, targetMs: number): Measurement => ({
    ...row,
    metric,
    value,
    unit: "ms",
    against: `${targetMs} ms`,
    ratio: value / targetMs,
    better: "lower"
  });
  try {
    const seeded = await visit((browser) => seed(browser, host, size));
    // The first visit fills the browser's cache of files and code.
    const opened = await visit((browser) => openToChart(browser, host, quick ? 3 : 6));
    const queries = await visit((browser) => askAll(browser, host, size, quick ? 11 : 25));
    const pixels = await visit((browser) => appendToPixel(browser, host));
    return [
      {
        ...row,
        metric: "rows recorded",
        value: (rows / seeded.recordMs) * 1000,
        unit: "rows/s",
        against: "",
        ratio: null,
        better: "higher"
      },
      {
        ...row,
        metric: "compaction of all",
        value: seeded.compactMs,
        unit: "ms",
        against: "",
        ratio: null,
        better: "lower"
      },
      {
        ...row,
        metric: "size on disk",
        value: seeded.sizeBytes / rows,
        unit: "bytes/row",
        against: "",
        ratio: null,
        better: "lower"
      },
      time("page opened to first chart", median(opened.slice(1)), 4000),
      time("one curve, its rows", median(queries.curve), 16),
      time("one curve, as a chart asks", median(queries.chart), 16),
      time("100 curves", median(queries.hundredCurves), 150),
      time("100 curves, with what a chart says of their runs", median(sum(queries)), 150),
      time("grid of all runs with 20 metrics", median(queries.grid), 100),
      time("cancel a running query", median(queries.cancel), 50),
      time("cancel a running query, to the next answer", median(queries.cancelToNext), 50),
      time("append to pixel at 1,000 rows/s, median", quantile(pixels, 0.5), 50),
      time("append to pixel at 1,000 rows/s, 95 %", quantile(pixels, 0.95), 50)
    ];
  } finally {
    await host.close();
    await rm(profile, {recursive: true, force: true, maxRetries: 5});
  }
};

async function openBench(browser: BrowserContext, {benchAddress}: WorkloadHost): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(benchAddress);
  await page.waitForFunction(() => "seed" in globalThis);
  return page;
}

async function seed(browser: BrowserContext, host: WorkloadHost, size: WorkloadSize): Promise<Seeded> {
  const page = await openBench(browser, host);
  return page.evaluate((given) => (globalThis as unknown as WorkloadWindow).seed(given), size);
}

async function askAll(browser: BrowserContext, host: WorkloadHost, size: WorkloadSize, repeats: number) {
  const page = await openBench(browser, host);
  return page.evaluate(
    ([given, times]) => (globalThis as unknown as WorkloadWindow).timeQueries(given, times),
    [size, repeats] as const
  );
}

/** A fresh load of a notebook with one chart, again and again: milliseconds from the navigation to its first curve. */
async function openToChart(
  browser: BrowserContext,
  {address}: WorkloadHost,
  times: number
): Promise<number[]> {
  await browser.addInitScript(strokesScript);
  const found: number[] = [];
  for (let i = 0; i < times; i++) {
    const page = await browser.newPage();
    await page.goto(`${address}#/notebook/chart`);
    const at = await page.waitForFunction(() => (window as unknown as StrokesWindow).strokes.at[0]);
    found.push((await at.jsonValue()) as number);
    await page.close();
  }
  return found;
}

/** Milliseconds from the yield of a row to the first drawing after it came, row by row. */
async function appendToPixel(browser: BrowserContext, {address}: WorkloadHost): Promise<number[]> {
  await browser.addInitScript(strokesScript);
  const page = await browser.newPage();
  await page.goto(`${address}?backend=wasm#/notebook/live`);
  await page.waitForFunction(() => "petri" in window);
  await page.waitForFunction(() => (window as unknown as StrokesWindow).strokes.at.length > 0);
  await page.waitForTimeout(10_000);
  const {at, batches} = await page.evaluate(() => (window as unknown as StrokesWindow).strokes);
  // What came before the first drawing waited for the page to open.
  const steady = batches.filter(({cameAt}) => cameAt > at[0] + 1000 && cameAt < at[at.length - 1]);
  return steady.flatMap(({cameAt, madeAt}) => {
    const drawnAt = at.find((time) => time > cameAt) as number;
    return madeAt.map((time) => drawnAt - time);
  });
}

const sum = ({hundredRuns, hundredCurves}: QueryTimes) => hundredCurves.map((ms, i) => ms + hundredRuns[i]);

function quantile(values: number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}
