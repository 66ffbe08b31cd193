import {type Layer, type LinearProduct, type Shape, shapeAfter} from "../core/layer.ts";
import {conv2d} from "../core/layers/conv2d.ts";
import type {Params} from "../core/tree.ts";
import {type Tensor, tf, tidy} from "../tf.ts";

/**
 * A layer for vectors, at every position by itself: [batch, ..., in] -> [batch, ..., out]. Keras calls it TimeDistributed.
 * Parameters and path are the layer's own.
 */
export function eachPosition<P extends Params>(layer: Layer<P>): Layer<P> {
  const vector = (shape: Shape) => shape.slice(-1);
  const {flops, withProduct} = layer;
  const positions = (shape: Shape) => shape.slice(0, -1).reduce((size, dim) => size * dim, 1);
  return {
    name: layer.name,
    init: (key, inputShape, path) => layer.init(key, vector(inputShape), path),
    apply: (params, x, context) =>
      tidy(() => {
        const y = layer.apply(params, tf.reshape(x, [-1, x.shape.at(-1) as number]), context);
        return tf.reshape(y, [...x.shape.slice(0, -1), ...y.shape.slice(1)]);
      }),
    outputShape: (shape) => [...shape.slice(0, -1), ...shapeAfter(layer as Layer, vector(shape))],
    ...(withProduct && {withProduct: (product: LinearProduct) => eachPosition(withProduct(product))}),
    ...(flops && {flops: (shape: Shape) => positions(shape) * flops(vector(shape))})
  };
}

/** A function of a batch as a layer without parameters; `outputShape` is that of one example. */
export function lambda(
  name: string,
  apply: (x: Tensor) => Tensor,
  outputShape?: (shape: Shape) => Shape
): Layer<Record<never, never>> {
  return {
    name,
    init: () => ({}),
    apply: (_params, x) => tidy(() => apply(x)),
    ...(outputShape && {outputShape})
  };
}

/** Positions and features change places: [batch, time, features] -> [batch, features, time]. */
export function swapAxes(): Layer<Record<never, never>> {
  return lambda(
    "swapAxes",
    (x) => tf.transpose(x, [0, 2, 1]),
    (shape) => [...shape].reverse()
  );
}

/** The mean over positions: [batch, time, features] -> [batch, features]. */
export function meanOverTime(): Layer<Record<never, never>> {
  return lambda(
    "meanOverTime",
    (x) => tf.mean(x, 1),
    (shape) => shape.slice(1)
  );
}

/** A layer that is made for the shape of what comes in, because its own sizes follow from it. */
export function shaped(name: string, build: (inputShape: Shape) => Layer): Layer {
  return {
    name,
    init: (key, inputShape, path) => build(inputShape).init(key, inputShape, path),
    apply: (params, x, context) => build(x.shape.slice(1)).apply(params, x, context),
    outputShape: (shape) => shapeAfter(build(shape), shape),
    children: (shape) => build(shape).children?.(shape) ?? [],
    flops: (shape) => build(shape).flops?.(shape) ?? 0
  };
}

/** Squares of an image as vectors: [batch, height, width, channels] -> [batch, patches, features], by one linear map for all (a convolution). */
export function patchVectors(patchSize: number, features: number): Layer[] {
  return [
    conv2d({filters: features, kernelSize: patchSize, strides: patchSize, padding: "valid"}),
    lambda(
      "patches",
      (x) => tf.reshape(x, [x.shape[0] as number, -1, features]),
      ([height = 0, width = 0]) => [height * width, features]
    )
  ];
}
