import {selfAttention} from "../../../gpu/kernels/attention.ts";
import {allowedKeys, attentionWeights, mergeHeads, splitHeads} from "../../../gpu/kernels/attention-steps.ts";
import {batchProduct} from "../../../gpu/kernels/batch-product.ts";
import {denseProduct} from "../../../gpu/kernels/dense.ts";
import {joinProjections} from "../../../gpu/kernels/join-projections.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {ArgumentError, checkCount, checkNumber} from "../errors.ts";
import {glorotUniform, type Initializer, zeros} from "../initializers.ts";
import type {Key} from "../key.ts";
import {expectShape, type Layer, type Shape} from "../layer.ts";
import {bernoulli} from "../random.ts";
import {dropped} from "./dropout.ts";
import {type RotaryOptions, rotary} from "./positions.ts";

export interface AttentionOptions {
  heads: number;
  /** Features of queries and keys of all heads together; those of the input by default. */
  features?: number;
  /** Features of what is looked at, where they differ from those of the queries: for `attend` with other keys. */
  keyFeatures?: number;
  /** No step looks at later ones. */
  causal?: boolean;
  /** Turns queries and keys by their positions: true, or options of `rotary`. */
  rotary?: boolean | RotaryOptions;
  /** Share of the attention weights dropped while training. */
  dropout?: number;
  /** Leave the biases out with false. */
  useBias?: boolean;
  kernelInit?: Initializer;
  biasInit?: Initializer;
}

/** One of the four projections: kernel [in, out], bias [out]. */
export type Projection = {kernel: Tensor; bias?: Tensor};

/** Parameters of attention. Head j has columns j d ... (j + 1) d - 1 of query, key and value, d being features / heads. */
export type AttentionParams = {query: Projection; key: Projection; value: Projection; out: Projection};

export interface AttendOptions {
  /** Which keys are there, [batch, keys] of 1 and 0. A query that may look at none gives the bias of `out`. */
  mask?: Tensor;
  training?: boolean;
  /** Needed for dropout while training. */
  key?: Key;
  /** Where the layer sits, for messages. */
  path?: string;
}

export interface Attention extends Layer<AttentionParams> {
  /** What queries [batch, time, features] see in [batch, keys, features]; also the weights, [batch, heads, time, keys]. */
  attend(
    params: AttentionParams,
    queries: Tensor,
    keysAndValues: Tensor,
    options?: AttendOptions
  ): {y: Tensor; weights: Tensor};
}

/**
 * Multi-head attention (Vaswani et al. 2017): for each head softmax(q k^T / sqrt(d)) v with q, k, v = x W + b, the heads side by
 * side through W_out, as PyTorch's MultiheadAttention. As a layer it is self-attention, [batch, time, features] -> the same,
 * and looks past steps that `context.mask` leaves out; `attend` is the function for other keys and for the weights.
 *
 * @example
 * import {key, multiHeadAttention, random} from "petri/core";
 *
 * const layer = multiHeadAttention({heads: 1, causal: true});
 * const x = random.normal(key(1), [1, 12, 16]);
 * const {weights} = layer.attend(layer.init(key(0), [12, 16]), x, x);
 * const cells = weights.flatten().arraySync().map((weight, i) => ({query: Math.floor(i / 12), key: i % 12, weight}));
 * display(Plot.plot({height: 220, width: 260, color: {scheme: "greys"}, marks: [Plot.cell(cells, {x: "key", y: "query", fill: "weight"})]}));
 */
export function multiHeadAttention(options: AttentionOptions): Attention {
  const {heads, dropout: rate = 0} = options;
  checkCount("heads", heads);
  checkNumber("dropout", rate, 0, 1 - 2 ** -24);
  const name = "multiHeadAttention";
  const attend: Attention["attend"] = (params, queries, keysAndValues, extra = {}) =>
    tidy(() => attention(options, params, queries, keysAndValues, {path: name, ...extra}));
  return {
    name,
    attend,
    init(key, inputShape, path = name) {
      const [, inputs = 0] = inputShape;
      const {features = inputs, keyFeatures = inputs} = options;
      expectShape(inputShape.length === 2, path, "[time, features]", inputShape);
      if (features % heads !== 0) {
        throw new ArgumentError(`${path}: ${features} features cannot be split into ${heads} heads.`);
      }
      if (options.rotary && (features / heads) % 2 !== 0) {
        throw new ArgumentError(
          `${path}: rotary positions need an even number of features a head, got ${features} features for ${heads} heads.`
        );
      }
      return initProjections(options, key, {inputs, features, keyFeatures});
    },
    apply(params, x, context = {}) {
      const {mask, training, key, path} = context;
      const extra = {mask, training, key, path: path ?? name};
      return tidy(
        () => fusedAttention(options, params, x, extra) ?? attention(options, params, x, x, extra).y
      );
    },
    flops([time = 0, inputs = 0]: Shape) {
      const {features = inputs} = options;
      return 8 * time * inputs * features + 4 * time * time * features;
    }
  };
}

function initProjections(
  options: AttentionOptions,
  key: Key,
  {inputs, features, keyFeatures}: Record<"inputs" | "features" | "keyFeatures", number>
): AttentionParams {
  const {useBias = true, kernelInit = glorotUniform, biasInit = zeros} = options;
  const projection = (index: number, from: number, to: number): Projection => {
    const [kernelKey, biasKey] = key.fold(index).split(2) as [Key, Key];
    const kernel = kernelInit(kernelKey, [from, to]);
    return useBias ? {kernel, bias: biasInit(biasKey, [to])} : {kernel};
  };
  return {
    query: projection(0, inputs, features),
    key: projection(1, keyFeatures, features),
    value: projection(2, keyFeatures, features),
    out: projection(3, features, inputs)
  };
}

/**
 * Self-attention in three passes, two of them products, where the backend is fastest so and nothing comes between them;
 * undefined elsewhere.
 */
function fusedAttention(
  options: AttentionOptions,
  {query, key, value, out}: AttentionParams,
  x: Tensor,
  {mask, training, path = ""}: AttendOptions
): Tensor | undefined {
  const {heads, causal = false, dropout = 0} = options;
  const maps = [query, key, value].filter((map): map is Required<Projection> => map.bias !== undefined);
  if (tf.getBackend() !== "webgpu" || options.rotary || (training && dropout > 0) || maps.length < 3) return;
  checkInputs({query, key, value, out}, x, x, mask, path);
  const qkv = project(
    x,
    joinProjections(maps as [Required<Projection>, Required<Projection>, Required<Projection>])
  );
  return project(selfAttention(qkv, mask && tf.cast(mask, "float32"), {heads, causal}), out);
}

function attention(
  options: AttentionOptions,
  params: AttentionParams,
  queries: Tensor,
  seen: Tensor,
  {mask, training, key, path = ""}: AttendOptions
): {y: Tensor; weights: Tensor} {
  const {heads, causal = false, dropout: rate = 0} = options;
  checkInputs(params, queries, seen, mask, path);
  const turn = options.rotary === true ? {} : options.rotary;
  const position = (x: Tensor) => (turn ? rotary(x, turn) : x);
  const q = position(splitHeads(project(queries, params.query), heads));
  const k = position(splitHeads(project(seen, params.key), heads));
  const v = splitHeads(project(seen, params.value), heads);
  const allowed = allowedKeys(causal, mask, queries.shape[1] ?? 0, seen.shape[1] ?? 0);
  const weights = attentionWeights(q, k, allowed);
  let used = weights;
  if (training && rate > 0) {
    if (!key) throw new ArgumentError(`${path} needs a key for its dropout: pass {training: true, key}.`);
    used = dropped(weights, bernoulli(key, 1 - rate, weights.shape), rate);
  }
  return {y: project(mergeHeads(batchProduct(used, v)), params.out), weights};
}

/** x kernel + bias for every step. */
function project(x: Tensor, {kernel, bias}: Projection): Tensor {
  const [batch = 0, time = 0, features = 0] = x.shape;
  const y = denseProduct(tf.reshape(x, [batch * time, features]), kernel, bias, "linear");
  return tf.reshape(y, [batch, time, kernel.shape[1] as number]);
}

function checkInputs(
  params: AttentionParams,
  queries: Tensor,
  seen: Tensor,
  mask: Tensor | undefined,
  path: string
): void {
  const [features] = params.query.kernel.shape;
  const [inputs] = params.key.kernel.shape;
  expectShape(
    queries.rank === 3 && queries.shape[2] === features,
    path,
    `[batch, time, ${features}]`,
    queries.shape
  );
  const [batch] = queries.shape;
  expectShape(
    seen.rank === 3 && seen.shape[0] === batch && seen.shape[2] === inputs,
    `${path} (keys)`,
    `[${batch}, keys, ${inputs}]`,
    seen.shape
  );
  if (!mask) return;
  const [, keys] = seen.shape;
  expectShape(
    mask.rank === 2 && mask.shape[0] === batch && mask.shape[1] === keys,
    `${path} (mask)`,
    `[${batch}, ${keys}]`,
    mask.shape
  );
}
