import type {Bench, Measurement} from "../measurement.ts";
import {openBenchPage} from "../support/bench-page.ts";
import {launchWithGpu} from "../support/launch-with-gpu.ts";
import {median} from "../support/median.ts";
import type {page} from "./matmul/page.ts";
import type {Layout} from "./matmul/time-product.ts";

const SIZES = [256, 512, 1024, 2048, 4096];
const QUICK_SIZES = SIZES.slice(0, 2);
const LAYOUTS: Layout[] = ["NN", "NT", "TN"];
/** A size is left out where the slowest library would take longer for one product. */
const LONGEST_MS = 1500;

const operations = (size: number) => 2 * size ** 3;
/** GFLOP/s. */
const rateOf = (size: number, milliseconds: number[]) => operations(size) / median(milliseconds) / 1e6;

/** Products of square matrices in all layouts beside tfjs and jax-js, and beside what the adapter can multiply and add. */
export const matmul: Bench = async ({quick}) => {
  const site = await openBenchPage("bench/gpu/matmul");
  const browser = await launchWithGpu(site.address);
  try {
    const tab = await browser.newPage();
    await tab.goto(site.address);
    await tab.waitForFunction(() => "products" in globalThis);
    type Page = typeof page;
    /** Calls one of the page's functions. */
    const ask = <N extends "peak" | "product" | "tiles">(name: N, ...args: Parameters<Page[N]>) =>
      tab.evaluate(
        ([called, given]) =>
          (globalThis as unknown as {products: Record<string, (...all: unknown[]) => unknown>}).products[
            called
          ]?.(...given),
        [name, args as unknown[]] as const
      ) as Promise<Awaited<ReturnType<Page[N]>>>;
    const adapter = await tab.evaluate(() => (globalThis as unknown as {products: Page}).products.adapter);
    const peak = await ask("peak");
    const measurements: Measurement[] = [row(adapter, "registers", "multiply-adds", peak)];
    let slowest = Infinity;
    for (const size of quick ? QUICK_SIZES : SIZES) {
      const expectedMs = operations(size) / slowest / 1e6;
      if (expectedMs > LONGEST_MS) {
        console.error(
          `Left out: products of ${size} and more would take ${(expectedMs / 1000).toFixed(1)} s each on ${adapter}.`
        );
        break;
      }
      for (const layout of LAYOUTS) {
        const {ours, peers} = await ask("product", size, layout, quick ? 3 : 7);
        const rate = rateOf(size, ours);
        const name = `product of ${size} x ${size}, ${layout}`;
        for (const [peer, times] of Object.entries(peers)) {
          slowest = Math.min(slowest, rateOf(size, times));
          measurements.push(row(adapter, name, "speed", rate, peer, rate / rateOf(size, times)));
        }
        measurements.push(row(adapter, name, "speed", rate, "multiply-adds on registers", rate / peak));
        if (!quick)
          measurements.push(...(await tiles(ask("tiles", size, layout), name, size, rate, adapter)));
      }
    }
    return measurements;
  } finally {
    await browser.close();
    await site.close();
  }
};

function row(
  adapter: string,
  name: string,
  metric: string,
  value: number,
  against = "",
  ratio: number | null = null
): Measurement {
  return {
    subject: "gpu",
    case: name,
    metric,
    value,
    unit: "GFLOP/s",
    against,
    ratio,
    better: "higher",
    adapter
  };
}

/** The other tiles of ours: where one is faster than the one in use, the table of tiles should be changed. */
async function tiles(
  asked: Promise<Awaited<ReturnType<typeof page.tiles>>>,
  name: string,
  size: number,
  rate: number,
  adapter: string
): Promise<Measurement[]> {
  const {tile, milliseconds} = (await asked) ?? {tile: "", milliseconds: {}};
  return Object.entries(milliseconds).map(([other, ms]) => {
    const own = operations(size) / ms / 1e6;
    return row(adapter, name, `speed, tile ${other}`, own, `ours, tile ${tile}`, own / rate);
  });
}
