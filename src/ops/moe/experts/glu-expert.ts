import {type ActivationName, activationOf} from "../../core/activations.ts";
import {checkCount, checkOptions} from "../../core/errors.ts";
import {type Initializer, lecunNormal, zeros} from "../../core/initializers.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {Known} from "../options.ts";
import {type ExpertLinear, groupedLinear, withRows} from "../rows.ts";
import {type Expert, initStacked} from "./expert.ts";

export interface GluExpertOptions {
  /** Hidden units of each expert. */
  hidden: number;
  /** The nonlinearity of the gate: "silu" (the default, SwiGLU), "gelu" or "geluTanh" (GEGLU), "sigmoid" (GLU), "relu" (ReGLU). */
  activation?: ActivationName | ((x: Tensor) => Tensor);
  /** Biases of the three products; none by default. */
  bias?: boolean;
  /** A factor for each hidden unit, begun with 1, as in ST-MoE; none by default. */
  hiddenScale?: boolean;
  /** Numbers that come out; as many as go in by default. */
  units?: number;
  kernelInit?: Initializer;
}

const OPTIONS: Known<GluExpertOptions> = {
  hidden: true,
  activation: true,
  bias: true,
  hiddenScale: true,
  units: true,
  kernelInit: true
};

/** gate and in: kernel [experts, features, hidden]; out: kernel [experts, hidden, outputs]; scale [experts, hidden]. */
export type GluExpertParams = {gate: ExpertLinear; in: ExpertLinear; out: ExpertLinear; scale?: Tensor};

/**
 * Experts with a gate, (activation(x W_gate) * x W_in) W_out (Shazeer 2020): SwiGLU as in Mixtral, where W_gate is w1, W_in w3 and
 * W_out w2; with "gelu" GEGLU as in ST-MoE.
 *
 * @example
 * import {key} from "petri/core";
 * import {gluExpert} from "petri/moe";
 *
 * const params = gluExpert({hidden: 32}).init(key(0), {experts: 4, features: 8});
 * display({gate: params.gate.kernel.shape, in: params.in.kernel.shape, out: params.out.kernel.shape});
 */
export function gluExpert(options: GluExpertOptions): Expert<GluExpertParams> {
  checkOptions("gluExpert", options, OPTIONS);
  const {hidden, activation = "silu", bias = false, hiddenScale = false} = options;
  const {units, kernelInit = lecunNormal} = options;
  checkCount("hidden", hidden);
  if (units !== undefined) checkCount("units", units);
  activationOf(activation);
  const outputs = (features: number) => units ?? features;
  return {
    name: "gluExpert",
    init(key, {experts, features}) {
      const linear = (from: number, to: number, part: number): ExpertLinear => ({
        kernel: initStacked(kernelInit, key.fold(part), experts, [from, to]),
        ...(bias && {bias: zeros(key, [experts, to])})
      });
      return {
        gate: linear(features, hidden, 0),
        in: linear(features, hidden, 1),
        out: linear(hidden, outputs(features), 2),
        ...(hiddenScale && {scale: tf.ones([experts, hidden])})
      };
    },
    outputs,
    flops: (features) => 2 * hidden * (2 * features + outputs(features)),
    apply: (params, rows) =>
      tidy(() => {
        const gated = tf.mul(groupedLinear(rows, params.gate, activation), groupedLinear(rows, params.in));
        return groupedLinear(withRows(rows, gated), scaled(params));
      })
  };
}

/** The last product, its rows multiplied by the factors of the hidden units: the same as multiplying those. */
function scaled({out, scale}: GluExpertParams): ExpertLinear {
  return scale ? {...out, kernel: tf.mul(out.kernel, tf.expandDims(scale, 2))} : out;
}
