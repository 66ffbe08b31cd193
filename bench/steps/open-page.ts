import {join} from "node:path";
import {build, preview} from "vite";
import {projectRoot} from "../../src/cli/project.ts";
import {wasmThreads} from "../../src/publish/vite/wasm-threads.ts";
import {launchWithGpu} from "../support/launch-with-gpu.ts";
import type {Measured, Order} from "./measure-here.ts";
import type {Place} from "./place.ts";

/** Builds the page, serves it isolated (threads in wasm need that), and opens it in Chromium. */
export async function openStepsPage(): Promise<Place> {
  const root = join(projectRoot, "bench/steps");
  const outDir = join(projectRoot, ".petri/bench/steps");
  await build({
    root,
    configFile: false,
    plugins: [wasmThreads()],
    logLevel: "error",
    build: {outDir, emptyOutDir: true, target: "es2022"}
  });
  const server = await preview({
    root,
    configFile: false,
    logLevel: "error",
    build: {outDir},
    preview: {
      port: 0,
      host: "127.0.0.1",
      headers: {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
    }
  });
  const address = server.resolvedUrls?.local[0] as string;
  const browser = await launchWithGpu(address);
  return {
    async measure<N extends Order["name"]>(order: Order<N>) {
      const tab = await browser.newPage();
      await tab.goto(address);
      await tab.waitForFunction(() => "measure" in globalThis);
      const measured = await tab.evaluate(
        (given) => (globalThis as unknown as {measure(order: unknown): Promise<unknown>}).measure(given),
        order as unknown
      );
      await tab.close();
      return measured as Measured<N>;
    },
    async close() {
      await browser.close();
      await new Promise((resolve) => server.httpServer.close(resolve));
    }
  };
}
