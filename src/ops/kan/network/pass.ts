// The memory of one way through a network and back. It is taken once for a number of samples and then used again, so that
// loops that evaluate thousands of times take none. Everything lies node after node, the samples of each side by side.
import type {KanNetwork} from "../network.ts";

/** What one layer's way there and back needs. */
export interface LayerPass {
  /** The knots that `first` and the rest were computed for, where they are still valid for the same inputs. */
  knots: Float64Array | undefined;
  /** [inputs, samples]: the first basis function that is not zero. */
  readonly first: Int32Array;
  /** [inputs, samples, order + 1]: it and those after it, and their derivatives. */
  readonly basis: Float64Array;
  readonly basisSlopes: Float64Array;
  /** [inputs, samples]: the base function and its derivative. */
  readonly base: Float64Array;
  readonly baseSlopes: Float64Array;
  /** [inputs, outputs, samples]: what edges give, their numeric part alone and whole (the same memory where none is symbolic); empty unless kept. */
  readonly numeric: Float64Array;
  readonly whole: Float64Array;
  /** [outputs, samples]: sums of edges. */
  readonly sums: Float64Array;
  /** [nodes of the next level, samples], after multiplications and before the node's scale and bias. */
  readonly products: Float64Array;
  /** [nodes of the next level, samples]. */
  readonly values: Float64Array;
  /** Gradients by `sums` and by `values`. */
  readonly sumSlopes: Float64Array;
  readonly valueSlopes: Float64Array;
}

/** The memory for a number of samples of networks of one shape. */
export interface Pass {
  readonly samples: number;
  /** [inputs of the network, samples]. */
  readonly inputs: Float64Array;
  /** Gradient by the inputs; empty unless it is wanted. */
  readonly inputSlopes: Float64Array;
  readonly layers: readonly LayerPass[];
}

/** What of a pass is wanted. */
export interface PassOptions {
  /** Keep what each edge gives. */
  edges?: boolean;
  /** Keep room for the gradient by the network's inputs. */
  inputSlopes?: boolean;
}

/** Takes the memory of a pass. */
export function makePass(network: KanNetwork, samples: number, {edges, inputSlopes}: PassOptions = {}): Pass {
  const numbers = (count: number) => new Float64Array(count * samples);
  const layers = network.layers.map((layer): LayerPass => {
    const {inputs, outputs} = layer;
    const kept = edges ? inputs * outputs : 0;
    const nodes = layer.nodeScale.length;
    const numeric = numbers(kept);
    const isMixed = layer.symbolic.some((edge) => edge);
    return {
      knots: undefined,
      first: new Int32Array(inputs * samples),
      basis: numbers(inputs * (network.order + 1)),
      basisSlopes: numbers(inputs * (network.order + 1)),
      base: numbers(inputs),
      baseSlopes: numbers(inputs),
      numeric,
      whole: isMixed ? numbers(kept) : numeric,
      sums: numbers(outputs),
      products: numbers(nodes),
      values: numbers(nodes),
      sumSlopes: numbers(outputs),
      valueSlopes: numbers(nodes)
    };
  });
  const width = network.layers[0]?.inputs ?? 0;
  return {samples, inputs: numbers(width), inputSlopes: numbers(inputSlopes ? width : 0), layers};
}

/** Puts samples [samples, width] into a pass; what was computed of others is forgotten. */
export function takeInputs(pass: Pass, inputs: ArrayLike<number>): void {
  intoColumns(inputs, pass.samples, pass.inputs);
  for (const layer of pass.layers) layer.knots = undefined;
}

/** The outputs that a pass ended with, [nodes, samples]. */
export function outputsOf(pass: Pass): Float64Array {
  return (pass.layers.at(-1) as LayerPass).values;
}

/** The inputs of a layer of a pass, [inputs, samples]. */
export function inputsOf(pass: Pass, layer: number): Float64Array {
  return layer === 0 ? pass.inputs : (pass.layers[layer - 1] as LayerPass).values;
}

/** [samples, width] as [width, samples]. */
export function intoColumns(rows: ArrayLike<number>, samples: number, out: Float64Array): void {
  const width = out.length / samples;
  for (let s = 0; s < samples; ++s) {
    for (let i = 0; i < width; ++i) out[i * samples + s] = rows[s * width + i] as number;
  }
}

/** [width, samples] as [samples, width]. */
export function intoRows(columns: Float64Array, samples: number): Float64Array {
  const width = columns.length / samples;
  const rows = new Float64Array(columns.length);
  for (let i = 0; i < width; ++i) {
    for (let s = 0; s < samples; ++s) rows[s * width + i] = columns[i * samples + s] as number;
  }
  return rows;
}
