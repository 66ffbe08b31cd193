import {ShapeError} from "../core/errors.ts";
import {sizeOf} from "./dataset.ts";

/** Height, width and channels of an image. */
export interface ImageShape {
  height: number;
  width: number;
  channels: number;
}

/** An image's sides, from [height, width] or [height, width, channels]. @throws ShapeError for another shape. */
export function imageShape(shape: readonly number[]): ImageShape {
  const [height = 0, width = 0, channels = 1] = shape;
  if (shape.length < 2 || shape.length > 3 || sizeOf(shape) < 1) {
    throw new ShapeError(
      `Expected images of shape [height, width] or [height, width, channels], got [${shape}].`
    );
  }
  return {height, width, channels};
}

/** Where in the old image (row, column) the new pixel at (row, column) comes from. */
export type Warp = (y: number, x: number) => readonly [number, number];

/** Draws an image anew by looking up every pixel, between pixels bilinearly; outside it is 0. */
export function warpImage(from: Float32Array, to: Float32Array, shape: ImageShape, warp: Warp): void {
  const {height, width, channels} = shape;
  for (let y = 0; y < height; ++y) {
    for (let x = 0; x < width; ++x) {
      const [sourceY, sourceX] = warp(y, x);
      for (let c = 0; c < channels; ++c) {
        to[(y * width + x) * channels + c] = lookUp(from, shape, sourceY, sourceX, c);
      }
    }
  }
}

function lookUp(
  image: Float32Array,
  {height, width, channels}: ImageShape,
  y: number,
  x: number,
  c: number
): number {
  const top = Math.floor(y);
  const left = Math.floor(x);
  let sum = 0;
  for (let row = top; row <= top + 1; ++row) {
    for (let column = left; column <= left + 1; ++column) {
      if (row < 0 || row >= height || column < 0 || column >= width) continue;
      const weight = (1 - Math.abs(y - row)) * (1 - Math.abs(x - column));
      if (weight > 0) sum += weight * (image[(row * width + column) * channels + c] as number);
    }
  }
  return sum;
}
