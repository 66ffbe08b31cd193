import {countInputs, type Numbers} from "../network/samples.ts";
import type {KanNetwork} from "../network.ts";
import {Jets, outputCount} from "./jets.ts";

/** What a network gives and how that changes with each input. */
export interface KanDerivatives {
  /** [samples, outputs]. */
  readonly values: Float64Array;
  /** [samples, outputs, inputs]: first derivatives. */
  readonly slopes: Float64Array;
  /** [samples, outputs, inputs]: second derivatives by each input alone, whose sum is the Laplacian. */
  readonly curvatures: Float64Array;
}

/**
 * A network's outputs at inputs [samples, inputs] with their first and second derivatives, exact but for rounding (no
 * differences). Nodes must add, edges be splines. @throws ArgumentError, ShapeError
 *
 * @example
 * import {derivatives, kanNetwork} from "petri/kan";
 *
 * display(derivatives(kanNetwork({width: [2, 3, 1], seed: 3}), [0.1, -0.2]));
 */
export function derivatives(network: KanNetwork, inputs: Numbers): KanDerivatives {
  const samples = countInputs(network, inputs);
  const jets = new Jets(network);
  const {directions, size} = jets;
  const outputs = outputCount(network);
  const values = new Float64Array(samples * outputs);
  const slopes = new Float64Array(values.length * directions);
  const curvatures = new Float64Array(values.length * directions);
  for (let s = 0; s < samples; s++) {
    jets.forward(network, inputs, s);
    for (let o = 0; o < outputs; o++) {
      const at = s * outputs + o;
      const jet = o * size + 1;
      values[at] = jets.outputs[o * size] as number;
      slopes.set(jets.outputs.subarray(jet, jet + directions), at * directions);
      curvatures.set(jets.outputs.subarray(jet + directions, jet + 2 * directions), at * directions);
    }
  }
  return {values, slopes, curvatures};
}
