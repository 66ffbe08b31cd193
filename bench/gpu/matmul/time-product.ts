import {blockUntilReady, defaultDevice, init, type Array as JaxArray, jit, numpy as np} from "@jax-js/jax";
import {tune} from "../../../src/gpu/kernels/autotune.ts";
import {matMul} from "../../../src/gpu/kernels/matmul.ts";
import * as tf from "../../../src/gpu/tfjs.ts";
import {flush, webGpuBackend} from "../../../src/gpu/tfjs-webgpu.ts";

/** Which operands are transposed: NN neither, NT the right one, as back to the inputs, TN the left one, as back to the weights. */
export type Layout = "NN" | "NT" | "TN";

/** Milliseconds of one product, one number a round, by library. */
export interface ProductTimings {
  ours: number[];
  peers: Record<string, number[]>;
}

/** One library at work on a product. */
interface Contender {
  /** Keeps the product until `done`: a library that puts work off never does it for a result that is gone by then. */
  multiply(): void;
  /** Waits until all products are computed. */
  done(): Promise<void>;
  result(): Promise<Float32Array>;
  dispose(): void;
}

/** A round takes so long at least, in milliseconds, by repeating the product. */
const ROUND_MS = 60;

/** The product of two square matrices by all libraries, round by round in turn, so that a busy machine disturbs all alike. */
export async function timeProduct(size: number, layout: Layout, rounds: number): Promise<ProductTimings> {
  const [a, b] = [numbers(size, 1), numbers(size, 2)];
  const contenders: Record<string, Contender> = {
    petri: onTfjs(a, b, size, (x, y) => matMul(x, y, undefined, transposes(layout))),
    tfjs: onTfjs(a, b, size, (x, y) => tf.matMul(x, y, layout === "TN", layout === "NT")),
    "jax-js": await onJaxJs(a, b, size, layout)
  };
  const times: Record<string, number[]> = {};
  const repeats: Record<string, number> = {};
  const wanted = await ownResult(contenders.petri as Contender);
  for (const [name, contender] of Object.entries(contenders)) {
    checkSame(name, await ownResult(contender), wanted);
    repeats[name] = Math.max(1, Math.round(ROUND_MS / (await time(contender, 1))));
    times[name] = [];
  }
  for (let round = 0; round < rounds; ++round)
    for (const [name, contender] of Object.entries(contenders))
      times[name]?.push(await time(contender, repeats[name] as number));
  for (const contender of Object.values(contenders)) contender.dispose();
  const {petri = [], ...peers} = times;
  return {ours: petri, peers};
}

/** Milliseconds of one product with each of our tiles, and the tile that is in use. */
export async function timeTiles(size: number, layout: Layout) {
  const product = {batch: 1, rows: size, columns: size, inner: size, ...transposes(layout)};
  const [tuning] = await tune([product]);
  return tuning;
}

const transposes = (layout: Layout) => ({transposeA: layout === "TN", transposeB: layout === "NT"});

async function time(contender: Contender, repeats: number): Promise<number> {
  await contender.done();
  const startedAt = performance.now();
  for (let i = 0; i < repeats; ++i) contender.multiply();
  await contender.done();
  return (performance.now() - startedAt) / repeats;
}

async function ownResult(contender: Contender): Promise<Float32Array> {
  contender.multiply();
  return contender.result();
}

function checkSame(name: string, values: Float32Array, wanted: Float32Array): void {
  const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(value - (wanted[i] as number))), 0);
  if (!(worst < 1e-2)) throw new Error(`${name} gives another product: it differs by ${worst}.`);
}

function onTfjs(
  a: Float32Array,
  b: Float32Array,
  size: number,
  product: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor
): Contender {
  const [x, y] = [tf.tensor2d(a, [size, size]), tf.tensor2d(b, [size, size])];
  const outs: tf.Tensor[] = [];
  return {
    multiply() {
      outs.push(product(x, y));
    },
    async done() {
      const backend = webGpuBackend();
      if (!backend) throw new Error("Products are timed on webgpu.");
      flush(backend);
      await backend.device.queue.onSubmittedWorkDone();
      tf.dispose(outs.splice(0));
    },
    result: async () => (await outs.at(-1)?.data()) as Float32Array,
    dispose: () => tf.dispose([x, y, ...outs])
  };
}

async function onJaxJs(a: Float32Array, b: Float32Array, size: number, layout: Layout): Promise<Contender> {
  await init("webgpu");
  defaultDevice("webgpu");
  const [x, y] = [a, b].map((values) =>
    np.array(values as Float32Array<ArrayBuffer>).reshape([size, size])
  ) as [JaxArray, JaxArray];
  const product = jit((left: JaxArray, right: JaxArray) =>
    np.matmul(layout === "TN" ? np.transpose(left) : left, layout === "NT" ? np.transpose(right) : right)
  );
  const outs: JaxArray[] = [];
  return {
    multiply() {
      outs.push(product(x.ref, y.ref));
    },
    async done() {
      if (outs.length > 0) await blockUntilReady(outs);
      for (const out of outs.splice(0)) out.dispose();
    },
    result: async () => (await outs.at(-1)?.ref.data()) as Float32Array,
    dispose() {
      for (const each of [x, y, ...outs]) each.dispose();
    }
  };
}

/** The same for everyone, in [-0.5, 0.5). */
function numbers(size: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({length: size * size}, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  });
}
