// Which tile a product is computed with, on each GPU.
import * as tf from "../tfjs.ts";
import {flush, webGpuBackend} from "../tfjs-webgpu.ts";
import {dispatch} from "../webgpu-dispatch.ts";
import {type ProductSize, TILES, type TileName, tileByTable} from "./matmul-tiles.ts";
import {matMulKernel, type Product} from "./matmul-wgsl.ts";

/** A product to find the best tile for. */
export interface TunedProduct extends ProductSize {
  transposeA: boolean;
  transposeB: boolean;
}

/** What `tune` measured of a product. */
export interface Tuning {
  product: TunedProduct;
  /** The tile that products of this class are computed with from now on. */
  tile: TileName;
  /** Milliseconds of one product, the best of several rounds, by tile. */
  milliseconds: Partial<Record<TileName, number>>;
}

/** The tiles in use, by device and class of product: one that was used once stays, so that the same numbers come out. */
const inUse = new WeakMap<GPUDevice, Map<string, TileName>>();

const ROUNDS = 4;

/** Sizes count as the next power of two: one choice holds for all of a class, whichever of them comes first. */
const classOf = ({batch, rows, columns, inner}: ProductSize): ProductSize => {
  const up = (size: number) => 2 ** Math.ceil(Math.log2(Math.max(1, size)));
  return {batch: up(batch), rows: up(rows), columns: up(columns), inner: up(inner)};
};

const keyOf = (product: TunedProduct) =>
  `${Object.values(classOf(product))} ${product.transposeA}${product.transposeB}`;

function tilesOf(device: GPUDevice): Map<string, TileName> {
  const tiles = inUse.get(device) ?? new Map<string, TileName>();
  inUse.set(device, tiles);
  return tiles;
}

/** The tile of a product: what `tune` found, or else what the table says, which is the same in every session. */
export function tileFor(device: GPUDevice, product: TunedProduct): TileName {
  const tiles = tilesOf(device);
  const key = keyOf(product);
  const tile = tiles.get(key) ?? tileByTable(classOf(product), isSoftware(device));
  tiles.set(key, tile);
  return tile;
}

/** True for adapters that compute on the CPU. */
export function isSoftware({adapterInfo}: GPUDevice): boolean {
  const {vendor, architecture, device, description, isFallbackAdapter} = adapterInfo;
  return (
    isFallbackAdapter ||
    /swiftshader|llvmpipe|lavapipe|warp|basic render/i.test(
      [vendor, architecture, device, description].join(" ")
    )
  );
}

/**
 * Measures every tile for each product and lets products of its class be computed with the fastest; classes that a product
 * was computed of already stay as they are. Sums are added up in another order then, so that the last bits differ
 * from those of a session that measured otherwise: call it before training, or not at all. Needs the webgpu backend.
 */
export async function tune(products: readonly TunedProduct[]): Promise<Tuning[]> {
  const backend = webGpuBackend();
  if (!backend)
    throw new Error(`Only products on webgpu have tiles to choose from; the backend is ${tf.getBackend()}.`);
  const tunings: Tuning[] = [];
  for (const product of products) {
    const milliseconds = await measure(product);
    const [[fastest]] = Object.entries(milliseconds).sort(([, a], [, b]) => a - b) as [[TileName, number]];
    const tiles = tilesOf(backend.device);
    // Looked up only now: somebody may have used one meanwhile.
    const tile = tiles.get(keyOf(product)) ?? fastest;
    tiles.set(keyOf(product), tile);
    tunings.push({product, tile, milliseconds});
  }
  return tunings;
}

async function measure(size: TunedProduct): Promise<Partial<Record<TileName, number>>> {
  const backend = webGpuBackend() as NonNullable<ReturnType<typeof webGpuBackend>>;
  const {batch, rows, columns, inner} = size;
  const product: Product = {...size, hasBias: false, activation: "linear"};
  const [a, b] = [tf.ones([batch, rows, inner]), tf.ones([batch, inner, columns])];
  const operands = [
    {name: "a", info: a},
    {name: "b", info: b}
  ];
  const run = async (name: TileName) => {
    const startedAt = performance.now();
    const output = {shape: [batch, rows, columns], dtype: "float32"} as const;
    const [out] = dispatch(backend, "PetriMatMul", operands, [output], matMulKernel(product, TILES[name]));
    flush(backend);
    await backend.device.queue.onSubmittedWorkDone();
    (backend as unknown as tf.KernelBackend).disposeData((out as tf.TensorInfo).dataId);
    return performance.now() - startedAt;
  };
  const milliseconds: Partial<Record<TileName, number>> = {};
  const names = candidates(backend.device);
  // The first time is for the compiler.
  for (const name of names) await run(name);
  for (let round = 0; round < ROUNDS; ++round)
    for (const name of names) milliseconds[name] = Math.min(milliseconds[name] ?? Infinity, await run(name));
  tf.dispose([a, b]);
  return milliseconds;
}

/** Software adapters emulate workgroup memory with so much work that it never pays. */
const candidates = (device: GPUDevice) =>
  (Object.keys(TILES) as TileName[]).filter(
    (name) => TILES[name].kind === "registers" || !isSoftware(device)
  );
