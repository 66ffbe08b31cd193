import {spawn} from "node:child_process";
import {delimiter, dirname, join} from "node:path";
import {build} from "vite";
import {projectRoot} from "../../src/cli/project.ts";
import type {Measured, Order} from "./measure-here.ts";
import type {Place} from "./place.ts";

/** Node with Dawn's WebGPU: for a machine with a GPU and no browser. */
export async function openNode(): Promise<Place> {
  const outDir = join(projectRoot, ".petri/bench/steps-node");
  await build({
    root: projectRoot,
    configFile: false,
    logLevel: "error",
    ssr: {noExternal: true, external: ["webgpu"]},
    build: {
      ssr: true,
      outDir,
      emptyOutDir: true,
      target: "node20",
      rolldownOptions: {input: join(projectRoot, "bench/steps/node-main.ts")}
    }
  });
  return {
    measure: async <N extends Order["name"]>(order: Order<N>) =>
      (await run([join(outDir, "node-main.js"), JSON.stringify(order)])) as Measured<N>,
    close: async () => {}
  };
}

/** The last line that a process of Node prints, as JSON; a process of its own for each order, as a page is. */
function run(args: string[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {stdio: ["ignore", "pipe", "pipe"], env: environment()});
    let [out, complaints] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      complaints += chunk.toString();
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve(JSON.parse(out.trim().split("\n").at(-1) ?? ""));
      else reject(new Error(complaints.trim() || `Node ended with ${signal ?? code}.`));
    });
  });
}

/** A browser's driver comes with its own loader of Vulkan beside it, which the system may lack. */
function environment(): NodeJS.ProcessEnv {
  const {VK_ICD_FILENAMES: driver, LD_LIBRARY_PATH: libraries} = process.env;
  if (!driver) return process.env;
  const folders = [libraries, dirname(driver)].filter(Boolean);
  return {...process.env, LD_LIBRARY_PATH: folders.join(delimiter)};
}
