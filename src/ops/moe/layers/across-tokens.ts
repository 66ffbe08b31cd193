import {denseProduct} from "../../../gpu/kernels/dense.ts";
import {checkCount, checkOptions, ShapeError} from "../../core/errors.ts";
import {lecunNormal} from "../../core/initializers.ts";
import {
  applyChild,
  expectShape,
  initChild,
  inScope,
  type Layer,
  type Shape,
  shapeAfter
} from "../../core/layer.ts";
import {layerNorm} from "../../core/layers/layer-norm.ts";
import {residual} from "../../core/layers/residual.ts";
import {sequential} from "../../core/layers/sequential.ts";
import type {Params} from "../../core/tree.ts";
import {type Tensor, tf} from "../../tf.ts";
import {checkLayer} from "./parts.ts";

/**
 * A layer over channels instead of tokens: [batch, tokens, channels] is turned into [batch, channels, tokens], given to the layer, and
 * turned back. Around a mixture of experts it mixes tokens, and each channel goes to its experts.
 *
 * @example
 * import {key, random} from "petri/core";
 * import {acrossTokens, mlpExpert, moe, topKRouter} from "petri/moe";
 *
 * const layer = acrossTokens(moe({experts: 4, router: topKRouter({k: 1}), expert: mlpExpert({hidden: 8})}));
 * const params = layer.init(key(0), [16, 6]);
 * display(layer.apply(params, random.normal(key(1), [2, 16, 6])).shape);
 */
export function acrossTokens<P extends Params>(layer: Layer<P>): Layer<{layer: P}> {
  const name = "acrossTokens";
  checkLayer(name, layer as Layer);
  const child = {layer: layer as Layer, name: "layer", index: 0};
  const turned = ([tokens = 0, channels = 0]: Shape): Shape => [channels, tokens];
  return {
    name,
    init(key, inputShape, path = name) {
      expectShape(inputShape.length === 2, path, "[tokens, channels]", inputShape);
      return {layer: initChild(child, key, turned(inputShape), path) as P};
    },
    apply: ({layer: params}, x, context) =>
      inScope(context, (inner) => {
        expectShape(x.rank === 3, inner?.path ?? name, "[batch, tokens, channels]", x.shape);
        const y = applyChild(child, params, tf.transpose(x, [0, 2, 1]), inner);
        return tf.transpose(y, [0, 2, 1]);
      }),
    outputShape: (shape) => turned(shapeAfter(layer, turned(shape))),
    children: (inputShape) => [{...child, inputShape: turned(inputShape)}],
    withChildren: ([other = layer as Layer]) => acrossTokens(other) as Layer
  };
}

/** Maps to another number of tokens and channels and back: kernels [from, to]. */
export type RescaledParams<P extends Params> = {
  tokens: Tensor;
  channels: Tensor;
  layer: P;
  tokensBack: Tensor;
  channelsBack: Tensor;
};

/**
 * A layer on another number of tokens and channels, with a linear map of each before it and back after it (Lou et al. 2021), so that
 * fewer and longer things are routed: [batch, tokens, channels] -> the same. Throws a ShapeError where the layer changes the shape.
 */
export function rescaled<P extends Params>(
  layer: Layer<P>,
  sizes: {tokens: number; channels: number}
): Layer<RescaledParams<P>> {
  checkOptions("rescaled", sizes, {tokens: true, channels: true});
  checkCount("tokens", sizes.tokens);
  checkCount("channels", sizes.channels);
  const name = "rescaled";
  const child = {layer: layer as Layer, name: "layer", index: 0};
  const inner = [sizes.tokens, sizes.channels];
  return {
    name,
    init(key, inputShape, path = name) {
      const [tokens, channels] = inputShape as [number, number];
      expectShape(inputShape.length === 2, path, "[tokens, channels]", inputShape);
      const after = shapeAfter(layer, inner);
      if (after.join() !== inner.join())
        throw new ShapeError(
          `${path}: the layer makes [${after.join(", ")}] of [${inner.join(", ")}]. Pass one that keeps the shape.`
        );
      return {
        tokens: lecunNormal(key.fold(1), [tokens, sizes.tokens]),
        channels: lecunNormal(key.fold(2), [channels, sizes.channels]),
        layer: initChild(child, key, inner, path) as P,
        tokensBack: lecunNormal(key.fold(3), [sizes.tokens, tokens]),
        channelsBack: lecunNormal(key.fold(4), [sizes.channels, channels])
      };
    },
    apply: (params, x, context) =>
      inScope(context, (scope) => {
        const [tokens] = params.tokens.shape;
        const [channels] = params.channels.shape;
        const fits = x.rank === 3 && x.shape[1] === tokens && x.shape[2] === channels;
        expectShape(fits, scope?.path ?? name, `[batch, ${tokens}, ${channels}]`, x.shape);
        const small = overTokens(overChannels(x, params.channels), params.tokens);
        const y = applyChild(child, params.layer, small, scope);
        return overChannels(overTokens(y, params.tokensBack), params.channelsBack);
      }),
    children: () => [{...child, inputShape: inner}],
    withChildren: ([other = layer as Layer]) => rescaled(other, sizes) as Layer
  };
}

function overChannels(x: Tensor, kernel: Tensor): Tensor {
  const [batch, tokens, channels] = x.shape as [number, number, number];
  const y = denseProduct(tf.reshape(x, [batch * tokens, channels]), kernel, undefined, "linear");
  return tf.reshape(y, [batch, tokens, -1]);
}

const overTokens = (x: Tensor, kernel: Tensor): Tensor =>
  tf.transpose(overChannels(tf.transpose(x, [0, 2, 1]), kernel), [0, 2, 1]);

/**
 * A block of Sparse-MLP (Lou et al. 2021), which has no attention: a mixture of experts that mixes tokens, each channel going to its
 * experts, then one that mixes channels, each token going to its own; both normalised first and added to what came in. Importance-score
 * routing is `capacity: {factor, order: "priority"}` of `moe`: full experts keep what the router is surest of.
 * [batch, tokens, channels] -> the same.
 *
 * @example
 * import {key, random} from "petri/core";
 * import {mlpExpert, moe, sparseMlpBlock, topKRouter} from "petri/moe";
 *
 * const mixture = (hidden) => moe({experts: 4, router: topKRouter({k: 1}), expert: mlpExpert({hidden})});
 * const block = sparseMlpBlock({tokens: mixture(32), channels: mixture(16)});
 * display(block.apply(block.init(key(0), [16, 8]), random.normal(key(1), [2, 16, 8])).shape);
 */
export function sparseMlpBlock(layers: {tokens: Layer; channels: Layer}): Layer {
  checkOptions("sparseMlpBlock", layers, {tokens: true, channels: true});
  const {tokens, channels} = layers;
  checkLayer("sparseMlpBlock: tokens", tokens);
  checkLayer("sparseMlpBlock: channels", channels);
  const block = sequential([
    residual([layerNorm() as Layer, acrossTokens(tokens) as Layer]) as Layer,
    residual([layerNorm() as Layer, channels]) as Layer
  ]);
  return {...block, name: "sparseMlpBlock"} as Layer;
}
