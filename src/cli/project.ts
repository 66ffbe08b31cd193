import {spawn} from "node:child_process";
import {fileURLToPath} from "node:url";

/** The folder of the project, with a trailing separator. */
export const projectRoot = fileURLToPath(new URL("../../", import.meta.url));

export interface ToolResult {
  /** The exit code; -1 when the tool was killed or did not start. */
  code: number;
  output: string;
  durationMs: number;
}

/**
 * Runs a JavaScript tool of node_modules, e.g. `runTool("typescript/bin/tsc", ["--noEmit"])`, in the project's folder.
 * The path rather than node_modules/.bin: it is the same on every system.
 * @param options.inherit shows the output as it comes, instead of returning it
 */
export function runTool(script: string, args: string[], {inherit = false} = {}): Promise<ToolResult> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [`${projectRoot}node_modules/${script}`, ...args], {
      cwd: projectRoot,
      stdio: ["ignore", inherit ? "inherit" : "pipe", inherit ? "inherit" : "pipe"]
    });
    let output = "";
    const end = (code: number | null) =>
      resolve({code: code ?? -1, output, durationMs: performance.now() - startedAt});
    child.stdout?.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr?.on("data", (chunk) => {
      output += chunk;
    });
    child.on("error", (error) => {
      output += error.message;
      end(-1);
    });
    child.on("close", end);
  });
}
