import {fit} from "./gpu/fit.ts";
import {matmul} from "./gpu/matmul.ts";
import {packing} from "./gpu/packing.ts";
import {modelSteps} from "./gpu/steps.ts";
import type {Bench, Measurement} from "./measurement.ts";
import {openNode} from "./steps/open-node.ts";
import {openStepsPage} from "./steps/open-page.ts";
import type {Place} from "./steps/place.ts";

/** A part that is measured in a place of its own. */
const within =
  (open: () => Promise<Place>, measure: (place: Place, quick: boolean) => ReturnType<Bench>): Bench =>
  async ({quick}) => {
    const place = await open();
    try {
      return await measure(place, quick);
    } finally {
      await place.close();
    }
  };

/** What training costs on the GPU and on its fallback, beside tfjs and jax-js, in Chromium. */
export const gpu: Record<string, Bench> = {
  steps: within(openStepsPage, modelSteps("webgpu")),
  "wasm steps": within(openStepsPage, modelSteps("wasm")),
  matmul,
  packing: within(openStepsPage, packing),
  fit: within(openStepsPage, fit)
};

/** The same on WebGPU in Node, without a browser. */
export const gpuInNode: Record<string, Bench> = {
  steps: within(openNode, modelSteps("webgpu")),
  packing: within(openNode, packing),
  fit: within(openNode, fit)
};

/** A training step of a small network, where training is one of many subjects. */
export const mlpStep: Bench = within(openStepsPage, async (place, quick) => {
  const rows: Measurement[] = [];
  for (const backend of ["wasm", "webgpu"] as const)
    rows.push(...(await modelSteps(backend, ["MLP 784-300-100-10"])(place, quick)));
  return rows.map((row) => ({...row, subject: "runtime"}));
});
