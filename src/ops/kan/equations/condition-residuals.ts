import type {Residuals} from "../gauss-newton/damped-steps.ts";
import type {NormalEquations} from "../gauss-newton/normal-equations.ts";
import {withTrained} from "../network/objective.ts";
import type {KanLayer, KanNetwork} from "../network.ts";
import {Jets} from "./jets.ts";

/** What a network's only output u must satisfy at some points: value u + slopes . u_x + curvatures . u_xx = right. */
export interface Condition {
  /** [samples, inputs]. */
  readonly inputs: Float64Array;
  /** Factor of the value. 0. */
  readonly value?: number;
  /** Factors of the first derivatives, one for each input. All 0. */
  readonly slopes?: readonly number[];
  /** Factors of the second derivatives by each input: all 1 for a Laplacian. All 0. */
  readonly curvatures?: readonly number[];
  /** [samples]. */
  readonly right: ArrayLike<number>;
  /** Weight of the mean of squares in the loss. 1. */
  readonly weight?: number;
}

/** How far a network is from conditions, as functions of its trained numbers. */
export class ConditionResiduals implements Residuals {
  private readonly jets: Jets;
  /** For each condition: the factors of a jet, and the root of weight / samples. */
  private readonly factors: readonly Float64Array[];
  private readonly roots: readonly number[];
  /** For each layer, where the coefficients, base scales and spline scales of edges are among the trained; -1: nowhere. */
  private readonly coefficients: readonly Int32Array[];

  constructor(
    private readonly network: KanNetwork,
    private readonly conditions: readonly Condition[],
    private readonly places: Int32Array
  ) {
    this.jets = new Jets(network);
    const {directions, size} = this.jets;
    this.factors = conditions.map(({value = 0, slopes, curvatures}) => {
      const factors = new Float64Array(size);
      factors[0] = value;
      factors.set(slopes ?? [], 1);
      factors.set(curvatures ?? [], 1 + directions);
      return factors;
    });
    this.roots = conditions.map(({right, weight = 1}) => Math.sqrt(weight / right.length));
    this.coefficients = coefficientPlaces(network);
  }

  sum(values: Float64Array): number {
    const now = withTrained(this.network, values, this.places);
    let sum = 0;
    this.each(now, (residual) => {
      sum += residual ** 2;
    });
    return sum;
  }

  linearise(values: Float64Array, equations: NormalEquations): void {
    const now = withTrained(this.network, values, this.places);
    const row = {places: new Int32Array(values.length), slopes: new Float64Array(values.length)};
    this.each(now, (residual, c) => {
      const {jets, roots} = this;
      const factors = this.factors[c] as Float64Array;
      for (let k = 0; k < factors.length; k++)
        jets.outputSlopes[k] = (factors[k] as number) * (roots[c] as number);
      jets.backward(now);
      equations.add(row.places, row.slopes, this.fill(now, row), residual);
    });
  }

  private each(now: KanNetwork, take: (residual: number, condition: number) => void): void {
    const {jets} = this;
    this.conditions.forEach(({inputs, right}, c) => {
      const factors = this.factors[c] as Float64Array;
      for (let s = 0; s < right.length; s++) {
        jets.forward(now, inputs, s);
        let left = 0;
        for (let k = 0; k < factors.length; k++) left += (factors[k] as number) * (jets.outputs[k] as number);
        take((this.roots[c] as number) * (left - (right[s] as number)), c);
      }
    });
  }

  /** The slopes by all trained coefficients that the sample meets; returns how many. */
  private fill(now: KanNetwork, row: {places: Int32Array; slopes: Float64Array}): number {
    let count = 0;
    now.layers.forEach((layer, l) => {
      const places = this.coefficients[l] as Int32Array;
      const each = layer.coefficients.length / layer.mask.length;
      for (let e = 0; e < layer.mask.length; e++) {
        if (!layer.mask[e]) continue;
        const [i, j] = [Math.floor(e / layer.outputs), e % layer.outputs];
        const scale = (layer.mask[e] as number) * (layer.splineScale[e] as number);
        const first = this.jets.firstOf(l, i);
        this.jets.writeSlopes(l, i, j, scale, row.slopes, count);
        for (let b = 0; b <= now.order; b++) row.places[count++] = places[e * each + first + b] as number;
      }
    });
    return count;
  }
}

/** The trained numbers are all coefficients of edges that are there, in order. */
function coefficientPlaces(network: KanNetwork): Int32Array[] {
  let count = 0;
  return network.layers.map((layer: KanLayer) => {
    const each = layer.coefficients.length / layer.mask.length;
    return Int32Array.from(layer.coefficients, (_, at) => (layer.mask[Math.floor(at / each)] ? count++ : -1));
  });
}
