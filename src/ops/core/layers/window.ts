// Windows that move over an image, as convolutions and pooling have them.
import type {Window2d} from "../../../gpu/kernels/window.ts";
import type {Tensor} from "../../tf.ts";
import {ArgumentError, checkCount} from "../errors.ts";
import {expectShape, type Shape} from "../layer.ts";

/** One number for both directions, or [rows, columns]. */
export type Pair = number | readonly [number, number];

/**
 * What lies outside the image: nothing ("valid"); so much that a stride of one keeps the size, the smaller half before,
 * as in TensorFlow ("same"); or a number of cells on each side, as in PyTorch.
 */
export type Padding = "same" | "valid" | Pair;

export interface WindowOptions {
  size: Pair;
  strides: Pair;
  dilation?: Pair;
  padding: Padding;
}

/** The options with both directions spelled out, checked. */
export interface WindowPlan {
  size: readonly [number, number];
  strides: readonly [number, number];
  dilation: readonly [number, number];
  padding: Padding;
}

/** Checks the options of a convolution or pooling, whose names are for messages. */
export function planWindow(layer: string, options: WindowOptions): WindowPlan {
  const {padding} = options;
  if (padding !== "same" && padding !== "valid") pair(`${layer}: padding`, padding, 0);
  return {
    size: pair(`${layer}: the window's size`, options.size),
    strides: pair(`${layer}: strides`, options.strides),
    dilation: pair(`${layer}: dilation`, options.dilation ?? 1),
    padding
  };
}

function pair(name: string, value: Pair, low = 1): readonly [number, number] {
  const both = typeof value === "number" ? ([value, value] as const) : value;
  if (!Array.isArray(both) || both.length !== 2) {
    throw new ArgumentError(`${name} must be a number or [rows, columns], got ${JSON.stringify(value)}.`);
  }
  for (const each of both) checkCount(name, each, low);
  return both as readonly [number, number];
}

/** The window on images [height, width, channels]; throws a ShapeError where it is larger than the padded image. */
export function windowOn(plan: WindowPlan, inputShape: Shape, path: string): Window2d {
  const [height = 0, width = 0, channels = 0] = inputShape;
  expectShape(inputShape.length === 3, path, "[height, width, channels]", inputShape);
  const y = along(plan, 0, height);
  const x = along(plan, 1, width);
  expectShape(
    y.positions > 0 && x.positions > 0,
    path,
    `[at least ${y.least}, at least ${x.least}, channels]`,
    inputShape
  );
  const [rows, columns] = plan.size;
  const [strideY, strideX] = plan.strides;
  const [dilationY, dilationX] = plan.dilation;
  return {
    height,
    width,
    channels,
    rows,
    columns,
    strideY,
    strideX,
    dilationY,
    dilationX,
    top: y.before,
    left: x.before,
    outHeight: y.positions,
    outWidth: x.positions
  };
}

/** Positions along one direction, the padding before the first cell, and the smallest image that has a position. */
function along({size, strides, dilation, padding}: WindowPlan, axis: 0 | 1, length: number) {
  const reach = (size[axis] - 1) * dilation[axis] + 1;
  const stride = strides[axis];
  if (padding === "same") {
    const positions = Math.ceil(length / stride);
    const outside = Math.max((positions - 1) * stride + reach - length, 0);
    return {positions, before: Math.floor(outside / 2), least: 1};
  }
  const before = padding === "valid" ? 0 : typeof padding === "number" ? padding : padding[axis];
  const positions = Math.max(0, Math.floor((length + 2 * before - reach) / stride) + 1);
  return {positions, before, least: Math.max(1, reach - 2 * before)};
}

/** Images in a batch [batch, height, width, channels]; throws a ShapeError when it is none. */
export function imageShape(x: Tensor, channels: number | undefined, path: string): Shape {
  expectShape(
    x.rank === 4 && (channels === undefined || x.shape[3] === channels),
    path,
    `[batch, height, width, ${channels ?? "channels"}]`,
    x.shape
  );
  return x.shape.slice(1);
}
