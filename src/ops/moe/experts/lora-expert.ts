import {denseProduct} from "../../../gpu/kernels/dense.ts";
import {type ActivationName, activationOf} from "../../core/activations.ts";
import {checkCount, checkNumber, checkOptions} from "../../core/errors.ts";
import {type Initializer, lecunNormal, zeros} from "../../core/initializers.ts";
import {stopGradient} from "../../core/stop-gradient.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {Known} from "../options.ts";
import {type GroupedRows, groupedLinear, sortedRows, withRows} from "../rows.ts";
import {type Expert, initStacked} from "./expert.ts";

export interface LoraExpertOptions {
  /** Hidden units of the network that all experts share. */
  hidden: number;
  /** Rank of what each expert adds to a matrix; 4 by default. */
  rank?: number;
  /** Multiplies what is added; 1 by default. */
  scale?: number;
  /** ReLU by default. */
  activation?: ActivationName | ((x: Tensor) => Tensor);
  /** Trains the shared network too; by default it has no gradient. (Weight decay moves it all the same: give it freeze() by perPath.) */
  trainBase?: boolean;
  kernelInit?: Initializer;
}

const OPTIONS: Known<LoraExpertOptions> = {
  hidden: true,
  rank: true,
  scale: true,
  activation: true,
  trainBase: true,
  kernelInit: true
};

type Linear = {kernel: Tensor; bias?: Tensor};
type LowRank = {down: Tensor; up: Tensor};

/** base: the shared network, as that of two dense layers. in and out: down [experts, inputs, rank], up [experts, rank, outputs]. */
export type LoraExpertParams = {base: {in: Linear; out: Linear}; in: LowRank; out: LowRank};

/**
 * Experts that add a matrix of low rank of their own to each matrix of a shared network (MixLoRA, Li et al. 2024): x W + scale (x A_e) B_e. B is 0
 * at first, so that all experts are the shared network; put trained weights into `base`.
 *
 * @example
 * import {key} from "petri/core";
 * import {loraExpert} from "petri/moe";
 *
 * const params = loraExpert({hidden: 32, rank: 2}).init(key(0), {experts: 4, features: 8});
 * display({shared: params.base.in.kernel.shape, down: params.in.down.shape, up: params.in.up.shape});
 */
export function loraExpert(options: LoraExpertOptions): Expert<LoraExpertParams> {
  checkOptions("loraExpert", options, OPTIONS);
  const {hidden, rank = 4, scale = 1, activation = "relu", trainBase = false} = options;
  const {kernelInit = lecunNormal} = options;
  checkCount("hidden", hidden);
  checkCount("rank", rank);
  checkNumber("scale", scale);
  const nonlinearity = activationOf(activation);
  return {
    name: "loraExpert",
    init(key, {experts, features}) {
      const linear = (from: number, to: number, part: number): Linear => ({
        kernel: kernelInit(key.fold(part), [from, to]),
        bias: zeros(key, [to])
      });
      const lowRank = (from: number, to: number, part: number): LowRank => ({
        down: initStacked(kernelInit, key.fold(part), experts, [from, rank]),
        up: zeros(key, [experts, rank, to])
      });
      return {
        base: {in: linear(features, hidden, 0), out: linear(hidden, features, 1)},
        in: lowRank(features, hidden, 2),
        out: lowRank(hidden, features, 3)
      };
    },
    flops: (features) => 4 * features * hidden + 4 * rank * (features + hidden),
    apply: (params, rows) =>
      tidy(() => {
        const base = trainBase ? params.base : stopGradient(params.base);
        const inner = nonlinearity(adapted(rows, base.in, params.in, scale));
        return adapted(withRows(rows, inner), base.out, params.out, scale);
      })
  };
}

/** The shared product of every row, and what its expert adds. */
function adapted(rows: GroupedRows, {kernel, bias}: Linear, {down, up}: LowRank, scale: number): Tensor {
  const shared = denseProduct(sortedRows(rows), kernel, bias, "linear");
  const added = groupedLinear(withRows(rows, groupedLinear(rows, {kernel: down})), {kernel: up});
  return tf.add(shared, scale === 1 ? added : tf.mul(added, scale));
}
