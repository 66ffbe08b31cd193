import {checkCount, checkNumber} from "../core/errors.ts";
import type {Key} from "../core/key.ts";
import {type Dataset, sizeOf} from "./dataset.ts";
import {addNoise} from "./generated/chance.ts";
import {type ImageShape, imageShape, type Warp, warpImage} from "./image.ts";

/** What may happen to an image; what is left out does not. In this order: */
export interface Augmentation {
  /** Mirrors left and right, with probability one half. */
  flip?: boolean;
  /** Turns about the centre by up to this many degrees, either way. */
  rotate?: number;
  /** Moves by up to this many whole pixels, up or down and left or right. */
  shift?: number;
  /** Adds normal noise of this standard deviation to every number. */
  noise?: number;
  /** Sets a square of this many pixels a side to 0, around a pixel drawn from the whole image. */
  cutout?: number;
}

/**
 * A dataset of images with each changed at random. @throws ShapeError, ArgumentError
 *
 * @example
 * import {key} from "petri/core";
 * import {augment, glyphs} from "petri/datasets";
 *
 * const images = glyphs({n: 10, size: 20});
 * const changed = augment(images, {rotate: 20, shift: 2, cutout: 5, noise: 0.05}, key(1));
 * const pixels = Array.from(changed.inputs, (value, i) => ({
 *   image: Math.floor(i / 400), x: i % 20, y: Math.floor((i % 400) / 20), value
 * }));
 * display(Plot.plot({width, height: 110, axis: null, color: {scheme: "greys"}, marks: [
 *   Plot.cell(pixels, {x: "x", y: "y", fx: "image", fill: "value"})
 * ]}));
 */
export function augment(data: Dataset, changes: Augmentation, key: Key): Dataset {
  return {...data, inputs: augmentImages(data.inputs, data.inputShape, changes, key)};
}

/**
 * Images (count x shape, row-major; shape [height, width] or [height, width, channels]) with each changed at random by
 * the key. What lies outside an image is 0. @throws ShapeError, ArgumentError
 */
export function augmentImages(
  images: Float32Array,
  shape: readonly number[],
  changes: Augmentation,
  key: Key
): Float32Array {
  const sides = imageShape(shape);
  const {flip = false, rotate = 0, shift = 0, noise = 0, cutout = 0} = changes;
  checkNumber("rotate", rotate, 0, 180);
  checkCount("shift", shift, 0);
  checkNumber("noise", noise, 0);
  checkCount("cutout", cutout, 0);
  const size = sizeOf(shape);
  const count = images.length / size;
  const [placeKey, noiseKey, holeKey] = key.split(3) as [Key, Key, Key];
  const draws = placeKey.uniform(4 * count);
  const holes = holeKey.uniform(2 * count);
  const out = new Float32Array(images.length);
  for (let i = 0; i < count; ++i) {
    const [flips = 0, turn = 0, down = 0, right = 0] = draws.subarray(4 * i, 4 * i + 4);
    const image = out.subarray(i * size, (i + 1) * size);
    const warp = placement(sides, {
      flipped: flip && flips < 0.5,
      angle: ((2 * turn - 1) * rotate * Math.PI) / 180,
      down: steps(down, shift),
      right: steps(right, shift)
    });
    warpImage(images.subarray(i * size, (i + 1) * size), image, sides, warp);
  }
  addNoise(out, noise, noiseKey);
  if (cutout > 0) {
    for (let i = 0; i < count; ++i) {
      const image = out.subarray(i * size, (i + 1) * size);
      cut(image, sides, cutout, holes[2 * i] as number, holes[2 * i + 1] as number);
    }
  }
  return out;
}

/** A whole number from -most to most, each as likely, for u in [0, 1). */
const steps = (u: number, most: number) => Math.floor(u * (2 * most + 1)) - most;

interface Placement {
  flipped: boolean;
  angle: number;
  down: number;
  right: number;
}

/** Where a pixel of the new image was: moved back, turned back, mirrored back. */
function placement({height, width}: ImageShape, {flipped, angle, down, right}: Placement): Warp {
  const middleY = (height - 1) / 2;
  const middleX = (width - 1) / 2;
  const cosine = Math.cos(angle);
  const sine = Math.sin(angle);
  return (row, column) => {
    const y = row - down - middleY;
    const x = column - right - middleX;
    const sourceX = cosine * x + sine * y;
    return [middleY + cosine * y - sine * x, middleX + (flipped ? -sourceX : sourceX)];
  };
}

function cut(
  image: Float32Array,
  {height, width, channels}: ImageShape,
  side: number,
  u: number,
  v: number
): void {
  const top = Math.floor(u * height) - Math.floor(side / 2);
  const left = Math.floor(v * width) - Math.floor(side / 2);
  for (let y = Math.max(0, top); y < Math.min(height, top + side); ++y) {
    const end = Math.min(width, left + side);
    image.fill(0, (y * width + Math.max(0, left)) * channels, (y * width + end) * channels);
  }
}
