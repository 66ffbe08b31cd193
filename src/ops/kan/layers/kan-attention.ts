import {mergeHeads, splitHeads} from "../../../gpu/kernels/attention-steps.ts";
import {batchProduct} from "../../../gpu/kernels/batch-product.ts";
import {denseProduct} from "../../../gpu/kernels/dense.ts";
import {ArgumentError, checkCount} from "../../core/errors.ts";
import {glorotUniform, zeros} from "../../core/initializers.ts";
import type {Key} from "../../core/key.ts";
import {expectShape, type Layer} from "../../core/layer.ts";
import type {Projection} from "../../core/layers/attention.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {Basis} from "../bases/basis.ts";
import {fourier} from "../bases/fourier.ts";
import {checkLayerNames} from "../option-names.ts";

export interface KanAttentionOptions {
  heads: number;
  /** What a row of scores becomes before it is widened again, 12 by default. */
  rank?: number;
  /** The functions of single scores; `fourier({frequencies: 3})` by default. */
  basis?: Basis;
}

/** Parameters: the four projections of attention, and for each head what takes the place of the softmax. */
export type KanAttentionParams = {
  query: Projection;
  key: Projection;
  value: Projection;
  out: Projection;
  /** [heads, time x size of the basis, rank]. */
  coefficients: Tensor;
  /** [heads, rank, time]. */
  widen: Tensor;
};

export interface KanAttention extends Layer<KanAttentionParams> {
  /** What is multiplied with the values, [batch, heads, time, time]: no shares, of any sign. */
  weights(params: KanAttentionParams, x: Tensor): Tensor;
}

/**
 * Self-attention with a learned function in the place of the softmax (Kolmogorov-Arnold Attention, Maity et al. 2025): a row of scores q k^T / sqrt(d) goes through a KAN layer from
 * time to `rank` numbers, cosines and sines by default (Fourier-KArAt), and a linear map back to time. Rows have the length that the layer was made for.
 * [batch, time, features] -> the same.
 *
 * Throws a ShapeError for other lengths, and an ArgumentError where features do not divide by heads.
 *
 * @example
 * import {kolmogorovArnoldAttention} from "petri/kan";
 * import {key, random} from "petri/core";
 *
 * const layer = kolmogorovArnoldAttention({heads: 1, rank: 4});
 * const x = random.normal(key(1), [1, 12, 16]);
 * const weights = layer.weights(layer.init(key(0), [12, 16]), x);
 * const cells = weights.flatten().arraySync().map((weight, i) => ({query: Math.floor(i / 12), key: i % 12, weight}));
 * display(Plot.plot({height: 220, width: 260, color: {scheme: "RdBu"}, marks: [Plot.cell(cells, {x: "key", y: "query", fill: "weight"})]}));
 */
export function kolmogorovArnoldAttention(options: KanAttentionOptions): KanAttention {
  checkLayerNames("kolmogorovArnoldAttention", options, {heads: true, rank: true, basis: true});
  const {heads, rank = 12, basis = fourier({frequencies: 3})} = options;
  checkCount("heads", heads);
  checkCount("rank", rank);
  if (basis.init || basis.initState)
    throw new ArgumentError(
      `Attention takes bases without parameters of their own, such as fourier or rbf; ${basis.name} here has some.`
    );
  const name = "kolmogorovArnoldAttention";
  const expect = ({coefficients, query}: KanAttentionParams, x: Tensor, path: string) => {
    const time = (coefficients.shape[1] as number) / basis.size;
    const [features] = query.kernel.shape;
    const fits = x.rank === 3 && x.shape[1] === time && x.shape[2] === features;
    expectShape(fits, path, `[batch, ${time}, ${features}]`, x.shape);
  };
  const weights = (params: KanAttentionParams, x: Tensor) => {
    const q = splitHeads(projected(x, params.query), heads);
    const k = splitHeads(projected(x, params.key), heads);
    const scores = tf.div(batchProduct(q, k, {transposeB: true}), Math.sqrt(q.shape[3] as number));
    return learned(scores, params, basis);
  };
  return {
    name,
    weights(params, x) {
      expect(params, x, name);
      return tidy(() => weights(params, x));
    },
    init(key, inputShape, path = name) {
      expectShape(inputShape.length === 2, path, "[time, features]", inputShape);
      const [time, features] = inputShape as [number, number];
      if (features % heads !== 0)
        throw new ArgumentError(`${path}: ${features} features cannot be split into ${heads} heads.`);
      return tidy(() => {
        const each = (index: number) => projection(key.fold(index), features);
        const forHeads = Array.from({length: heads}, (_, head) =>
          tf.reshape(basis.coefficients(key.fold(4).fold(head), time, rank), [time * basis.size, rank])
        );
        return {
          query: each(0),
          key: each(1),
          value: each(2),
          out: each(3),
          coefficients: tf.stack(forHeads),
          widen: tf.stack(
            Array.from({length: heads}, (_, head) => glorotUniform(key.fold(5).fold(head), [rank, time]))
          )
        };
      });
    },
    apply(params, x, context) {
      expect(params, x, context?.path ?? name);
      return tidy(() => {
        const values = splitHeads(projected(x, params.value), heads);
        return projected(mergeHeads(batchProduct(weights(params, x), values)), params.out);
      });
    },
    flops: ([time = 0, features = 0]) =>
      8 * time * features ** 2 + 4 * time ** 2 * features + 2 * heads * time ** 2 * rank * (basis.size + 1)
  };
}

/** [batch, heads, time, time] -> the same: functions of single scores, added up to `rank` numbers, and widened. */
function learned(scores: Tensor, {coefficients, widen}: KanAttentionParams, basis: Basis): Tensor {
  const [batch, heads, time] = scores.shape as [number, number, number, number];
  const rows = tf.reshape(tf.transpose(scores, [1, 0, 2, 3]), [heads * batch * time, time]);
  const squash = basis.squash === "tanh" ? tf.tanh(rows) : rows;
  const functions = tf.reshape(basis.features(squash, {}), [heads, batch * time, time * basis.size]);
  const widened = batchProduct(batchProduct(functions, coefficients), widen);
  return tf.transpose(tf.reshape(widened, [heads, batch, time, time]), [1, 0, 2, 3]);
}

function projection(key: Key, features: number): Projection {
  const [kernelKey, biasKey] = key.split(2) as [Key, Key];
  return {kernel: glorotUniform(kernelKey, [features, features]), bias: zeros(biasKey, [features])};
}

/** x kernel + bias for every step. */
function projected(x: Tensor, {kernel, bias}: Projection): Tensor {
  const [batch = 0, time = 0, features = 0] = x.shape;
  const y = denseProduct(tf.reshape(x, [batch * time, features]), kernel, bias, "linear");
  return tf.reshape(y, [batch, time, features]);
}
