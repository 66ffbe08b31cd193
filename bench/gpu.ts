import {fit} from "./gpu/fit.ts";
import {matmul} from "./gpu/matmul.ts";
import {packing} from "./gpu/packing.ts";
import {modelSteps} from "./gpu/steps.ts";
import type {Bench, Measurement} from "./measurement.ts";
import {openNode} from "./steps/open-node.ts";
import {within} from "./steps/within.ts";

/** What training costs on the GPU and on its fallback, beside tfjs and jax-js, in Chromium. */
export const gpu: Record<string, Bench> = {
  steps: within(modelSteps("webgpu")),
  "wasm steps": within(modelSteps("wasm")),
  matmul,
  packing: within(packing),
  fit: within(fit)
};

/** The same on WebGPU in Node, without a browser. */
export const gpuInNode: Record<string, Bench> = {
  steps: within(modelSteps("webgpu"), openNode),
  packing: within(packing, openNode),
  fit: within(fit, openNode)
};

/** A training step of a small network, where training is one of many subjects. */
export const mlpStep: Bench = within(async (place, quick) => {
  const rows: Measurement[] = [];
  for (const backend of ["wasm", "webgpu"] as const)
    rows.push(...(await modelSteps(backend, ["MLP 784-300-100-10"])(place, quick)));
  return rows.map((row) => ({...row, subject: "runtime"}));
});
