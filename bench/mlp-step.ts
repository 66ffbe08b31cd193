import {join} from "node:path";
import {chromium} from "playwright-core";
import {build, preview} from "vite";
import {chromiumFlags} from "../src/cli/chromium.ts";
import {ensureChromium} from "../src/cli/ensure-chromium.ts";
import {projectRoot} from "../src/cli/project.ts";
import type {BackendName} from "../src/gpu/types.ts";
import {wasmThreads} from "../src/publish/vite/wasm-threads.ts";
import type {Bench, Measurement} from "./measurement.ts";
import type {StepTimings, Timing} from "./mlp-step/page.ts";
import {median} from "./support/median.ts";

/** Rounds and steps a round; the cpu backend takes a tenth of a second a step. */
const EFFORT: Record<BackendName, {rounds: number; steps: number}> = {
  wasm: {rounds: 15, steps: 20},
  webgpu: {rounds: 9, steps: 5},
  cpu: {rounds: 5, steps: 3}
};

/** A training step of ours beside the same step in plain tfjs calls and in jax-js, in one page, on every backend. */
export const mlpStep: Bench = ({quick}) => stepOn(["wasm", "webgpu", "cpu"], quick);

/** The same on some backends. */
export async function stepOn(backends: readonly BackendName[], quick: boolean): Promise<Measurement[]> {
  const page = await openPage();
  try {
    const measurements: Measurement[] = [];
    for (const backend of backends) {
      const {rounds, steps} = EFFORT[backend];
      const share = quick ? 3 : 1;
      const timings = await page.time(backend, Math.ceil(rounds / share), Math.ceil(steps / share));
      measurements.push(...compare(backend, timings));
    }
    return measurements;
  } finally {
    await page.close();
  }
}

function compare(backend: BackendName, {adapter, timings}: StepTimings): Measurement[] {
  const [own, ...peers] = timings as [Timing, ...Timing[]];
  const shared = {
    subject: "runtime",
    case: `MLP 784-300-100-10, SGD, batch 128, ${backend}`,
    better: "lower",
    adapter
  } as const;
  return peers.flatMap((peer) => {
    if (!(Math.abs(own.loss - peer.loss) < 1e-2)) {
      throw new Error(
        `${peer.name} on ${backend} ended at the loss ${peer.loss}, ours at ${own.loss}: not the same step.`
      );
    }
    const value = median(own.stepMs);
    const time = {...shared, metric: "training step", value, unit: "ms", against: peer.name};
    const rows: Measurement[] = [{...time, ratio: value / median(peer.stepMs)}];
    if (peer.dispatches > 0) {
      const {dispatches} = own;
      const count = {...shared, metric: "dispatches a step", value: dispatches, unit: "", against: peer.name};
      rows.push({...count, ratio: dispatches / peer.dispatches});
    }
    return rows;
  });
}

/** Builds the page, serves it isolated (threads in wasm need that), and opens it in Chromium. */
async function openPage() {
  const root = join(projectRoot, "bench/mlp-step");
  const outDir = join(projectRoot, ".petri/bench/mlp-step");
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
  const tab = await browser.newPage();
  return {
    /** A fresh page for every backend: what one library leaves behind must not slow the next. */
    async time(backend: BackendName, rounds: number, steps: number): Promise<StepTimings> {
      await tab.goto(server.resolvedUrls?.local[0] as string);
      await tab.waitForFunction(() => "timeSteps" in globalThis);
      return tab.evaluate(
        ([name, ...effort]) =>
          (globalThis as unknown as {timeSteps(...args: unknown[]): Promise<StepTimings>}).timeSteps(
            name,
            ...effort
          ),
        [backend, rounds, steps] as const
      );
    },
    async close() {
      await browser.close();
      await new Promise((resolve) => server.httpServer.close(resolve));
    }
  };
}
