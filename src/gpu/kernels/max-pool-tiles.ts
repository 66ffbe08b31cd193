// Pooling where windows lie side by side and cover the image, as 2x2 with a stride of 2 does: no cell has to be looked for.
import type {GpuKernel} from "../webgpu-dispatch.ts";
import {flatMain, flatWorkgroups} from "./flat.ts";
import {cellsOf, type Window2d} from "./window.ts";

/** Cells of a window that are written out in the shader. */
const MOST_CELLS = 16;

/** True where each pixel is in one window, and windows are small. */
export function isTiling(window: Window2d): boolean {
  const {height, width, rows, columns, strideY, strideX, dilationY, dilationX, top, left} = window;
  return (
    cellsOf(window) <= MOST_CELLS &&
    strideY === rows &&
    strideX === columns &&
    window.outHeight * rows === height &&
    window.outWidth * columns === width &&
    top + left === 0 &&
    dilationY * dilationX === 1
  );
}

/**
 * The largest value of each window and which of its cells holds it. What is no number wins, by `is_nan`, which `isNaNFunction`
 * defines in WGSL.
 */
export const poolTiles = (window: Window2d, size: number, isNaNFunction: string): GpuKernel =>
  tiles(window, size, isNaNFunction, (at) => {
    const later = at.slice(1).map(
      (cell, k) => `  let value${k + 1} = images[${cell}];
  if (value${k + 1} > best || is_nan(value${k + 1})) {
    best = value${k + 1};
    winner = ${k + 1};
  }`
    );
    return `  var best = images[${at[0]}];
  var winner = 0;
${later.join("\n")}
  out0[i] = best;
  out1[i] = winner;`;
  });

/** What came to each window goes to its winner, and zero to its other cells. */
export const unpoolTiles = (window: Window2d, size: number): GpuKernel =>
  tiles(
    window,
    size,
    "",
    (at) => `  let value = dy[i];
  let winner = winners[i];
${at.map((cell, k) => `  out0[${cell}] = select(0.0, value, winner == ${k});`).join("\n")}`
  );

/** One thread a window and channel; `body` is told where the window's cells are. */
function tiles(
  {rows, columns, width, channels, outWidth}: Window2d,
  size: number,
  helpers: string,
  body: (at: string[]) => string
): GpuKernel {
  const at = Array.from(
    {length: rows * columns},
    (_, k) => `corner + ${Math.floor(k / columns)}u * args.imageRow + ${k % columns}u * args.channels`
  );
  return {
    variant: `tiles ${rows}x${columns}`,
    code: () =>
      helpers +
      flatMain(
        "args.size",
        `  let across = i % args.pooledRow;
  let pixel = across / args.channels * ${columns}u * args.channels + across % args.channels;
  let corner = i / args.pooledRow * ${rows}u * args.imageRow + pixel;
${body(at)}`
      ),
    uniforms: {
      size: {type: "u32", value: size},
      channels: {type: "u32", value: channels},
      imageRow: {type: "u32", value: width * channels},
      pooledRow: {type: "u32", value: outWidth * channels}
    },
    workgroups: flatWorkgroups(size)
  };
}
