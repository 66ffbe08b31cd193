import {projectRoot, runTool, type ToolResult} from "./project.ts";
import {staleReference} from "./reference-files.ts";

interface Check {
  name: string;
  run: () => Promise<ToolResult>;
}

const tool = (name: string, script: string, args: string[]): Check => ({
  name,
  run: () => runTool(script, args)
});

const checks: Check[] = [
  tool("format and lint", "@biomejs/biome/bin/biome", ["ci", "--colors=off", "."]),
  tool("types", "typescript/bin/tsc", ["--noEmit", "-p", "."]),
  tool("dead exports and unused packages", "knip/bin/knip.js", []),
  tool("import rules", "dependency-cruiser/bin/dependency-cruise.mjs", [
    "src",
    "--config",
    ".dependency-cruiser.mjs"
  ]),
  {name: "reference", run: checkReference}
];

/** The pages of the reference are what the docstrings say, and every module has an example. */
async function checkReference(): Promise<ToolResult> {
  const startedAt = performance.now();
  const problems = await staleReference(projectRoot).catch((error: unknown) => [String(error)]);
  const durationMs = performance.now() - startedAt;
  return {code: problems.length > 0 ? 1 : 0, output: problems.join("\n"), durationMs};
}

/** Runs every check that needs no test, all at once; prints a line for each, and the output of those that fail. */
export async function runStaticChecks(): Promise<{passed: number; failed: number}> {
  const results = await Promise.all(checks.map(({run}) => run()));
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
