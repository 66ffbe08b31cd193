import {maxPool} from "../../../gpu/kernels/max-pool.ts";
import {patches} from "../../../gpu/kernels/patches.ts";
import {cellsOf, positionsOf, type Window2d} from "../../../gpu/kernels/window.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {ArgumentError} from "../errors.ts";
import {expectShape, type Layer} from "../layer.ts";
import {imageShape, type Padding, type Pair, planWindow, type WindowPlan, windowOn} from "./window.ts";

export interface Pool2dOptions {
  /** Size of the window, one number or [rows, columns]; 2 by default. */
  windowSize?: Pair;
  /** Steps of the window over the image; its size by default. */
  strides?: Pair;
  /** "valid" (the default), "same" as in TensorFlow, or cells on each side, fewer than the window has. Cells outside the image never count. */
  padding?: Padding;
}

/**
 * The largest value in every window: [batch, height, width, channels] -> [batch, outHeight, outWidth, channels]. Of equal values the first gets the gradient, as in PyTorch.
 *
 * @example
 * import {avgPool2d, maxPool2d, tf} from "petri/core";
 *
 * const image = tf.range(0, 16).reshape([1, 4, 4, 1]);
 * for (const layer of [maxPool2d(), avgPool2d()]) display(layer.apply({}, image).flatten().arraySync());
 */
export function maxPool2d(options: Pool2dOptions = {}): Layer<Record<never, never>> {
  return pooling("maxPool2d", options, maxPool);
}

/** The mean of every window, of those of its cells that lie on the image: [batch, height, width, channels] -> [batch, outHeight, outWidth, channels]. */
export function avgPool2d(options: Pool2dOptions = {}): Layer<Record<never, never>> {
  return pooling("avgPool2d", options, (x, window) => {
    const cells = tf.reshape(patches(x, window), [-1, cellsOf(window), window.channels]);
    const counts = tf.tensor(countsOf(window), [window.outHeight, window.outWidth, 1]);
    const sums = tf.reshape(tf.sum(cells, 1), [-1, window.outHeight, window.outWidth, window.channels]);
    return tf.div(sums, counts);
  });
}

/** The mean over all pixels: [batch, height, width, channels] -> [batch, channels]. */
export function globalAvgPool2d(): Layer<Record<never, never>> {
  const name = "globalAvgPool2d";
  return {
    name,
    init(_key, inputShape, path = name) {
      expectShape(inputShape.length === 3, path, "[height, width, channels]", inputShape);
      return {};
    },
    apply(_params, x, context) {
      imageShape(x, undefined, context?.path ?? name);
      return tf.mean(x, [1, 2]);
    },
    outputShape: (shape) => shape.slice(-1),
    flops: (shape) => shape.reduce((size, dim) => size * dim, 1)
  };
}

function pooling(
  name: string,
  {windowSize = 2, strides = windowSize, padding = "valid"}: Pool2dOptions,
  pool: (x: Tensor, window: Window2d) => Tensor
): Layer<Record<never, never>> {
  const plan = planWindow(name, {size: windowSize, strides, padding});
  checkPadding(name, plan);
  return {
    name,
    init(_key, inputShape, path = name) {
      windowOn(plan, inputShape, path);
      return {};
    },
    apply(_params, x, context) {
      const path = context?.path ?? name;
      const window = windowOn(plan, imageShape(x, undefined, path), path);
      return tidy(() => pool(x, window));
    },
    outputShape(inputShape) {
      const {outHeight, outWidth, channels} = windowOn(plan, inputShape, name);
      return [outHeight, outWidth, channels];
    },
    flops(inputShape) {
      const window = windowOn(plan, inputShape, name);
      return positionsOf(window) * cellsOf(window) * window.channels;
    }
  };
}

/** Every window must see the image: the largest value of none, or their mean, is no number. */
function checkPadding(name: string, {padding, size}: WindowPlan): void {
  if (padding === "same" || padding === "valid") return;
  const [down, across] = typeof padding === "number" ? [padding, padding] : padding;
  if (down < size[0] && across < size[1]) return;
  throw new ArgumentError(
    `${name}: padding must be less than the window's size, [${size.join(", ")}], got [${down}, ${across}]: a window would lie beside the image.`
  );
}

/** How many cells of the window lie on the image, at each of its positions. */
function countsOf(window: Window2d): Float32Array {
  const along = (positions: number, stride: number, before: number, cells: number, length: number) =>
    Array.from({length: positions}, (_, i) => {
      const start = i * stride - before;
      return Math.min(start + cells, length) - Math.max(start, 0);
    });
  const down = along(window.outHeight, window.strideY, window.top, window.rows, window.height);
  const across = along(window.outWidth, window.strideX, window.left, window.columns, window.width);
  return Float32Array.from(down.flatMap((rows) => across.map((columns) => rows * columns)));
}
