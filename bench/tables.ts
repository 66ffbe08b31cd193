import {join} from "node:path";
import {chromium} from "playwright-core";
import {build, preview} from "vite";
import {chromiumFlags} from "../src/cli/chromium.ts";
import {ensureChromium} from "../src/cli/ensure-chromium.ts";
import {projectRoot} from "../src/cli/project.ts";
import type {Bench, Measurement} from "./measurement.ts";
import {median} from "./support/median.ts";
import type {TableTimings} from "./tables/page.ts";

/** Metric rows into DuckDB, its start, one curve and a cancelled query, in Chromium. */
export const tables: Bench = async ({quick}) => {
  const {bootMs, rowsPerSecond, peerRowsPerSecond, curveMs, cancelMs} = await timeTables(
    quick ? 3 : 9,
    quick ? 100 : 500
  );
  const shared = {subject: "runtime", case: "tables", adapter: ""} as const;
  const time = (metric: string, value: number, targetMs: number): Measurement => ({
    ...shared,
    metric,
    value,
    unit: "ms",
    against: `${targetMs} ms`,
    ratio: value / targetMs,
    better: "lower"
  });
  const rate = median(rowsPerSecond);
  return [
    {
      ...shared,
      metric: "rows into metrics",
      value: rate,
      unit: "rows/s",
      against: "duckdb-wasm, INSERT of literals",
      ratio: rate / median(peerRowsPerSecond),
      better: "higher"
    },
    time("first query, with DuckDB's start", bootMs, 1500),
    time("one curve of 500 points", median(curveMs), 16),
    time("cancel a running query", median(cancelMs), 50)
  ];
};

/** Builds the page, serves it, and lets it measure in Chromium. */
async function timeTables(rounds: number, batches: number): Promise<TableTimings> {
  const root = join(projectRoot, "bench/tables");
  const outDir = join(projectRoot, ".petri/bench/tables");
  const config = {root, configFile: false, logLevel: "error"} as const;
  await build({...config, build: {outDir, emptyOutDir: true, target: "es2022", assetsInlineLimit: 0}});
  const server = await preview({...config, build: {outDir}, preview: {port: 0, host: "127.0.0.1"}});
  const browser = await chromium.launch({executablePath: await ensureChromium(), args: chromiumFlags});
  try {
    const tab = await browser.newPage();
    await tab.goto(server.resolvedUrls?.local[0] as string);
    await tab.waitForFunction(() => "timeTables" in globalThis);
    return await tab.evaluate(
      (effort) =>
        (globalThis as unknown as {timeTables(...effort: number[]): Promise<TableTimings>}).timeTables(
          ...effort
        ),
      [rounds, batches]
    );
  } finally {
    await browser.close();
    await new Promise((resolve) => server.httpServer.close(resolve));
  }
}
