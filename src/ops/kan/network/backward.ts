import {
  type KanLayer,
  type KanLevel,
  type KanNetwork,
  nodeCount,
  type SymbolicEdge,
  subnodesOf
} from "../network.ts";
import {finiteDerivative, finiteValue, symbolicFunction} from "../symbolic/functions.ts";
import type {LayerParameters} from "./parameters.ts";
import {inputsOf, type LayerPass, type Pass} from "./pass.ts";

/**
 * What a penalty on standard deviations adds to the gradient of a layer: a value v with gain g and mean m gets g * (v - m).
 * All of [edges], [inputs] or [subnodes].
 */
export interface Spread {
  readonly numeric: Float64Array;
  readonly numericMean: Float64Array;
  readonly whole: Float64Array;
  readonly wholeMean: Float64Array;
  readonly input: Float64Array;
  readonly inputMean: Float64Array;
  readonly sum: Float64Array;
  readonly sumMean: Float64Array;
}

/**
 * The way back after `forward`: reads the gradient by the outputs from the last layer's `valueSlopes`, and adds the gradients of
 * all numbers to `gradient` (layerViews of a vector). With `spreads`, those of a penalty are added on the way.
 */
export function backward(
  network: KanNetwork,
  pass: Pass,
  gradient: readonly LayerParameters[],
  spreads?: readonly Spread[]
): void {
  for (let l = network.layers.length - 1; l >= 0; --l) {
    const below = l === 0 ? pass.inputSlopes : (pass.layers[l - 1] as LayerPass).valueSlopes;
    new LayerBackward(network, pass, l, gradient[l] as LayerParameters, below, spreads?.[l]).run();
  }
}

/** One layer's way back; `below` takes the gradient by the layer's inputs, where there is room for it. */
class LayerBackward {
  private readonly layer: KanLayer;
  private readonly own: LayerPass;
  private readonly x: Float64Array;
  private readonly samples: number;
  private readonly width: number;
  private readonly level: KanLevel;
  private readonly arity: number;

  constructor(
    network: KanNetwork,
    pass: Pass,
    l: number,
    private readonly gradient: LayerParameters,
    private readonly below: Float64Array,
    private readonly spread: Spread | undefined
  ) {
    this.layer = network.layers[l] as KanLayer;
    this.own = pass.layers[l] as LayerPass;
    this.x = inputsOf(pass, l);
    this.samples = pass.samples;
    this.width = network.order + 1;
    this.level = network.levels[l + 1] as KanLevel;
    this.arity = network.arity;
  }

  run(): void {
    const {layer, below, spread, samples} = this;
    this.nodes();
    below.fill(0);
    for (let i = 0; i < layer.inputs; ++i) {
      for (let j = 0; j < layer.outputs; ++j) this.edge(i, j);
      const gain = spread?.input[i] ?? 0;
      if (gain === 0 || below.length === 0) continue;
      const mean = spread?.inputMean[i] as number;
      for (let at = i * samples; at < (i + 1) * samples; ++at) {
        below[at] = (below[at] as number) + gain * ((this.x[at] as number) - mean);
      }
    }
  }

  /** From the values of the next level to the sums of subnodes. */
  private nodes(): void {
    const {layer, own, gradient, samples} = this;
    const {valueSlopes, products} = own;
    for (let node = 0; node < nodeCount(this.level); ++node) {
      let scaleSlope = 0;
      let biasSlope = 0;
      for (let at = node * samples; at < (node + 1) * samples; ++at) {
        const slope = valueSlopes[at] as number;
        scaleSlope += slope * (products[at] as number);
        biasSlope += slope;
      }
      add(gradient.nodeScale, node, scaleSlope);
      add(gradient.nodeBias, node, biasSlope);
      const {start, end} = subnodesOf(this.level, this.arity, node);
      for (let j = start; j < end; ++j) this.subnode(node, j, start, end, layer.nodeScale[node] as number);
    }
  }

  /** Subnode j of those from `start` to `end` that a node multiplies: the others are factors of its slope. */
  private subnode(node: number, j: number, start: number, end: number, nodeScale: number): void {
    const {own, layer, gradient, samples, spread} = this;
    const {subnodeScale, subnodeBias} = layer;
    const {sums, sumSlopes, valueSlopes} = own;
    const scale = subnodeScale[j] as number;
    const gain = spread?.sum[j] ?? 0;
    const mean = spread?.sumMean[j] ?? 0;
    let scaleSlope = 0;
    let biasSlope = 0;
    for (let s = 0; s < samples; ++s) {
      let slope = nodeScale * (valueSlopes[node * samples + s] as number);
      for (let other = start; other < end; ++other) {
        if (other === j) continue;
        slope *=
          (subnodeScale[other] as number) * (sums[other * samples + s] as number) +
          (subnodeBias[other] as number);
      }
      const sum = sums[j * samples + s] as number;
      scaleSlope += slope * sum;
      biasSlope += slope;
      sumSlopes[j * samples + s] = slope * scale + (gain === 0 ? 0 : gain * (sum - mean));
    }
    add(gradient.subnodeScale, j, scaleSlope);
    add(gradient.subnodeBias, j, biasSlope);
  }

  private edge(i: number, j: number): void {
    const e = i * this.layer.outputs + j;
    const symbolic = this.layer.symbolic[e];
    if (this.layer.mask[e]) this.numeric(i, j, e);
    if (symbolic) this.symbolic(symbolic, i, j, e);
  }

  private numeric(i: number, j: number, e: number): void {
    const {layer, own, gradient, samples, width, below, spread} = this;
    const {first, basis, basisSlopes, base, baseSlopes, sumSlopes} = own;
    const {coefficients} = layer;
    const each = coefficients.length / layer.baseScale.length;
    const from = e * each;
    const mask = layer.mask[e] as number;
    const baseScale = mask * (layer.baseScale[e] as number);
    const splineScale = mask * (layer.splineScale[e] as number);
    const summed = gradient.coefficients;
    const gain = spread?.numeric[e] ?? 0;
    const mean = spread?.numericMean[e] ?? 0;
    const wholeGain = spread?.whole[e] ?? 0;
    const wholeMean = spread?.wholeMean[e] ?? 0;
    const goesOn = below.length > 0;
    let baseSlope = 0;
    let splineSlope = 0;
    for (let s = 0; s < samples; ++s) {
      const at = i * samples + s;
      const b = at * width;
      const c = from + (first[at] as number);
      let slope = sumSlopes[j * samples + s] as number;
      if (gain !== 0) slope += gain * ((own.numeric[e * samples + s] as number) - mean);
      if (wholeGain !== 0) slope += wholeGain * ((own.whole[e * samples + s] as number) - wholeMean);
      baseSlope += slope * (base[at] as number);
      const scaled = slope * splineScale;
      let spline = 0;
      for (let r = 0; r < width; ++r) {
        const value = basis[b + r] as number;
        spline += (coefficients[c + r] as number) * value;
        summed[c + r] = (summed[c + r] as number) + scaled * value;
      }
      splineSlope += slope * spline;
      if (!goesOn) continue;
      let rise = 0;
      for (let r = 0; r < width; ++r)
        rise += (coefficients[c + r] as number) * (basisSlopes[b + r] as number);
      below[at] = (below[at] as number) + slope * baseScale * (baseSlopes[at] as number) + scaled * rise;
    }
    add(gradient.baseScale, e, mask * baseSlope);
    add(gradient.splineScale, e, mask * splineSlope);
  }

  private symbolic({name, inner, offset, scale}: SymbolicEdge, i: number, j: number, e: number): void {
    const {own, gradient, samples, below, spread, x} = this;
    const f = symbolicFunction(name);
    const gain = spread?.whole[e] ?? 0;
    const mean = spread?.wholeMean[e] ?? 0;
    const goesOn = below.length > 0;
    let [innerSlope, offsetSlope, scaleSlope, shiftSlope] = [0, 0, 0, 0];
    for (let s = 0; s < samples; ++s) {
      const at = i * samples + s;
      const each = x[at] as number;
      const u = inner * each + offset;
      let slope = own.sumSlopes[j * samples + s] as number;
      if (gain !== 0) slope += gain * ((own.whole[e * samples + s] as number) - mean);
      const along = slope * scale * finiteDerivative(f, u);
      innerSlope += along * each;
      offsetSlope += along;
      scaleSlope += slope * finiteValue(f, u);
      shiftSlope += slope;
      if (goesOn) below[at] = (below[at] as number) + along * inner;
    }
    const at = e * 4;
    add(gradient.symbolic, at, innerSlope);
    add(gradient.symbolic, at + 1, offsetSlope);
    add(gradient.symbolic, at + 2, scaleSlope);
    add(gradient.symbolic, at + 3, shiftSlope);
  }
}

function add(to: Float64Array, at: number, value: number): void {
  to[at] = (to[at] as number) + value;
}
