/** What we read of Vitest's JSON report. */
export interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: {status: string; assertionResults: {status: string}[]}[];
}

export interface TestCount {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Counts what a run of Vitest says. A file that failed without a failed test in it (it could not be imported, a hook
 * threw) counts as one failure, and so does an exit code that no test explains (an unhandled error).
 */
export function countTests(report: VitestReport, exitCode: number): TestCount {
  const brokenFiles = report.testResults.filter(
    ({status, assertionResults}) =>
      status === "failed" && !assertionResults.some((assertion) => assertion.status === "failed")
  ).length;
  const failed = report.numFailedTests + brokenFiles;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests
  };
}
