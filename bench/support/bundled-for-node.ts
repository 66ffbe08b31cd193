import {spawn} from "node:child_process";
import {basename, join} from "node:path";
import {build} from "vite";
import {projectRoot} from "../../src/cli/project.ts";

/**
 * Bundles scripts for Node, which cannot load the tensor library's modules as they are. `run` starts the first in a process, with the
 * folder of the wasm files before its own arguments, and reads the last line of its output as JSON; `folder` has all of them.
 */
export async function bundledForNode(name: string, scripts: readonly [string, ...string[]]) {
  const folder = join(projectRoot, ".petri/bench", name);
  await build({
    root: projectRoot,
    configFile: false,
    logLevel: "error",
    ssr: {noExternal: true},
    build: {
      ssr: true,
      outDir: folder,
      emptyOutDir: true,
      target: "node20",
      rolldownOptions: {input: scripts.map((script) => join(projectRoot, script))}
    }
  });
  const wasmFiles = join(projectRoot, "node_modules/@tensorflow/tfjs-backend-wasm/dist/");
  const script = join(folder, `${basename(scripts[0], ".ts")}.js`);
  return {folder, run: <T>(args: readonly string[]) => run<T>([script, wasmFiles, ...args])};
}

function run<T>(args: string[]): Promise<T> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {cwd: projectRoot, stdio: ["ignore", "pipe", 2]});
    let out = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.on("error", reject);
    child.on("close", (code) => {
      const line = out.trim().split("\n").at(-1) ?? "";
      if (code === 0) resolve(JSON.parse(line) as T);
      else reject(new Error(`The training ended with ${code}: ${line}`));
    });
  });
}
