import {type ActivationName, activationOf} from "../../core/activations.ts";
import {checkCount} from "../../core/errors.ts";
import {lecunNormal, zeros} from "../../core/initializers.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {type Expert, initStacked} from "../experts/expert.ts";
import {type ExpertLinear, type GroupedRows, groupedLinear, withRows} from "../rows.ts";

export interface LowRankExpertOptions {
  /** Hidden units of each expert. */
  hidden: number;
  /** Rank of the product that stands for each matrix. */
  rank: number;
  /** How many hidden units, the first ones, have weights of their own besides; 0 by default. */
  exact?: number;
  /** ReLU by default. */
  activation?: ActivationName | ((x: Tensor) => Tensor);
  /** Leave the biases out with false. */
  bias?: boolean;
  /** Numbers that come out; as many as go in by default. */
  units?: number;
}

/** A matrix as left [experts, in, rank] times right [experts, rank, out], and own weights of the first hidden units. */
export type LowRankLinear = {left: Tensor; right: Tensor; own?: Tensor; bias?: Tensor};

/** in: [features, hidden]; out: [hidden, outputs]; each with a leading axis of experts. */
export type LowRankExpertParams = {in: LowRankLinear; out: LowRankLinear};

/**
 * Experts of two layers whose matrices are low rank plus structured sparse, U V + S, as MC-SMoE compresses merged experts (Li et al.
 * 2024): S has the weights of some hidden units, which come first. rank (in + out) + exact in numbers for each matrix.
 *
 * @example
 * import {key} from "petri/core";
 * import {lowRankExpert} from "petri/moe";
 *
 * const params = lowRankExpert({hidden: 32, rank: 2, exact: 4}).init(key(0), {experts: 4, features: 8});
 * display(Object.entries(params.in).map(([name, leaf]) => `${name} ${leaf.shape.join(" x ")}`));
 */
export function lowRankExpert(options: LowRankExpertOptions): Expert<LowRankExpertParams> {
  const {hidden, rank, exact = 0, activation = "relu", bias = true, units} = options;
  checkCount("hidden", hidden);
  checkCount("rank", rank);
  checkCount("exact", exact, 0);
  const f = activationOf(activation);
  const outputs = (features: number) => units ?? features;
  return {
    name: "lowRankExpert",
    init(key, {experts, features}) {
      const drawn = (part: number, shape: number[]) =>
        initStacked(lecunNormal, key.fold(part), experts, shape);
      const last = outputs(features);
      const biases = (size: number) => bias && {bias: zeros(key, [experts, size])};
      return {
        in: {
          left: drawn(0, [features, rank]),
          right: drawn(1, [rank, hidden]),
          ...(exact > 0 && {own: drawn(2, [features, exact])}),
          ...biases(hidden)
        },
        out: {
          left: drawn(3, [hidden, rank]),
          right: drawn(4, [rank, last]),
          ...(exact > 0 && {own: drawn(5, [exact, last])}),
          ...biases(last)
        }
      };
    },
    outputs,
    flops: (features) =>
      2 * (rank * (features + 2 * hidden + outputs(features)) + exact * (features + outputs(features))),
    apply: (params, rows) =>
      tidy(() => {
        const low = product(rows, params.in);
        const own = params.in.own && groupedLinear(rows, {kernel: params.in.own});
        const sum = own
          ? tf.add(
              low,
              tf.pad(own, [
                [0, 0],
                [0, hidden - exact]
              ])
            )
          : low;
        const units = f(sum);
        const y = product(withRows(rows, units), params.out);
        if (!params.out.own) return y;
        const first = withRows(rows, tf.slice(units, [0, 0], [-1, exact]));
        return tf.add(y, groupedLinear(first, {kernel: params.out.own}));
      })
  };
}

function product(rows: GroupedRows, {left, right, bias}: LowRankLinear): Tensor {
  const last: ExpertLinear = {kernel: right, ...(bias && {bias})};
  return groupedLinear(withRows(rows, groupedLinear(rows, {kernel: left})), last);
}
