import {runTool, type ToolResult} from "./project.ts";

interface Check {
  name: string;
  tool: string;
  args: string[];
}

const checks: Check[] = [
  {name: "format and lint", tool: "@biomejs/biome/bin/biome", args: ["ci", "--colors=off", "."]},
  {name: "types", tool: "typescript/bin/tsc", args: ["--noEmit", "-p", "."]},
  {name: "dead exports and unused packages", tool: "knip/bin/knip.js", args: []},
  {
    name: "import rules",
    tool: "dependency-cruiser/bin/dependency-cruise.mjs",
    args: ["src", "--config", ".dependency-cruiser.mjs"]
  }
];

/** Runs every check that needs no test, all at once; prints a line for each, and the output of those that fail. */
export async function runStaticChecks(): Promise<{passed: number; failed: number}> {
  const results = await Promise.all(checks.map(({tool, args}) => runTool(tool, args)));
  results.forEach((result, i) => {
    report(checks[i], result);
  });
  const passed = results.filter(({code}) => code === 0).length;
  return {passed, failed: results.length - passed};
}

function report({name}: Check, {code, output, durationMs}: ToolResult): void {
  console.log(`${code === 0 ? "ok    " : "FAILED"} ${name} (${(durationMs / 1000).toFixed(1)} s)`);
  if (code !== 0) console.log(output.trimEnd());
}
