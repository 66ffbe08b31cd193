import {join} from "node:path";
import {chromium} from "playwright-core";
import {build, preview} from "vite";
import {chromiumFlags} from "../../src/cli/chromium.ts";
import {ensureChromium} from "../../src/cli/ensure-chromium.ts";
import {projectRoot} from "../../src/cli/project.ts";
import {wasmThreads} from "../../src/publish/vite/wasm-threads.ts";
import type {ModelName} from "./models/index.ts";
import type {StepTimings} from "./page.ts";
import type {JaxDevice} from "./peers/jax-js.ts";

/** A page that times training steps. */
export interface StepsPage {
  /** In a fresh page each time: what one library leaves behind must not slow the next. */
  time(backend: JaxDevice, model: ModelName, rounds: number, roundMs: number): Promise<StepTimings>;
  close(): Promise<void>;
}

/** Builds the page, serves it isolated (threads in wasm need that), and opens it in Chromium. */
export async function openStepsPage(): Promise<StepsPage> {
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
  const browser = await chromium.launch({executablePath: await ensureChromium(), args: chromiumFlags});
  return {
    async time(...settings) {
      const tab = await browser.newPage();
      await tab.goto(server.resolvedUrls?.local[0] as string);
      await tab.waitForFunction(() => "timeSteps" in globalThis);
      const timings = await tab.evaluate(
        (args) =>
          (globalThis as unknown as {timeSteps(...args: unknown[]): Promise<StepTimings>}).timeSteps(...args),
        settings
      );
      await tab.close();
      return timings;
    },
    async close() {
      await browser.close();
      await new Promise((resolve) => server.httpServer.close(resolve));
    }
  };
}
