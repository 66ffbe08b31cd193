// Grids of whole networks that follow the samples, or become finer, while the functions stay.
import {checkCount} from "../../core/errors.ts";
import {refinedKnots} from "../grid/adapted.ts";
import {refitted} from "../grid/refitted.ts";
import {updatedGrid} from "../grid/updated.ts";
import type {KanLayer, KanNetwork} from "../network.ts";
import {checkOptionNames} from "../option-names.ts";
import {forwardLayer} from "./forward.ts";
import {inputsOf, intoRows, makePass, takeInputs} from "./pass.ts";
import {countInputs, type Numbers} from "./samples.ts";

/** How new grids are chosen. */
export interface UpdateGridOptions {
  /** Share of even width: 1 is uniform, 0 has as many samples in every interval. 0.02 by default. */
  blend?: number;
  /** Where the functions are kept: at the samples (by default), or at the points of a grid twice as fine. */
  at?: "samples" | "grid";
}

/**
 * The network on grids that reach from the first to the last sample of every node, fitted anew to its functions: pykan's
 * update_grid_from_samples, layer by layer from the inputs [samples, inputs]. A node that never changes keeps its grid.
 * @throws ShapeError, ArgumentError
 */
export function updateGrid(
  network: KanNetwork,
  inputs: Numbers,
  options: UpdateGridOptions = {}
): KanNetwork {
  checkOptionNames("updateGrid", options, {blend: true, at: true});
  const {blend = 0.02, at = "samples"} = options;
  return layerByLayer(network, inputs, (layer, x) => {
    const {knots, coefficients, inputs: from, outputs} = layer;
    const splines = {x, knots, coefficients, inputs: from, outputs, order: network.order};
    return {...layer, ...updatedGrid({...splines, blend, at})};
  });
}

/**
 * The network on grids of `intervals` intervals over the same ranges, its functions fitted anew at the inputs
 * [samples, inputs]: pykan's refine. Finer grids need samples enough. @throws ShapeError, ArgumentError
 *
 * @example
 * import {kanNetwork, predict, refine} from "petri/kan";
 *
 * const coarse = kanNetwork({width: [1, 1], grid: 3, seed: 2});
 * const inputs = Float64Array.from({length: 200}, (_, i) => i / 100 - 1);
 * const fine = refine(coarse, inputs, 10);
 * const [before, after] = [predict(coarse, inputs), predict(fine, inputs)];
 * display({intervals: fine.layers[0].intervals, most: Math.max(...before.map((y, i) => Math.abs(y - after[i])))});
 */
export function refine(network: KanNetwork, inputs: Numbers, intervals: number): KanNetwork {
  checkCount("intervals", intervals);
  const {order} = network;
  const samples = countInputs(network, inputs);
  const pass = makePass(network, samples);
  takeInputs(pass, inputs);
  const layers = network.layers.map((layer, l) => {
    const x = intoRows(inputsOf(pass, l), samples);
    // The samples of the next layer are the old network's.
    forwardLayer(network, pass, l);
    const newKnots = refinedKnots({...layer, order, intervals});
    return {...layer, intervals, knots: newKnots, coefficients: refitted({...layer, order, x, newKnots})};
  });
  return {...network, layers};
}

/** Each layer made anew, from what the layers made before it give for the inputs. */
function layerByLayer(
  network: KanNetwork,
  inputs: Numbers,
  change: (layer: KanLayer, x: Float64Array) => KanLayer
): KanNetwork {
  const samples = countInputs(network, inputs);
  const pass = makePass(network, samples);
  takeInputs(pass, inputs);
  const layers = [...network.layers];
  for (const [l, layer] of network.layers.entries()) {
    layers[l] = change(layer, intoRows(inputsOf(pass, l), samples));
    forwardLayer({...network, layers}, pass, l);
  }
  return {...network, layers};
}
