import {mkdir, readFile, rm} from "node:fs/promises";
import {UsageError} from "../arguments.ts";
import {ensureChromium} from "../ensure-chromium.ts";
import {projectRoot, runTool} from "../project.ts";
import {runStaticChecks} from "../static-checks.ts";
import {countTests, type TestCount, type VitestReport} from "../test-count.ts";

const reportPath = `${projectRoot}.petri/test-report.json`;

/**
 * `petri test [...filters]`: the static checks, then every test; ends with the line `N passed, N failed`, in which each
 * static check counts as one. With filters (paths, or options of Vitest), only those tests and no static check.
 */
export async function test(args: string[]): Promise<void> {
  const startedAt = performance.now();
  await ensureChromium();
  const checks = args.length ? {passed: 0, failed: 0} : await runStaticChecks();
  const tests = await runTests(args);
  const passed = checks.passed + tests.passed;
  const failed = checks.failed + tests.failed;
  const skipped = tests.skipped ? `, ${tests.skipped} skipped` : "";
  console.log(`\nTook ${Math.round((performance.now() - startedAt) / 1000)} s.`);
  console.log(`${passed} passed, ${failed} failed${skipped}`);
  if (failed > 0) process.exitCode = 1;
}

async function runTests(args: string[]): Promise<TestCount> {
  await mkdir(`${projectRoot}.petri`, {recursive: true});
  await rm(reportPath, {force: true});
  const {code} = await runTool(
    "vitest/vitest.mjs",
    ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${reportPath}`, ...args],
    {inherit: true}
  );
  const report = await readReport();
  if (!report) throw new UsageError("Vitest ended without a report; its output above says why.");
  return countTests(report, code);
}

async function readReport(): Promise<VitestReport | null> {
  try {
    return JSON.parse(await readFile(reportPath, "utf8"));
  } catch {
    return null;
  }
}
