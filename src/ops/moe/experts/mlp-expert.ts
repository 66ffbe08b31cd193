import type {ActivationName} from "../../core/activations.ts";
import {activationOf} from "../../core/activations.ts";
import {checkCount, checkOptions} from "../../core/errors.ts";
import {type Initializer, lecunNormal, zeros} from "../../core/initializers.ts";
import type {Tensor} from "../../tf.ts";
import {tidy} from "../../tf.ts";
import type {Known} from "../options.ts";
import {type ExpertLinear, groupedLinear, withRows} from "../rows.ts";
import {type Expert, initStacked} from "./expert.ts";

export interface MlpExpertOptions {
  /** Hidden units of each expert. */
  hidden: number;
  /** ReLU by default. */
  activation?: ActivationName | ((x: Tensor) => Tensor);
  /** Leave the biases out with false. */
  bias?: boolean;
  /** Numbers that come out; as many as go in by default. */
  units?: number;
  kernelInit?: Initializer;
}

const OPTIONS: Known<MlpExpertOptions> = {
  hidden: true,
  activation: true,
  bias: true,
  units: true,
  kernelInit: true
};

/** in: kernel [experts, features, hidden], bias [experts, hidden]; out: kernel [experts, hidden, outputs], bias [experts, outputs]. */
export type MlpExpertParams = {in: ExpertLinear; out: ExpertLinear};

/**
 * Experts of two layers: activation(x W_in + b_in) W_out + b_out, each with weights of its own, as the feed-forward part of a
 * transformer.
 *
 * @example
 * import {key} from "petri/core";
 * import {mlpExpert} from "petri/moe";
 *
 * const {in: first, out} = mlpExpert({hidden: 32}).init(key(0), {experts: 4, features: 8});
 * display({first: first.kernel.shape, out: out.kernel.shape});
 */
export function mlpExpert(options: MlpExpertOptions): Expert<MlpExpertParams> {
  checkOptions("mlpExpert", options, OPTIONS);
  const {hidden, activation = "relu", bias = true, units, kernelInit = lecunNormal} = options;
  checkCount("hidden", hidden);
  if (units !== undefined) checkCount("units", units);
  activationOf(activation);
  const outputs = (features: number) => units ?? features;
  return {
    name: "mlpExpert",
    init(key, {experts, features}) {
      const linear = (from: number, to: number, part: number): ExpertLinear => ({
        kernel: initStacked(kernelInit, key.fold(part), experts, [from, to]),
        ...(bias && {bias: zeros(key, [experts, to])})
      });
      return {in: linear(features, hidden, 0), out: linear(hidden, outputs(features), 1)};
    },
    outputs,
    flops: (features) => 2 * hidden * (features + outputs(features)),
    apply: (params, rows) =>
      tidy(() => groupedLinear(withRows(rows, groupedLinear(rows, params.in, activation)), params.out))
  };
}
