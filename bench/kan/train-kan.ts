import {fitGaussNewton, type GaussNewtonRow} from "../../src/ops/kan/gauss-newton/fit.ts";
import {kanNetwork} from "../../src/ops/kan/network/create.ts";
import {fitKan} from "../../src/ops/kan/network/fit.ts";
import {refine, updateGrid} from "../../src/ops/kan/network/grids.ts";
import type {KanNetwork} from "../../src/ops/kan/network.ts";
import {rmseOf, type Samples} from "./science-data.ts";

/** Share of even width in the grids: most of it, as these functions are smooth, but wider where samples are few. */
const BLEND = 0.7;

/** Short trainings by L-BFGS from several seeds, sparse at first; the best of them. */
export async function bestStart(
  width: readonly number[],
  data: Samples,
  seeds: number
): Promise<{network: KanNetwork; errors: number[]}> {
  let best: KanNetwork | undefined;
  const errors: number[] = [];
  for (let seed = 0; seed < seeds; seed++) {
    let network = kanNetwork({width, grid: 3, seed});
    for (let round = 0; round < 8; round++)
      network = await fitted(network, data, {steps: 1, gridUpdates: 1, lamb: round < 3 ? 0.002 : 0});
    const error = rmseOf(network, data);
    if (!best || error < Math.min(...errors)) best = network;
    errors.push(error);
  }
  return {network: best as KanNetwork, errors};
}

/** The same network on finer and finer grids: L-BFGS while grids follow the samples, then Gauss-Newton steps. */
export async function* extended(
  start: KanNetwork,
  {train, grids, steps}: {train: Samples; grids: readonly number[]; steps: number}
): AsyncGenerator<{grid: number; network: KanNetwork}> {
  let network = start;
  for (const grid of grids) {
    if (grid > (network.layers[0]?.intervals as number)) network = refine(network, train.inputs, grid);
    network = await fitted(network, train, {steps: 8, gridUpdates: 1, gridUpdateStop: 5, blend: BLEND});
    network = updateGrid(network, train.inputs, {blend: BLEND});
    let last: GaussNewtonRow | undefined;
    for await (const row of fitGaussNewton(network, train, {steps})) last = row;
    network = last?.network ?? network;
    yield {grid, network};
  }
}

async function fitted(
  network: KanNetwork,
  data: Samples,
  options: Parameters<typeof fitKan>[2]
): Promise<KanNetwork> {
  const training = fitKan(network, data, options);
  while (!(await training.next()).done);
  return training.network;
}

/** Coefficients and scales of a network. */
export function sizeOf(network: KanNetwork): number {
  return network.layers.reduce(
    (sum, layer) => sum + layer.coefficients.length + 2 * layer.baseScale.length,
    0
  );
}
