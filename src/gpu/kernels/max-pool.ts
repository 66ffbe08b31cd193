import {defineKernel, type Values} from "../kernel.ts";
import * as tf from "../tfjs.ts";
import {flatMain, flatWorkgroups} from "./flat.ts";
import {isTiling, poolTiles, unpoolTiles} from "./max-pool-tiles.ts";
import {
  batchOf,
  forEachCell,
  imageSize,
  positionsOf,
  type Window2d,
  wgslForWindowsAt,
  wgslImageCell,
  wgslPixel,
  windowUniforms
} from "./window.ts";

const MAX_POOL = "PetriMaxPool";
const UNPOOL = "PetriMaxUnpool";
const PICK = "PetriMaxPoolPick";

const pooledSize = (window: Window2d) => positionsOf(window) * window.channels;
const pooledShape = (window: Window2d, batch: number) => [
  batch,
  window.outHeight,
  window.outWidth,
  window.channels
];

/** Inputs images; outputs the largest value of each window and which of its cells holds it, counted by rows. */
const maxPoolKernel = defineKernel<Window2d>({
  name: MAX_POOL,
  inputs: ["images"],
  outputs(specs, window) {
    const shape = pooledShape(window, batchOf(specs, "images", imageSize(window)));
    return [
      {shape, dtype: "float32"},
      {shape, dtype: "int32"}
    ];
  },
  twin({images}, [values, winners], window, specs) {
    const [from, best, winner] = [images, values, winners] as [Values, Values, Values];
    winner.fill(-1);
    forEachCell(window, batchOf(specs, "images", imageSize(window)), (pixel, position, cell) => {
      const [image, pooled] = [pixel * window.channels, position * window.channels];
      for (let c = 0; c < window.channels; ++c) {
        const value = from[image + c] as number;
        // A value that is no number wins: it must not be lost.
        if (winner[pooled + c] === -1 || value > (best[pooled + c] as number) || Number.isNaN(value)) {
          best[pooled + c] = value;
          winner[pooled + c] = cell;
        }
      }
    });
  },
  gpu(specs, window) {
    const size = batchOf(specs, "images", imageSize(window)) * pooledSize(window);
    if (isTiling(window)) return poolTiles(window, size, wgslIsNaN);
    return {
      variant: "",
      code: () =>
        wgslImageCell +
        wgslIsNaN +
        flatMain(
          "args.size",
          `${wgslPosition}
  var best = 0.0;
  var winner = -1;
  for (var ky = 0u; ky < args.rows; ky++) {
    let y = image_y(oy, ky);
    if (y < 0 || y >= i32(args.height)) { continue; }
    for (var kx = 0u; kx < args.columns; kx++) {
      let x = image_x(ox, kx);
      if (x < 0 || x >= i32(args.width)) { continue; }
      let value = images[((n * args.height + u32(y)) * args.width + u32(x)) * args.channels + c];
      if (winner < 0 || value > best || is_nan(value)) {
        best = value;
        winner = i32(ky * args.columns + kx);
      }
    }
  }
  out0[i] = best;
  out1[i] = winner;`
        ),
      uniforms: windowUniforms(window, size),
      workgroups: flatWorkgroups(size)
    };
  }
});

/** Inputs dy, one number a window, and winners; outputs an image in which each window has put its number at its winner. */
const unpoolKernel = defineKernel<Window2d>({
  name: UNPOOL,
  inputs: ["dy", "winners"],
  outputs: (specs, window) => [
    {
      shape: [batchOf(specs, "dy", pooledSize(window)), window.height, window.width, window.channels],
      dtype: "float32"
    }
  ],
  twin({dy, winners}, [images], window, specs) {
    const [from, winner, to] = [dy, winners, images] as [Values, Values, Values];
    to.fill(0);
    forEachCell(window, batchOf(specs, "dy", pooledSize(window)), (pixel, position, cell) => {
      const [image, pooled] = [pixel * window.channels, position * window.channels];
      for (let c = 0; c < window.channels; ++c)
        if (winner[pooled + c] === cell)
          to[image + c] = (to[image + c] as number) + (from[pooled + c] as number);
    });
  },
  gpu(specs, window) {
    const batch = batchOf(specs, "dy", pooledSize(window));
    if (isTiling(window)) return unpoolTiles(window, batch * pooledSize(window));
    const size = batch * imageSize(window);
    return {
      variant: "",
      code: () =>
        flatMain(
          "args.size",
          `${wgslPixel}
  var sum = 0.0;
  ${wgslForWindowsAt(
    `let pooled = ((n * args.outHeight + oy) * args.outWidth + ox) * args.channels + c;
      if (winners[pooled] == i32(ky * args.columns + kx)) { sum += dy[pooled]; }`
  )}
  out0[i] = sum;`
        ),
      uniforms: windowUniforms(window, size),
      workgroups: flatWorkgroups(size)
    };
  }
});

/** Inputs images and winners; outputs what the image has at each window's winner: the transpose of unpooling. */
const pickKernel = defineKernel<Window2d>({
  name: PICK,
  inputs: ["images", "winners"],
  outputs: (specs, window) => [
    {shape: pooledShape(window, batchOf(specs, "images", imageSize(window))), dtype: "float32"}
  ],
  twin({images, winners}, [values], window, specs) {
    const [from, winner, to] = [images, winners, values] as [Values, Values, Values];
    forEachCell(window, batchOf(specs, "images", imageSize(window)), (pixel, position, cell) => {
      const [image, pooled] = [pixel * window.channels, position * window.channels];
      for (let c = 0; c < window.channels; ++c)
        if (winner[pooled + c] === cell) to[pooled + c] = from[image + c] as number;
    });
  },
  gpu(specs, window) {
    const size = batchOf(specs, "images", imageSize(window)) * pooledSize(window);
    return {
      variant: "",
      code: () =>
        wgslImageCell +
        flatMain(
          "args.size",
          `${wgslPosition}
  let cell = u32(winners[i]);
  let y = u32(image_y(oy, cell / args.columns));
  let x = u32(image_x(ox, cell % args.columns));
  out0[i] = images[((n * args.height + y) * args.width + x) * args.channels + c];`
        ),
      uniforms: windowUniforms(window, size),
      workgroups: flatWorkgroups(size)
    };
  }
});

/** WGSL: the bits decide, because compilers take it that no number differs from itself. */
const wgslIsNaN = `fn is_nan(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
}
`;

/** WGSL: channel, position and image of element i of what comes out of pooling. */
const wgslPosition = `  let c = i % args.channels;
  var rest = i / args.channels;
  let ox = rest % args.outWidth;
  rest /= args.outWidth;
  let oy = rest % args.outHeight;
  let n = rest / args.outHeight;`;

/**
 * The largest value of each window, [batch, height, width, channels] -> [batch, outHeight, outWidth, channels]; cells
 * outside the image never win. Of equal values the first by rows gets the gradient, as in PyTorch; tfjs gives it to all.
 */
export function maxPool(images: tf.Tensor, window: Window2d): tf.Tensor {
  const [values, winners] = maxPoolKernel({images}, window) as [tf.Tensor, tf.Tensor];
  // The tape has its own hold on what the gradient needs.
  winners.dispose();
  return values;
}

const unpool = (dy: tf.Tensor, winners: tf.Tensor, window: Window2d) =>
  unpoolKernel({dy, winners}, window)[0] as tf.Tensor;

const pick = (images: tf.Tensor, winners: tf.Tensor, window: Window2d) =>
  pickKernel({images, winners}, window)[0] as tf.Tensor;

/** Which cell is the largest changes nowhere that a derivative could see. */
const noGradient = (winners: tf.Tensor) => () => tf.zeros(winners.shape);

tf.registerGradient({
  kernelName: MAX_POOL,
  outputsToSave: [false, true],
  gradFunc: (dys, [winners], attrs) => ({
    images: () => unpool((dys as tf.Tensor[])[0] as tf.Tensor, winners as tf.Tensor, attrs as never)
  })
});

tf.registerGradient({
  kernelName: UNPOOL,
  inputsToSave: ["winners"],
  gradFunc: (dy, [winners], attrs) => ({
    dy: () => pick(dy as tf.Tensor, winners as tf.Tensor, attrs as never),
    winners: noGradient(winners as tf.Tensor)
  })
});

tf.registerGradient({
  kernelName: PICK,
  inputsToSave: ["winners"],
  gradFunc: (dy, [winners], attrs) => ({
    images: () => unpool(dy as tf.Tensor, winners as tf.Tensor, attrs as never),
    winners: noGradient(winners as tf.Tensor)
  })
});
