import {type Browser, chromium} from "playwright-core";
import {chromiumFlags} from "../../src/cli/chromium.ts";
import {ensureChromium} from "../../src/cli/ensure-chromium.ts";
import type {Bench, Measurement} from "../measurement.ts";
import {openBenchPage} from "../support/bench-page.ts";
import type {GroupByEngine} from "./group-by/engine.ts";
import {nativeEngine} from "./group-by/native.ts";
import type {GroupByPage} from "./group-by/page.ts";
import {answer, checksum, type GroupByQuery, generate, groupByQueries} from "./group-by/queries.ts";

/** Of this many times the best is taken: the least disturbed by what else the machine does. */
const rounds = {quick: 3, full: 5};

/** What the page's engine may take, as a multiple of native DuckDB's time with one thread (geometric mean). */
const targets = {plain: 1.3, isolated: 0.85};

/** The H2O group-by questions: the page's engine, without and with threads, against native DuckDB in the same run. */
export const groupBy: Bench = async ({quick}) => {
  const rows = quick ? 1e6 : 1e7;
  const page = await openBenchPage("bench/tables/group-by");
  const browser = await chromium.launch({executablePath: await ensureChromium(), args: chromiumFlags});
  const engines: GroupByEngine[] = [];
  try {
    engines.push(await nativeEngine());
    engines.push(await pageEngine(browser, page.address));
    engines.push(await pageEngine(browser, page.isolatedAddress));
    const best = await timeAll(engines, rows, quick ? rounds.quick : rounds.full);
    return [
      ...measurements(engines, best, 1, rows, targets.plain),
      ...measurements(engines, best, 2, rows, targets.isolated)
    ];
  } finally {
    await Promise.all(engines.map((engine) => engine.close()));
    await browser.close();
    await page.close();
  }
};

async function pageEngine(browser: Browser, address: string): Promise<GroupByEngine> {
  const tab = await browser.newPage();
  tab.setDefaultTimeout(120_000);
  await tab.goto(address);
  await tab.waitForFunction(() => "groupBy" in globalThis);
  const call = <T>(method: keyof GroupByPage, sql = "") =>
    tab.evaluate(
      ([name, text]) =>
        (globalThis as unknown as {groupBy: Record<string, (sql: string) => Promise<unknown>>}).groupBy[name](
          text
        ),
      [method, sql]
    ) as Promise<T>;
  const threads = await call<number>("threads");
  return {
    name: `wasm, ${threads} ${threads === 1 ? "thread" : "threads"}`,
    time: (sql) => call<number>("time", sql),
    numbers: (sql) => call<number[]>("numbers", sql),
    close: () => tab.close()
  };
}

/**
 * The best time of each query, by engine. The engines take turns query by query, so that what else goes on in the
 * machine meets all of them alike.
 */
async function timeAll(engines: GroupByEngine[], rows: number, times: number): Promise<number[][]> {
  for (const engine of engines) await engine.time(generate(rows));
  const best: number[][] = [];
  for (const query of groupByQueries) {
    const least = engines.map(() => Number.POSITIVE_INFINITY);
    for (let round = 0; round < times; round++) {
      for (const [i, engine] of engines.entries())
        least[i] = Math.min(least[i], await engine.time(answer(query)));
    }
    await requireSameAnswers(engines, query);
    best.push(least);
  }
  return best;
}

/** @throws when an engine's answer differs from the first one's by more than rounding. */
async function requireSameAnswers(engines: GroupByEngine[], query: GroupByQuery): Promise<void> {
  const [expected, ...others] = await Promise.all(engines.map((engine) => engine.numbers(checksum(query))));
  for (const [i, numbers] of others.entries()) {
    const same = numbers.every((value, k) => Math.abs(value - expected[k]) <= 1e-9 * Math.abs(expected[k]));
    if (!same || numbers.length !== expected.length)
      throw new Error(
        `${query.name} differs: ${engines[0].name} answers ${expected}, ${engines[i + 1].name} ${numbers}.`
      );
  }
}

/** The times of one engine beside the peer's, and their geometric mean. */
function measurements(
  engines: GroupByEngine[],
  best: number[][],
  index: number,
  rows: number,
  target: number
): Measurement[] {
  const row = {
    subject: "tables",
    case: `H2O group-by, ${rows / 1e6} M rows`,
    better: "lower",
    adapter: engines[index].name
  } as const;
  const ratios = best.map((times) => times[index] / times[0]);
  const queries = groupByQueries.map(({name, about}, i): Measurement => {
    const value = best[i][index];
    return {
      ...row,
      metric: `${name}, ${about}`,
      value,
      unit: "ms",
      against: engines[0].name,
      ratio: ratios[i]
    };
  });
  const mean = geometricMean(ratios);
  return [
    ...queries,
    {
      ...row,
      metric: "geometric mean",
      value: mean,
      unit: `x ${engines[0].name}`,
      against: `${target}x`,
      ratio: mean / target
    }
  ];
}

const geometricMean = (values: number[]) =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
