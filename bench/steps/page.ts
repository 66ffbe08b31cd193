import wasmAddress from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simdAddress from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threadedAddress from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";
import {openBackend} from "../../src/gpu/backend.ts";
import {type ModelName, models} from "./models/index.ts";
import type {JaxDevice} from "./peers/jax-js.ts";
import type {Contender} from "./task.ts";

/** What one contender did. */
export interface Timing {
  name: string;
  /** Milliseconds a step, one number a round. */
  stepMs: number[];
  /** After the first steps: contenders that compute the same agree. */
  losses: number[];
}

export interface StepTimings {
  adapter: string;
  timings: Timing[];
}

/** Steps before the clock starts, whose losses are compared. */
const FIRST_STEPS = 5;

const wasmPaths = {
  "tfjs-backend-wasm.wasm": wasmAddress,
  "tfjs-backend-wasm-simd.wasm": simdAddress,
  "tfjs-backend-wasm-threaded-simd.wasm": threadedAddress
};

/** All contenders on one model, round by round in turn, so that a busy machine disturbs all alike. */
async function timeSteps(
  backend: JaxDevice,
  model: ModelName,
  rounds: number,
  roundMs: number
): Promise<StepTimings> {
  const info = await openBackend({prefer: backend, wasmPaths});
  if (info.name !== backend)
    throw new Error(`No ${backend}: ${info.refused.map(({reason}) => reason).join("; ")}`);
  const contenders = Object.entries(models[model]);
  const running: {timing: Timing; contender: Contender; steps: number}[] = [];
  for (const [name, open] of contenders) {
    const contender = await open(backend);
    const losses: number[] = [];
    let ms = 0;
    for (let step = 0; step < FIRST_STEPS; ++step) {
      const start = performance.now();
      contender.step();
      losses.push(await contender.sync());
      ms = performance.now() - start;
    }
    running.push({
      timing: {name, stepMs: [], losses},
      contender,
      steps: Math.max(1, Math.round(roundMs / ms))
    });
  }
  for (let round = 0; round < rounds; ++round) {
    for (const {timing, contender, steps} of running) {
      const start = performance.now();
      for (let step = 0; step < steps; ++step) contender.step();
      await contender.sync();
      timing.stepMs.push((performance.now() - start) / steps);
    }
  }
  return {adapter: info.adapter, timings: running.map(({timing}) => timing)};
}

Object.assign(globalThis, {timeSteps});
