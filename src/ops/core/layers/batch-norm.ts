import {type Tensor, tf, tidy} from "../../tf.ts";
import {ArgumentError, checkNumber} from "../errors.ts";
import {type Initializer, ones, zeros} from "../initializers.ts";
import {type Context, expectShape, type Layer} from "../layer.ts";

export interface BatchNormOptions {
  /** Share of the new batch in the running statistics, 0.1 by default, as in PyTorch; Keras and flax call one minus it momentum. */
  momentum?: number;
  /** Added to the variance, 1e-5 by default. */
  epsilon?: number;
  /** Which variance of a batch enters the running one: "unbiased" (divided by n - 1; PyTorch, the default) or "biased" (flax, Keras). */
  runningVariance?: "unbiased" | "biased";
  /** Leave the factor or the offset out with false. */
  useScale?: boolean;
  useBias?: boolean;
  scaleInit?: Initializer;
  biasInit?: Initializer;
}

/** Parameters: a factor and an offset a channel, [channels]. */
export type BatchNormParams = {scale?: Tensor; bias?: Tensor};

/** Running mean and variance of each channel, [channels]. */
export type BatchNormState = {mean: Tensor; variance: Tensor};

/**
 * Batch normalisation over all axes but the last (Ioffe & Szegedy 2015): y = (x - mean) / sqrt(variance + epsilon) scale + bias.
 * While training the mean and the biased variance are the batch's, and the running statistics move by
 * running + momentum (batch - running), given to `context.setState`; otherwise they are the running ones, from `context.state`.
 * [batch, ..., channels] -> the same.
 *
 * @example
 * import {batchNorm, initState, key, random} from "petri/core";
 *
 * const layer = batchNorm();
 * const params = layer.init(key(0), [2]);
 * const state = initState(layer, [2]);
 * const x = random.normal(key(1), [100, 2], 5, 3);
 * const y = layer.apply(params, x, {training: true, state, setState() {}});
 * const spread = (of) => ({mean: of.mean().arraySync(), deviation: of.sub(of.mean()).square().mean().sqrt().arraySync()});
 * display(Inputs.table([spread(x), spread(y)]));
 */
export function batchNorm(options: BatchNormOptions = {}): Layer<BatchNormParams> {
  const {momentum = 0.1, epsilon = 1e-5, runningVariance = "unbiased"} = options;
  const {useScale = true, useBias = true, scaleInit = ones, biasInit = zeros} = options;
  checkNumber("momentum", momentum, 0, 1);
  checkNumber("epsilon", epsilon, 0);
  const name = "batchNorm";
  const channelsOf = (shape: readonly number[]) => shape.at(-1) as number;
  return {
    name,
    init(key, inputShape, path = name) {
      expectShape(inputShape.length > 0, path, "[..., channels]", inputShape);
      const channels = [channelsOf(inputShape)];
      return {
        ...(useScale && {scale: scaleInit(key.fold(0), channels)}),
        ...(useBias && {bias: biasInit(key.fold(1), channels)})
      };
    },
    apply(params, x, context) {
      const path = context?.path ?? name;
      const wanted = (params.scale ?? params.bias)?.shape[0] ?? channelsOf(x.shape);
      expectShape(x.rank > 1 && channelsOf(x.shape) === wanted, path, `[batch, ..., ${wanted}]`, x.shape);
      if (!context?.training) {
        return tidy(() => normalised(x, running(context, path, wanted), params, epsilon));
      }
      const {y, state} = tidy(() => {
        const batch = batchStatistics(x);
        const count = x.size / wanted;
        const unbiased = runningVariance === "unbiased" && count > 1 ? count / (count - 1) : 1;
        return {
          y: normalised(x, batch, params, epsilon),
          state: context.setState
            ? moved(running(context, path, wanted), batch, momentum, unbiased)
            : undefined
        };
      });
      if (state) context.setState?.(path, state);
      return y;
    },
    initState(inputShape) {
      const channels = [channelsOf(inputShape)];
      return {mean: tf.zeros(channels), variance: tf.ones(channels)};
    },
    flops: (shape) => 2 * shape.reduce((size, dim) => size * dim, 1)
  };
}

/** Mean and biased variance over all axes but the last. */
function batchStatistics(x: Tensor): BatchNormState {
  const axes = Array.from({length: x.rank - 1}, (_, axis) => axis);
  const mean = tf.mean(x, axes);
  return {mean, variance: tf.mean(tf.square(tf.sub(x, mean)), axes)};
}

function normalised(
  x: Tensor,
  {mean, variance}: BatchNormState,
  {scale, bias}: BatchNormParams,
  epsilon: number
): Tensor {
  const inverse = tf.rsqrt(tf.add(variance, epsilon));
  const y = tf.mul(tf.sub(x, mean), scale ? tf.mul(inverse, scale) : inverse);
  return bias ? tf.add(y, bias) : y;
}

function running(context: Context | undefined, path: string, channels: number): BatchNormState {
  const state = context?.state?.[path] as BatchNormState | undefined;
  if (!state) {
    throw new ArgumentError(
      `${path} has no running statistics: pass {state}, begun with initState(model, inputShape), or {training: true} to use those of the batch.`
    );
  }
  expectShape(state.mean.shape[0] === channels, `${path} (its state)`, `[${channels}]`, state.mean.shape);
  return state;
}

function moved(from: BatchNormState, to: BatchNormState, momentum: number, unbiased: number): BatchNormState {
  const step = (old: Tensor, batch: Tensor) => tf.add(old, tf.mul(tf.sub(batch, old), momentum));
  return {mean: step(from.mean, to.mean), variance: step(from.variance, tf.mul(to.variance, unbiased))};
}
