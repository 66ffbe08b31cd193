import {ArgumentError, ShapeError} from "../../core/errors.ts";
import type {KanNetwork} from "../network.ts";
import {backward} from "./backward.ts";
import {forward} from "./forward.ts";
import {type LayerParameters, layerViews, parameterSize} from "./parameters.ts";
import {intoColumns, intoRows, type LayerPass, makePass, outputsOf, takeInputs} from "./pass.ts";
import {countInputs, type Numbers} from "./samples.ts";

/** Outputs with gradients of sum(outputs * weights). */
export interface KanGradients {
  /** [samples, outputs]. */
  readonly outputs: Float64Array;
  /** [samples, inputs]. */
  readonly inputs: Float64Array;
  /** For each layer its parts, of their own shapes; `symbolic` is [inputs, outputs, 4], empty where no edge is symbolic. */
  readonly layers: readonly LayerParameters[];
}

/**
 * What a network gives for inputs [samples, inputs], and the gradient of sum(outputs * weights) by the inputs and by all
 * numbers of the network; `weights` are [samples, outputs], 1 by default. @throws ShapeError, ArgumentError
 *
 * @example
 * import {gradients, kanNetwork} from "petri/kan";
 *
 * const {inputs, layers} = gradients(kanNetwork({width: [2, 1], seed: 3}), [0.1, 0.2]);
 * display({byInputs: inputs, byCoefficients: layers[0].coefficients});
 */
export function gradients(network: KanNetwork, inputs: Numbers, weights?: Numbers): KanGradients {
  const samples = countInputs(network, inputs);
  const pass = makePass(network, samples, {inputSlopes: true});
  takeInputs(pass, inputs);
  forward(network, pass);
  const {valueSlopes} = pass.layers.at(-1) as LayerPass;
  if (weights) checkWeights(weights, valueSlopes.length);
  if (weights) intoColumns(weights, samples, valueSlopes);
  else valueSlopes.fill(1);
  const layers = layerViews(network, new Float64Array(parameterSize(network)));
  backward(network, pass, layers);
  return {
    outputs: intoRows(outputsOf(pass), samples),
    inputs: intoRows(pass.inputSlopes, samples),
    layers
  };
}

function checkWeights(weights: Numbers, count: number): void {
  if (weights.length !== count)
    throw new ShapeError(`weights must be one for each output, ${count}, got ${weights.length}.`);
  for (let i = 0; i < count; ++i)
    if (!Number.isFinite(weights[i]))
      throw new ArgumentError(`weights must be finite numbers, got ${String(weights[i])} at ${i}.`);
}
