import {defineKernel, type Values} from "../kernel.ts";
import * as tf from "../tfjs.ts";
import {flatMain, flatWorkgroups} from "./flat.ts";
import {
  batchOf,
  cellsOf,
  imageSize,
  positionsOf,
  type Window2d,
  wgslForWindowsAt,
  wgslImageCell,
  wgslPixel,
  windowUniforms
} from "./window.ts";

const PATCHES = "PetriPatches";
const FOLD = "PetriFoldPatches";

const patchSize = (window: Window2d) => cellsOf(window) * window.channels;
const patchesSize = (window: Window2d) => positionsOf(window) * patchSize(window);

const patchesKernel = defineKernel<Window2d>({
  name: PATCHES,
  inputs: ["images"],
  outputs: (specs, window) => [
    {
      shape: [batchOf(specs, "images", imageSize(window)) * positionsOf(window), patchSize(window)],
      dtype: "float32"
    }
  ],
  twin({images}, [patches], window, specs) {
    const [from, to] = [images, patches] as [Values, Values];
    to.fill(0);
    forEachRun(window, batchOf(specs, "images", imageSize(window)), (image, patch, count) => {
      for (let i = 0; i < count; ++i) to[patch + i] = from[image + i] as number;
    });
  },
  gpu(specs, window) {
    const size = batchOf(specs, "images", imageSize(window)) * patchesSize(window);
    return {
      variant: "",
      code: () =>
        wgslImageCell +
        flatMain(
          "args.size",
          `  let c = i % args.channels;
  var rest = i / args.channels;
  let kx = rest % args.columns;
  rest /= args.columns;
  let ky = rest % args.rows;
  rest /= args.rows;
  let ox = rest % args.outWidth;
  rest /= args.outWidth;
  let oy = rest % args.outHeight;
  let n = rest / args.outHeight;
  let y = image_y(oy, ky);
  let x = image_x(ox, kx);
  if (y < 0 || y >= i32(args.height) || x < 0 || x >= i32(args.width)) {
    out0[i] = 0.0;
    return;
  }
  out0[i] = images[((n * args.height + u32(y)) * args.width + u32(x)) * args.channels + c];`
        ),
      uniforms: windowUniforms(window, size),
      workgroups: flatWorkgroups(size)
    };
  }
});

const foldKernel = defineKernel<Window2d>({
  name: FOLD,
  inputs: ["patches"],
  outputs: (specs, window) => [
    {
      shape: [batchOf(specs, "patches", patchesSize(window)), window.height, window.width, window.channels],
      dtype: "float32"
    }
  ],
  twin({patches}, [images], window, specs) {
    const [from, to] = [patches, images] as [Values, Values];
    to.fill(0);
    forEachRun(window, batchOf(specs, "patches", patchesSize(window)), (image, patch, count) => {
      for (let i = 0; i < count; ++i) to[image + i] = (to[image + i] as number) + (from[patch + i] as number);
    });
  },
  gpu(specs, window) {
    const size = batchOf(specs, "patches", patchesSize(window)) * imageSize(window);
    return {
      variant: "",
      code: () =>
        flatMain(
          "args.size",
          `${wgslPixel}
  var sum = 0.0;
  ${wgslForWindowsAt(
    `let seen = ((n * args.outHeight + oy) * args.outWidth + ox) * args.rows * args.columns;
      sum += patches[(seen + ky * args.columns + kx) * args.channels + c];`
  )}
  out0[i] = sum;`
        ),
      uniforms: windowUniforms(window, size),
      workgroups: flatWorkgroups(size)
    };
  }
});

/** Calls back for every stretch of a patch that lies in one piece in the image: offsets of both and the length. */
function forEachRun(
  window: Window2d,
  batch: number,
  copy: (image: number, patch: number, count: number) => void
): void {
  const {height, width, channels, rows, columns, strideY, strideX, dilationY, dilationX, top, left} = window;
  const whole = dilationX === 1;
  let patch = 0;
  for (let n = 0; n < batch; ++n)
    for (let oy = 0; oy < window.outHeight; ++oy)
      for (let ox = 0; ox < window.outWidth; ++ox)
        for (let ky = 0; ky < rows; ++ky, patch += columns * channels) {
          const y = oy * strideY + ky * dilationY - top;
          if (y < 0 || y >= height) continue;
          const line = (n * height + y) * width;
          const x = ox * strideX - left;
          if (whole) {
            const from = Math.max(0, -x);
            const count = Math.min(columns, width - x) - from;
            if (count > 0) copy((line + x + from) * channels, patch + from * channels, count * channels);
            continue;
          }
          for (let kx = 0; kx < columns; ++kx) {
            const at = x + kx * dilationX;
            if (at >= 0 && at < width) copy((line + at) * channels, patch + kx * channels, channels);
          }
        }
}

/**
 * What a window sees at each of its positions (im2col): images [batch, height, width, channels] -> [batch x positions,
 * cells x channels], zero outside the image. Its gradient is `foldPatches` and the other way round, so that derivatives of
 * any order are exact.
 */
export function patches(images: tf.Tensor, window: Window2d): tf.Tensor {
  return patchesKernel({images}, window)[0] as tf.Tensor;
}

/** Adds up what windows hold for every cell of the image (col2im), the transpose of `patches`. */
export function foldPatches(patches: tf.Tensor, window: Window2d): tf.Tensor {
  return foldKernel({patches}, window)[0] as tf.Tensor;
}

tf.registerGradient({
  kernelName: PATCHES,
  gradFunc: (dy, _saved, attrs) => ({
    images: () => foldPatches(dy as tf.Tensor, attrs as unknown as Window2d)
  })
});

tf.registerGradient({
  kernelName: FOLD,
  gradFunc: (dy, _saved, attrs) => ({
    patches: () => patches(dy as tf.Tensor, attrs as unknown as Window2d)
  })
});
