// A perceptron with two hidden layers of tanh in float64, trained by the same damped Gauss-Newton steps as the KANs beside it.
import {key} from "../../src/ops/core/key.ts";
import {dampedSteps, type Residuals} from "../../src/ops/kan/gauss-newton/damped-steps.ts";
import {NormalEquations} from "../../src/ops/kan/gauss-newton/normal-equations.ts";
import type {Samples} from "./science-data.ts";

/** Trains [inputs, width, width, 1] and gives its size and its error on other samples. */
export function trainedMlp({
  train,
  test,
  width,
  seed,
  steps
}: {
  train: Samples;
  test: Samples;
  width: number;
  seed: number;
  steps: number;
}): {size: number; rmse: number} {
  const mlp = new Mlp([train.inputs.length / train.targets.length, width, width, 1]);
  const residuals = new MlpResiduals(mlp, train);
  let [values, step] = [mlp.init(seed), 0];
  for (const row of dampedSteps(residuals, values, new NormalEquations(values.length))) {
    values = row.values;
    if (++step === steps) break;
  }
  const sum = new MlpResiduals(mlp, test).sum(values);
  return {size: values.length, rmse: Math.sqrt(sum / test.targets.length)};
}

class Mlp {
  readonly size: number;
  readonly activations: Float64Array[];
  private readonly slopes: Float64Array[];

  constructor(readonly widths: readonly number[]) {
    this.size = widths.slice(1).reduce((sum, units, l) => sum + units * ((widths[l] as number) + 1), 0);
    this.activations = widths.map((units) => new Float64Array(units));
    this.slopes = widths.map((units) => new Float64Array(units));
  }

  /** Glorot's uniform kernels [in + 1, out], the last row the biases: zero. */
  init(seed: number): Float64Array {
    const values = new Float64Array(this.size);
    let at = 0;
    for (const [l, units] of this.widths.slice(1).entries()) {
      const inputs = this.widths[l] as number;
      const bound = Math.sqrt(6 / (inputs + units));
      values.set(
        key(seed)
          .fold(l)
          .uniform(inputs * units, -bound, bound),
        at
      );
      at += (inputs + 1) * units;
    }
    return values;
  }

  forward(values: Float64Array, inputs: Float64Array): number {
    (this.activations[0] as Float64Array).set(inputs);
    let at = 0;
    for (let l = 1; l < this.widths.length; l++) {
      const [below, own] = [this.activations[l - 1], this.activations[l]] as [Float64Array, Float64Array];
      for (let j = 0; j < own.length; j++) {
        let sum = values[at + below.length * own.length + j] as number;
        for (let i = 0; i < below.length; i++)
          sum += (below[i] as number) * (values[at + i * own.length + j] as number);
        own[j] = l === this.widths.length - 1 ? sum : Math.tanh(sum);
      }
      at += (below.length + 1) * own.length;
    }
    return (this.activations.at(-1) as Float64Array)[0] as number;
  }

  /** Slopes of the last `forward`'s output by every number. */
  backward(values: Float64Array, row: Float64Array): void {
    (this.slopes.at(-1) as Float64Array)[0] = 1;
    let at = this.size;
    for (let l = this.widths.length - 1; l > 0; l--) {
      const [below, own] = [this.activations[l - 1], this.slopes[l]] as [Float64Array, Float64Array];
      const slopes = this.slopes[l - 1] as Float64Array;
      at -= (below.length + 1) * own.length;
      for (let i = 0; i < below.length; i++) {
        const each = below[i] as number;
        let slope = 0;
        for (let j = 0; j < own.length; j++) {
          const place = at + i * own.length + j;
          row[place] = (own[j] as number) * each;
          slope += (own[j] as number) * (values[place] as number);
        }
        slopes[i] = slope * (1 - each * each);
      }
      row.set(own, at + below.length * own.length);
    }
  }
}

class MlpResiduals implements Residuals {
  private readonly inputs: number;

  constructor(
    private readonly mlp: Mlp,
    private readonly data: Samples
  ) {
    this.inputs = mlp.widths[0] as number;
  }

  sum(values: Float64Array): number {
    let sum = 0;
    for (let s = 0; s < this.data.targets.length; s++) sum += this.residual(values, s) ** 2;
    return sum;
  }

  linearise(values: Float64Array, equations: NormalEquations): void {
    const places = Int32Array.from(values, (_, i) => i);
    const row = new Float64Array(values.length);
    for (let s = 0; s < this.data.targets.length; s++) {
      const residual = this.residual(values, s);
      this.mlp.backward(values, row);
      equations.add(places, row, row.length, residual);
    }
  }

  private residual(values: Float64Array, s: number): number {
    const {inputs, targets} = this.data;
    const x = inputs.subarray(s * this.inputs, (s + 1) * this.inputs);
    return this.mlp.forward(values, x) - (targets[s] as number);
  }
}
