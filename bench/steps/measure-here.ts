import {openBackend} from "../../src/gpu/backend.ts";
import type {JaxDevice} from "./peers/jax-js.ts";
import {type Timers, timers} from "./timers.ts";

/** One thing to measure, and on what. */
export interface Order<N extends keyof Timers = keyof Timers> {
  backend: JaxDevice;
  name: N;
  args: Parameters<Timers[N]>;
}

/** What came of an order. */
export interface Measured<N extends keyof Timers = keyof Timers> {
  adapter: string;
  result: Awaited<ReturnType<Timers[N]>>;
}

/** Opens the backend, which must be the one that was asked for, and measures on it. */
export async function measureHere(
  {backend, name, args}: Order,
  wasmPaths?: Record<string, string>
): Promise<Measured> {
  const info = await openBackend({prefer: backend, ...(wasmPaths && {wasmPaths})});
  if (info.name !== backend)
    throw new Error(`No ${backend}: ${info.refused.map(({reason}) => reason).join("; ")}`);
  const timer = timers[name] as (...args: unknown[]) => Promise<Measured["result"]>;
  return {adapter: info.adapter, result: await timer(...args)};
}
