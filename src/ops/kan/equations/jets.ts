// Values of a network with their first and second derivatives by each input (a jet: value, slopes, curvatures), one
// sample at a time, and the way back from what depends on an output's jet to the numbers of the network.
import {ArgumentError} from "../../core/errors.ts";
import {type KanLayer, type KanNetwork, nodeCount} from "../network.ts";
import {basisDerivativesAt} from "../spline/basis.ts";
import {writeBaseDerivatives} from "./base-derivatives.ts";

/** Derivatives of basis functions and base functions that the way back needs: 0 to 3. */
const TIMES = 4;

/** One layer's numbers for one sample. A jet is 1 + 2 directions numbers: value, slopes, curvatures. */
interface LayerJets {
  /** [inputs]: the first basis function that is not zero. */
  readonly first: Int32Array;
  /** [4, inputs, order + 1] and [4, inputs]: derivatives 0 to 3. */
  readonly basis: readonly Float64Array[];
  readonly base: readonly Float64Array[];
  /** [nodes, jet]: what goes in, and what the loss changes by with it. */
  readonly inputs: Float64Array;
  readonly inputSlopes: Float64Array;
  /** [outputs, jet]: sums of edges, and the same of them. */
  readonly sums: Float64Array;
  readonly sumSlopes: Float64Array;
}

/** The memory for jets of networks of one shape, and what was computed last. */
export class Jets {
  /** Inputs of the network: directions of derivatives. */
  readonly directions: number;
  /** Numbers of a jet. */
  readonly size: number;
  /** [outputs, jet]. */
  readonly outputs: Float64Array;
  /** [outputs, jet]: what `backward` begins with. */
  readonly outputSlopes: Float64Array;
  private readonly layers: readonly LayerJets[];
  private readonly values: Float64Array;
  private readonly baseValues = new Float64Array(TIMES);

  /** @throws ArgumentError for networks with products or symbolic edges */
  constructor(network: KanNetwork) {
    checkAdds(network);
    const {order, layers} = network;
    this.directions = (layers[0] as KanLayer).inputs;
    this.size = 1 + 2 * this.directions;
    const times = <T>(make: () => T) => Array.from({length: TIMES}, make);
    this.layers = layers.map(({inputs, outputs}) => ({
      first: new Int32Array(inputs),
      basis: times(() => new Float64Array(inputs * (order + 1))),
      base: times(() => new Float64Array(inputs)),
      inputs: new Float64Array(inputs * this.size),
      inputSlopes: new Float64Array(inputs * this.size),
      sums: new Float64Array(outputs * this.size),
      sumSlopes: new Float64Array(outputs * this.size)
    }));
    const last = (layers.at(-1) as KanLayer).outputs;
    this.outputs = new Float64Array(last * this.size);
    this.outputSlopes = new Float64Array(last * this.size);
    this.values = new Float64Array(order + 1);
  }

  /** The outputs' jets at row `s` of inputs [samples, directions]. */
  forward(network: KanNetwork, x: ArrayLike<number>, s: number): void {
    const {directions, size} = this;
    const {inputs} = this.layers[0] as LayerJets;
    inputs.fill(0);
    for (let d = 0; d < directions; d++) {
      inputs[d * size] = x[s * directions + d] as number;
      inputs[d * size + 1 + d] = 1;
    }
    network.layers.forEach((layer, l) => {
      this.layer(network, layer, l);
    });
  }

  /** From `outputSlopes` to the slopes of every layer's sums. */
  backward(network: KanNetwork): void {
    for (let l = network.layers.length - 1; l >= 0; l--) {
      const layer = network.layers[l] as KanLayer;
      const own = this.layers[l] as LayerJets;
      const above = (this.layers[l + 1] as LayerJets | undefined)?.inputSlopes ?? this.outputSlopes;
      for (let at = 0; at < own.sumSlopes.length; at++) {
        const j = Math.floor(at / this.size);
        own.sumSlopes[at] = (above[at] as number) * scaleOf(layer, j);
      }
      if (l === 0) return;
      own.inputSlopes.fill(0);
      for (let e = 0; e < layer.mask.length; e++) if (layer.mask[e]) this.edgeBackward(layer, own, e);
    }
  }

  /**
   * After `backward`: writes what the loss changes by with the functions from input i to output j, the order + 1 basis
   * functions from `firstOf` on, into `out` from `to` on.
   */
  writeSlopes(l: number, i: number, j: number, scale: number, out: Float64Array, to: number): void {
    const {sumSlopes, inputs, basis} = this.layers[l] as LayerJets;
    const {size, directions} = this;
    const [from, x, width] = [j * size, i * size, this.values.length];
    const [b0, b1, b2] = basis as [Float64Array, Float64Array, Float64Array];
    const value = sumSlopes[from] as number;
    let first = 0;
    let second = 0;
    for (let d = 1; d <= directions; d++) {
      const rise = inputs[x + d] as number;
      const bending = sumSlopes[from + directions + d] as number;
      first += (sumSlopes[from + d] as number) * rise + bending * (inputs[x + directions + d] as number);
      second += bending * rise * rise;
    }
    for (let at = i * width, b = 0; b < width; at++, b++)
      out[to + b] =
        scale * (value * (b0[at] as number) + first * (b1[at] as number) + second * (b2[at] as number));
  }

  firstOf(l: number, i: number): number {
    return (this.layers[l] as LayerJets).first[i] as number;
  }

  private layer(network: KanNetwork, layer: KanLayer, l: number): void {
    const own = this.layers[l] as LayerJets;
    const {size} = this;
    this.bases(network, layer, own);
    own.sums.fill(0);
    for (let e = 0; e < layer.mask.length; e++) if (layer.mask[e]) this.edge(layer, own, e);
    const to = (this.layers[l + 1] as LayerJets | undefined)?.inputs ?? this.outputs;
    for (let at = 0; at < own.sums.length; at++) {
      const j = Math.floor(at / size);
      const isValue = at % size === 0;
      to[at] = scaleOf(layer, j) * (own.sums[at] as number) + (isValue ? biasOf(layer, j) : 0);
    }
  }

  private bases({order, base}: KanNetwork, {inputs, knots}: KanLayer, own: LayerJets): void {
    const count = knots.length / inputs;
    const {values, baseValues, size} = this;
    for (let i = 0; i < inputs; i++) {
      const x = own.inputs[i * size] as number;
      writeBaseDerivatives(base, x, baseValues);
      for (let times = 0; times < TIMES; times++) {
        own.first[i] = basisDerivativesAt(x, knots, i * count, count, order, times, values);
        (own.basis[times] as Float64Array).set(values, i * (order + 1));
        (own.base[times] as Float64Array)[i] = baseValues[times] as number;
      }
    }
  }

  /** Adds an edge's jet to its sum: f(x)'' = f'' x'^2 + f' x''. */
  private edge(layer: KanLayer, own: LayerJets, e: number): void {
    const {size, directions} = this;
    const [i, j] = [Math.floor(e / layer.outputs), e % layer.outputs];
    const value = this.derivative(layer, own, e, 0);
    const slope = this.derivative(layer, own, e, 1);
    const curvature = this.derivative(layer, own, e, 2);
    const {inputs, sums} = own;
    const [x, to] = [i * size, j * size];
    sums[to] = (sums[to] as number) + value;
    for (let d = 1; d <= directions; d++) {
      const rise = inputs[x + d] as number;
      const bend = inputs[x + directions + d] as number;
      sums[to + d] = (sums[to + d] as number) + slope * rise;
      sums[to + directions + d] =
        (sums[to + directions + d] as number) + curvature * rise * rise + slope * bend;
    }
  }

  private edgeBackward(layer: KanLayer, own: LayerJets, e: number): void {
    const {size, directions} = this;
    const [i, j] = [Math.floor(e / layer.outputs), e % layer.outputs];
    const slope = this.derivative(layer, own, e, 1);
    const curvature = this.derivative(layer, own, e, 2);
    const third = this.derivative(layer, own, e, 3);
    const {inputs, inputSlopes, sumSlopes} = own;
    const [x, from] = [i * size, j * size];
    let byValue = (sumSlopes[from] as number) * slope;
    for (let d = 1; d <= directions; d++) {
      const rise = inputs[x + d] as number;
      const bend = inputs[x + directions + d] as number;
      const rising = sumSlopes[from + d] as number;
      const bending = sumSlopes[from + directions + d] as number;
      byValue += rising * curvature * rise + bending * (third * rise * rise + curvature * bend);
      inputSlopes[x + d] = (inputSlopes[x + d] as number) + rising * slope + 2 * bending * curvature * rise;
      inputSlopes[x + directions + d] = (inputSlopes[x + directions + d] as number) + bending * slope;
    }
    inputSlopes[x] = (inputSlopes[x] as number) + byValue;
  }

  /** An edge's function, or a derivative of it, at its input. */
  private derivative(layer: KanLayer, own: LayerJets, e: number, times: number): number {
    const i = Math.floor(e / layer.outputs);
    const width = this.values.length;
    const basis = own.basis[times] as Float64Array;
    const from = e * (layer.coefficients.length / layer.mask.length) + (own.first[i] as number);
    let spline = 0;
    for (let b = 0; b < width; b++)
      spline += (layer.coefficients[from + b] as number) * (basis[i * width + b] as number);
    const base = (own.base[times] as Float64Array)[i] as number;
    return (
      (layer.mask[e] as number) *
      ((layer.baseScale[e] as number) * base + (layer.splineScale[e] as number) * spline)
    );
  }
}

function scaleOf({nodeScale, subnodeScale}: KanLayer, j: number): number {
  return (nodeScale[j] as number) * (subnodeScale[j] as number);
}

function biasOf({nodeScale, subnodeBias, nodeBias}: KanLayer, j: number): number {
  return (nodeScale[j] as number) * (subnodeBias[j] as number) + (nodeBias[j] as number);
}

function checkAdds({levels, layers}: KanNetwork): void {
  if (levels.some(({multiply}) => multiply > 0))
    throw new ArgumentError(
      "Derivatives by inputs are computed for networks whose nodes add, this one has nodes that multiply. Give kanNetwork plain widths, such as [2, 5, 1]."
    );
  if (layers.some(({symbolic}) => symbolic.some((edge) => edge)))
    throw new ArgumentError(
      "Derivatives by inputs are computed for networks of splines, this one has symbolic edges. Unfix them with unfixSymbolic."
    );
}

/** Outputs of a network. */
export function outputCount(network: KanNetwork): number {
  return nodeCount(network.levels.at(-1) as KanNetwork["levels"][number]);
}
