import {normalised} from "../../../gpu/kernels/norm.ts";
import {checkCount} from "../../core/errors.ts";
import {type Initializer, zeros} from "../../core/initializers.ts";
import {expectShape, type Layer} from "../../core/layer.ts";
import {conv2d} from "../../core/layers/conv2d.ts";
import type {Padding, Pair} from "../../core/layers/window.ts";
import type {Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {Basis, Squash} from "../bases/basis.ts";
import {bspline} from "../bases/bspline.ts";
import {checkLayerNames} from "../option-names.ts";
import {type Base, baseValues, squashed} from "./base.ts";
import {torchLinear} from "./initializers.ts";
import type {KanState} from "./kan-layer.ts";
import {stateOf} from "./kan-layer.ts";

export interface KanConv2dOptions {
  /** Number of channels that come out. */
  filters: number;
  /** Size of the window, one number or [rows, columns]. */
  kernelSize: Pair;
  /** 1 by default. */
  strides?: Pair;
  /** "same" (the default), "valid", or cells on each side. */
  padding?: Padding;
  /** `bspline()` by default. */
  basis?: Basis;
  /** As in `kanLayer`. */
  base?: Base;
  /** "none", "tanh", or "layerNorm" over the channels of each pixel. What the basis wants by default, but no "layerNorm". */
  squash?: Squash;
  /** True by default. */
  useBias?: boolean;
  baseInit?: Initializer;
}

const OPTIONS: Readonly<Record<keyof KanConv2dOptions, true>> = {
  filters: true,
  kernelSize: true,
  strides: true,
  padding: true,
  basis: true,
  base: true,
  squash: true,
  useBias: true,
  baseInit: true
};

/** Parameters of a KAN convolution: kernels are HWIO. */
export type KanConvParams = {
  /** [rows, columns, in x size of the basis, filters]. */
  coefficients: Tensor;
  /** [rows, columns, in, filters]. */
  baseScale?: Tensor;
  bias?: Tensor;
  norm?: {scale: Tensor; bias: Tensor};
  basis?: Params;
};

/**
 * A convolution whose kernel's entries are functions of one number (Bodner et al. 2024): each window goes through a KAN layer. The functions of a pixel are computed once, not
 * once a window, and then an ordinary convolution adds them up. Outside the image there is nothing, not the function of zero. [batch, height, width, in] -> [batch, outHeight, outWidth, filters].
 *
 * @example
 * import {kanConv2d, rbf} from "petri/kan";
 * import {key, tf} from "petri/core";
 *
 * const layer = kanConv2d({filters: 4, kernelSize: 3, strides: 2, basis: rbf()});
 * const params = layer.init(key(0), [28, 28, 1]);
 * display(layer.apply(params, tf.ones([2, 28, 28, 1])).shape);
 */
export function kanConv2d(options: KanConv2dOptions): Layer<KanConvParams> {
  checkLayerNames("kanConv2d", options, OPTIONS);
  const {filters, kernelSize, strides = 1, padding = "same", basis = bspline(), useBias = true} = options;
  const {base = basis.isResidual ? "silu" : "zero", baseInit = torchLinear} = options;
  const wanted = basis.squash === "layerNorm" ? "none" : basis.squash;
  const {squash = wanted ?? "none"} = options;
  checkCount("filters", filters);
  const name = "kanConv2d";
  const products = conv2d({filters, kernelSize, strides, padding, useBias: false});
  const [rows, columns] = typeof kernelSize === "number" ? [kernelSize, kernelSize] : kernelSize;
  return {
    name,
    init(key, inputShape, path = name) {
      expectShape(inputShape.length === 3, path, "[height, width, channels]", inputShape);
      const channels = inputShape[2] as number;
      const inputs = rows * columns * channels;
      return tidy(() => {
        const own = basis.init?.(key.fold(3), channels);
        const drawn = basis.coefficients(key.fold(0), inputs, filters);
        return {
          coefficients: tf.reshape(drawn, [rows, columns, channels * basis.size, filters]),
          ...(base !== "zero" && {
            baseScale: tf.reshape(baseInit(key.fold(1), [inputs, filters]), [
              rows,
              columns,
              channels,
              filters
            ])
          }),
          ...(useBias && {bias: zeros(key.fold(2), [filters])}),
          ...(squash === "layerNorm" && {norm: {scale: tf.ones([channels]), bias: tf.zeros([channels])}}),
          ...(own && {basis: own})
        };
      });
    },
    apply(params, x, context) {
      const path = context?.path ?? name;
      const channels = (params.coefficients.shape[2] as number) / basis.size;
      expectShape(
        x.rank === 4 && x.shape[3] === channels,
        path,
        `[batch, height, width, ${channels}]`,
        x.shape
      );
      return tidy(() => {
        const functions = functionsOf(x, params, stateOf(context, name));
        const y = products.apply({kernel: params.coefficients}, functions, {path});
        const residual = params.baseScale && baseValues(base, x);
        const all = residual
          ? tf.add(y, products.apply({kernel: params.baseScale as Tensor}, residual, {path}))
          : y;
        return params.bias ? tf.add(all, params.bias) : all;
      });
    },
    outputShape: (shape) => products.outputShape?.(shape) ?? shape,
    ...(basis.initState && {initState: ([, , channels = 0]) => basis.initState?.(channels) ?? {}})
  };

  /** The functions of every channel of every pixel, [batch, height, width, channels x size]. */
  function functionsOf(x: Tensor, {norm, basis: own}: KanConvParams, state: KanState): Tensor {
    const [batch, height, width, channels] = x.shape as [number, number, number, number];
    const pixels = tf.reshape(x, [-1, channels]);
    const seen =
      squash === "layerNorm"
        ? normalised(pixels, norm ?? {}, {epsilon: 1e-5, centred: true})
        : squashed(squash, pixels);
    return tf.reshape(basis.features(seen, {params: own, state}), [
      batch,
      height,
      width,
      channels * basis.size
    ]);
  }
}
