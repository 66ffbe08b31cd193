import {backward} from "../network/backward.ts";
import {forward} from "../network/forward.ts";
import {flattened, layerViews, scatter, viewed} from "../network/parameters.ts";
import {
  inputsOf,
  intoColumns,
  type LayerPass,
  makePass,
  outputsOf,
  type Pass,
  takeInputs
} from "../network/pass.ts";
import type {KanSamples, Numbers} from "../network/samples.ts";
import type {KanLayer, KanNetwork, SymbolicEdge} from "../network.ts";
import {finiteDerivative, finiteValue, symbolicFunction} from "../symbolic/functions.ts";
import type {Residuals} from "./damped-steps.ts";
import type {NormalEquations} from "./normal-equations.ts";

/** What a network gives less what it should, as functions of the numbers at `places` of its vector. */
export class SampleResiduals implements Residuals {
  private readonly pass: Pass;
  private readonly targets: Float64Array;
  private readonly all: Float64Array;
  private readonly gradient: ReturnType<typeof layerViews>;
  private readonly row: SlopeRow;

  constructor(
    private readonly network: KanNetwork,
    {inputs, targets}: KanSamples,
    private readonly samples: number,
    private readonly places: Int32Array
  ) {
    this.pass = makePass(network, samples);
    takeInputs(this.pass, inputs);
    this.targets = new Float64Array((targets as Numbers).length);
    intoColumns(targets as Numbers, samples, this.targets);
    this.all = flattened(network);
    this.gradient = layerViews(network, new Float64Array(this.all.length));
    this.row = new SlopeRow(network, places, this.all.length);
  }

  sum(values: Float64Array): number {
    this.forward(values);
    const outputs = outputsOf(this.pass);
    let sum = 0;
    for (let at = 0; at < outputs.length; at++)
      sum += ((outputs[at] as number) - (this.targets[at] as number)) ** 2;
    return sum;
  }

  linearise(values: Float64Array, equations: NormalEquations): void {
    const {pass, samples, targets, row} = this;
    const now = this.forward(values);
    const outputs = outputsOf(pass);
    const {valueSlopes} = pass.layers.at(-1) as LayerPass;
    for (let output = 0; output < outputs.length / samples; output++) {
      valueSlopes.fill(0);
      valueSlopes.fill(1, output * samples, (output + 1) * samples);
      backward(now, pass, this.gradient);
      for (let s = 0; s < samples; s++) {
        row.take(now, pass, s);
        const at = output * samples + s;
        equations.add(row.places, row.slopes, row.count, (outputs[at] as number) - (targets[at] as number));
      }
    }
  }

  private forward(values: Float64Array): KanNetwork {
    scatter(values, this.places, this.all);
    const now = viewed(this.network, this.all);
    forward(now, this.pass);
    return now;
  }
}

/** One sample's slopes by coefficients and scales of edges, from a way back with slope one at an output. */
class SlopeRow {
  count = 0;
  readonly places: Int32Array;
  readonly slopes: Float64Array;
  /** Where a number of the whole vector is among those trained; -1 where it is not. */
  private readonly trained: Int32Array;
  /** Where each layer's part of the whole vector begins. */
  private readonly starts: number[];
  /** And where the numbers of its symbolic edges do. */
  private readonly symbolicStarts: number[];

  constructor(network: KanNetwork, places: Int32Array, size: number) {
    this.places = new Int32Array(places.length);
    this.slopes = new Float64Array(places.length);
    this.trained = new Int32Array(size).fill(-1);
    places.forEach((place, i) => {
      this.trained[place] = i;
    });
    const views = layerViews(network, new Float64Array(size));
    const startOf = (part: Float64Array) => part.byteOffset / Float64Array.BYTES_PER_ELEMENT;
    this.starts = views.map(({coefficients}) => startOf(coefficients));
    this.symbolicStarts = views.map(({symbolic}) => startOf(symbolic));
  }

  /** Places ascend: the vector has a layer's coefficients first, then its base and spline scales, symbolic numbers last. */
  take(network: KanNetwork, pass: Pass, s: number): void {
    this.count = 0;
    for (let l = 0; l < network.layers.length; l++) {
      const layer = network.layers[l] as KanLayer;
      const own = pass.layers[l] as LayerPass;
      this.coefficients(layer, own, this.starts[l] as number, network.order + 1, s, pass.samples);
      const edges = layer.baseScale.length;
      const scales = (this.starts[l] as number) + layer.coefficients.length;
      for (let e = 0; e < edges; e++) {
        const base = own.base[inputOf(layer, e) * pass.samples + s] as number;
        this.push(scales + e, this.slopeOf(layer, own, e, s, pass.samples) * base);
      }
      for (let e = 0; e < edges; e++) {
        const spline = splineOf(layer, own, e, s, pass.samples, network.order + 1);
        this.push(scales + edges + e, this.slopeOf(layer, own, e, s, pass.samples) * spline);
      }
      layer.symbolic.forEach((edge, e) => {
        const at = (this.symbolicStarts[l] as number) + 4 * e;
        const x = inputsOf(pass, l)[inputOf(layer, e) * pass.samples + s] as number;
        if (edge) this.symbolic(edge, at, x, own.sumSlopes[(e % layer.outputs) * pass.samples + s] as number);
      });
    }
  }

  /** By inner, offset, scale and shift. */
  private symbolic({name, inner, offset, scale}: SymbolicEdge, at: number, x: number, slope: number): void {
    const f = symbolicFunction(name);
    const u = inner * x + offset;
    const along = slope * scale * finiteDerivative(f, u);
    this.push(at, along * x);
    this.push(at + 1, along);
    this.push(at + 2, slope * finiteValue(f, u));
    this.push(at + 3, slope);
  }

  private coefficients(
    layer: KanLayer,
    own: LayerPass,
    start: number,
    width: number,
    s: number,
    samples: number
  ): void {
    const each = layer.coefficients.length / layer.baseScale.length;
    for (let e = 0; e < layer.baseScale.length; e++) {
      const at = inputOf(layer, e) * samples + s;
      const slope = this.slopeOf(layer, own, e, s, samples) * (layer.splineScale[e] as number);
      const from = start + e * each + (own.first[at] as number);
      for (let b = 0; b < width; b++) this.push(from + b, slope * (own.basis[at * width + b] as number));
    }
  }

  private slopeOf(layer: KanLayer, own: LayerPass, e: number, s: number, samples: number): number {
    return (layer.mask[e] as number) * (own.sumSlopes[(e % layer.outputs) * samples + s] as number);
  }

  private push(place: number, slope: number): void {
    const trained = this.trained[place] as number;
    if (trained < 0) return;
    this.places[this.count] = trained;
    this.slopes[this.count++] = slope;
  }
}

function inputOf({outputs}: KanLayer, edge: number): number {
  return Math.floor(edge / outputs);
}

function splineOf(
  layer: KanLayer,
  own: LayerPass,
  e: number,
  s: number,
  samples: number,
  width: number
): number {
  const at = inputOf(layer, e) * samples + s;
  const from = e * (layer.coefficients.length / layer.baseScale.length) + (own.first[at] as number);
  let spline = 0;
  for (let b = 0; b < width; b++)
    spline += (layer.coefficients[from + b] as number) * (own.basis[at * width + b] as number);
  return spline;
}
