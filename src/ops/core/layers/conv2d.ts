import {batchProduct} from "../../../gpu/kernels/batch-product.ts";
import {conv2dProduct} from "../../../gpu/kernels/conv2d.ts";
import {patches} from "../../../gpu/kernels/patches.ts";
import {cellsOf, positionsOf, type Window2d} from "../../../gpu/kernels/window.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {type ActivationName, activationOf, isFused} from "../activations.ts";
import {ArgumentError, checkCount} from "../errors.ts";
import {type Initializer, lecunNormal, zeros} from "../initializers.ts";
import type {Key} from "../key.ts";
import {expectShape, type Layer, type Shape} from "../layer.ts";
import {imageShape, type Padding, type Pair, planWindow, windowOn} from "./window.ts";

interface ConvOptions {
  /** Size of the kernel, one number or [rows, columns]. */
  kernelSize: Pair;
  /** Steps of the kernel over the image, 1 by default. */
  strides?: Pair;
  /** Distance between the cells that the kernel sees, 1 by default. */
  dilation?: Pair;
  /** "same" (the default, as in TensorFlow), "valid", or cells on each side (as in PyTorch). */
  padding?: Padding;
  /** The nonlinearity after the sum; none by default. */
  activation?: ActivationName | ((x: Tensor) => Tensor);
  /** Leave the bias out with false. */
  useBias?: boolean;
  kernelInit?: Initializer;
  biasInit?: Initializer;
}

export interface Conv2dOptions extends ConvOptions {
  /** Number of channels that come out. */
  filters: number;
  /** Input channels are split into so many groups, each seen by its share of the filters alone; 1 by default. */
  groups?: number;
}

export interface DepthwiseConv2dOptions extends ConvOptions {
  /** Channels that come out of each one that goes in, 1 by default. */
  multiplier?: number;
}

/** Parameters of a convolution: kernel [rows, columns, in / groups, out] (HWIO), bias [out]. */
export type ConvParams = {kernel: Tensor; bias?: Tensor};

/**
 * Two-dimensional convolution (cross-correlation, the kernel is not flipped) of images in NHWC:
 * y[n, i, j, o] = activation(sum over r, s, c of x[n, i stride + r dilation - top, j stride + s dilation - left, c] kernel[r, s, c, o] + bias[o]).
 * [batch, height, width, in] -> [batch, outHeight, outWidth, filters], as tf.nn.conv2d and flax's Conv; groups as PyTorch's Conv2d.
 * Throws a ShapeError when the image is smaller than the window or the channels do not divide by the groups.
 *
 * @example
 * import {conv2d, key, tf} from "petri/core";
 *
 * const layer = conv2d({filters: 8, kernelSize: 3, strides: 2, activation: "relu"});
 * const params = layer.init(key(0), [28, 28, 1]);
 * display(params.kernel.shape);
 * display(layer.apply(params, tf.ones([5, 28, 28, 1])).shape);
 */
export function conv2d(options: Conv2dOptions): Layer<ConvParams> {
  const {filters, groups = 1} = options;
  checkCount("filters", filters);
  checkCount("groups", groups);
  if (filters % groups !== 0) {
    throw new ArgumentError(`filters must be a multiple of groups (${groups}), got ${filters}.`);
  }
  const layer = convolution("conv2d", options, {
    groupingOf: (channels) => ({groups, inGroup: channels / groups, out: filters}),
    kernelChannels: ({inGroup, out}) => [inGroup, out],
    channelsOf: (kernel) => (kernel.shape[2] as number) * groups,
    multipleOf: groups
  });
  return {...layer, resized: (outputs) => conv2d({...options, filters: outputs}) as Layer};
}

/**
 * A convolution of each channel by itself: y[..., c multiplier + m] = activation(x[..., c] * kernel[..., c, m] + bias). The kernel
 * is [rows, columns, in, multiplier], as in tf.nn.depthwise_conv2d. [batch, height, width, in] ->
 * [batch, outHeight, outWidth, in x multiplier].
 */
export function depthwiseConv2d(options: DepthwiseConv2dOptions): Layer<ConvParams> {
  const {multiplier = 1} = options;
  checkCount("multiplier", multiplier);
  return convolution("depthwiseConv2d", options, {
    groupingOf: (channels) => ({groups: channels, inGroup: 1, out: channels * multiplier}),
    kernelChannels: ({groups}) => [groups, multiplier],
    channelsOf: (kernel) => kernel.shape[2] as number,
    multipleOf: 1
  });
}

/** How the channels of an image are divided among filters. */
interface Grouping {
  groups: number;
  /** Channels that one filter sees. */
  inGroup: number;
  out: number;
}

/** In what the two kinds of convolution differ. */
interface Kind {
  groupingOf(channels: number): Grouping;
  /** The last two dimensions of the kernel. */
  kernelChannels(grouping: Grouping): readonly [number, number];
  /** Channels of the images that a kernel is for. */
  channelsOf(kernel: Tensor): number;
  /** What divides the channels of images. */
  multipleOf: number;
}

function convolution(name: string, options: ConvOptions, kind: Kind): Layer<ConvParams> {
  const {activation = "linear", useBias = true, kernelInit = lecunNormal, biasInit = zeros} = options;
  const nonlinearity = activationOf(activation);
  const {kernelSize, strides = 1, dilation = 1, padding = "same"} = options;
  const plan = planWindow(name, {size: kernelSize, strides, dilation, padding});
  const see = (inputShape: Shape, path: string): {window: Window2d; grouping: Grouping} => {
    const window = windowOn(plan, inputShape, path);
    const fits = window.channels % kind.multipleOf === 0;
    expectShape(fits, path, `[height, width, a multiple of ${kind.multipleOf}]`, inputShape);
    return {window, grouping: kind.groupingOf(window.channels)};
  };
  return {
    name,
    init(key: Key, inputShape: Shape, path: string = name) {
      const {grouping} = see(inputShape, path);
      const [kernelKey, biasKey] = key.split(2) as [Key, Key];
      const drawn = kernelInit(kernelKey, [...plan.size, grouping.inGroup, grouping.out]);
      const kernel = tf.reshape(drawn, [...plan.size, ...kind.kernelChannels(grouping)]);
      drawn.dispose();
      return useBias ? {kernel, bias: biasInit(biasKey, [grouping.out])} : {kernel};
    },
    apply({kernel, bias}, x, context) {
      const path = context?.path ?? name;
      const {window, grouping} = see(imageShape(x, kind.channelsOf(kernel), path), path);
      return tidy(() => {
        if (grouping.groups > 1) return nonlinearity(groupedProduct(x, kernel, bias, window, grouping));
        const fused = isFused(activation) ? activation : "linear";
        const matrices = tf.reshape(kernel, [...plan.size, grouping.inGroup, grouping.out]);
        const y = conv2dProduct(x, matrices, bias, window, fused);
        return fused === activation ? y : nonlinearity(y);
      });
    },
    outputShape(inputShape) {
      const {window, grouping} = see(inputShape, name);
      return [window.outHeight, window.outWidth, grouping.out];
    },
    flops(inputShape) {
      const {window, grouping} = see(inputShape, name);
      return 2 * positionsOf(window) * cellsOf(window) * grouping.inGroup * grouping.out;
    }
  };
}

/** Every group's windows times its own matrix. Kernels [..., in, multiplier] and [..., in / groups, out] hold the numbers in the same order. */
function groupedProduct(
  x: Tensor,
  kernel: Tensor,
  bias: Tensor | undefined,
  window: Window2d,
  {groups, inGroup, out}: Grouping
): Tensor {
  const cells = cellsOf(window);
  const perGroup = [groups, -1, cells * inGroup];
  const seen = tf.reshape(patches(x, window), [-1, cells, groups, inGroup]);
  const matrices = tf.reshape(kernel, [cells, inGroup, groups, out / groups]);
  const sums = batchProduct(
    tf.reshape(tf.transpose(seen, [2, 0, 1, 3]), perGroup),
    tf.reshape(tf.transpose(matrices, [2, 0, 1, 3]), [groups, cells * inGroup, out / groups])
  );
  const images = tf.reshape(tf.transpose(sums, [1, 0, 2]), [-1, window.outHeight, window.outWidth, out]);
  return bias ? tf.add(images, bias) : images;
}
