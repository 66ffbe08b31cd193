import {openBackend} from "../../../src/gpu/backend.ts";
import {measurePeak} from "./peak.ts";
import {type Layout, timeProduct, timeTiles} from "./time-product.ts";

const info = await openBackend({prefer: "webgpu"});
if (info.name !== "webgpu")
  throw new Error(`No webgpu: ${info.refused.map(({reason}) => reason).join("; ")}`);

/** What the bench asks the page for. */
export const page = {
  adapter: info.adapter,
  peak: measurePeak,
  product: (size: number, layout: Layout, rounds: number) => timeProduct(size, layout, rounds),
  tiles: timeTiles
};

Object.assign(globalThis, {products: page});
