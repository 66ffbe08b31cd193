import wasmAddress from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simdAddress from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threadedAddress from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";
import {openBackend} from "../../src/gpu/backend.ts";
import type {BackendName} from "../../src/gpu/types.ts";
import {jaxJs} from "./jax-js.ts";
import {ours} from "./ours.ts";
import {plainTfjs} from "./plain-tfjs.ts";
import {type Contender, makeTask} from "./task.ts";

/** What one contender did on a backend. */
export interface Timing {
  name: string;
  /** Milliseconds a step, one number a round. */
  stepMs: number[];
  /** WebGPU dispatches a step; 0 elsewhere. */
  dispatches: number;
  /** After all rounds: contenders that compute the same agree. */
  loss: number;
}

export interface StepTimings {
  adapter: string;
  timings: Timing[];
}

const wasmPaths = {
  "tfjs-backend-wasm.wasm": wasmAddress,
  "tfjs-backend-wasm-simd.wasm": simdAddress,
  "tfjs-backend-wasm-threaded-simd.wasm": threadedAddress
};

/** All contenders on one backend, round by round in turn, so that a busy machine disturbs all alike. */
async function timeSteps(backend: BackendName, rounds: number, steps: number): Promise<StepTimings> {
  const info = await openBackend({prefer: backend, wasmPaths});
  if (info.name !== backend)
    throw new Error(`No ${backend}: ${info.refused.map(({reason}) => reason).join("; ")}`);
  const task = makeTask();
  const contenders: [string, Contender][] = [
    ["petri", ours(task)],
    ["tfjs", plainTfjs(task)]
  ];
  if (backend !== "cpu") contenders.push(["jax-js", await jaxJs(task, backend)]);
  const timings: Timing[] = [];
  for (const [name, contender] of contenders) {
    // The first step compiles; the second shows how many dispatches it takes.
    contender.step();
    await contender.sync();
    const before = dispatched;
    contender.step();
    timings.push({name, stepMs: [], dispatches: dispatched - before, loss: await contender.sync()});
  }
  for (let round = 0; round < rounds; ++round) {
    for (const [i, [, contender]] of contenders.entries()) {
      const start = performance.now();
      for (let step = 0; step < steps; ++step) contender.step();
      const timing = timings[i] as Timing;
      timing.loss = await contender.sync();
      timing.stepMs.push((performance.now() - start) / steps);
    }
  }
  return {adapter: info.adapter, timings};
}

let dispatched = 0;
if (typeof GPUComputePassEncoder !== "undefined") {
  const {dispatchWorkgroups} = GPUComputePassEncoder.prototype;
  GPUComputePassEncoder.prototype.dispatchWorkgroups = function (...sizes) {
    ++dispatched;
    return dispatchWorkgroups.apply(this, sizes);
  };
}

Object.assign(globalThis, {timeSteps});
