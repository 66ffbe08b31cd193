import {checkCount, checkNumber} from "../../core/errors.ts";
import {checkSize} from "../checks.ts";
import type {Dataset} from "../dataset.ts";
import {addNoise, type Chance, chooseKey} from "../generated/chance.ts";
import {DEFAULTS, type Deformation, drawDeformation} from "./deform.ts";
import {type Point, type Stroke, strokesOf} from "./strokes.ts";

export interface GlyphOptions extends Chance, Deformation {
  /** Images, 1000 by default; the characters get equal shares. */
  n?: number;
  /** What is drawn: digits and capital letters, each a class; the ten digits by default. */
  characters?: string;
  /** Pixels a side, 16 by default. */
  size?: number;
  /** Width of the pen as a share of the side, drawn for each image; from 0.06 to 0.12 by default. */
  pen?: [number, number];
  /** Standard deviation of normal noise on every pixel, 0 by default. */
  noise?: number;
}

/**
 * Images of characters drawn with strokes, turned, slanted and bent: shape [size, size, 1], from 0 to 1. @throws ArgumentError
 *
 * @example
 * import {glyphs} from "petri/datasets";
 *
 * const {inputs} = glyphs({n: 16, characters: "PETRI", size: 24, elastic: 0.05});
 * const pixels = Array.from(inputs, (value, i) => ({
 *   image: Math.floor(i / 576), x: i % 24, y: Math.floor((i % 576) / 24), value
 * }));
 * display(Plot.plot({width, height: 80, axis: null, color: {scheme: "greys"}, marks: [
 *   Plot.cell(pixels, {x: "x", y: "y", fx: "image", fill: "value"})
 * ]}));
 */
export function glyphs(options: GlyphOptions = {}): Dataset {
  const {n = 1000, characters = "0123456789", size = 16, pen = [0.06, 0.12], noise = 0} = options;
  checkCount("n", n);
  checkCount("size", size, 4);
  checkNumber("noise", noise, 0);
  for (const width of pen) checkNumber("pen", width, 0, 1);
  const limits = {...DEFAULTS};
  for (const name of Object.keys(DEFAULTS) as (keyof Deformation)[]) {
    limits[name] = options[name] ?? DEFAULTS[name];
    checkNumber(name, limits[name], 0);
  }
  const classes = Array.from(characters);
  checkCount("characters", classes.length);
  const drawings = classes.map(strokesOf);
  const key = chooseKey("glyphs", options);
  const pixels = size * size;
  checkSize("glyphs", n, pixels);
  const inputs = new Float32Array(n * pixels);
  const labels = Int32Array.from({length: n}, (_, i) => i % classes.length);
  labels.forEach((label, i) => {
    const own = key.fold(i);
    const deform = drawDeformation(limits, own);
    const [width = 0] = own.fold(0).uniform(1, ...pen);
    const image = inputs.subarray(i * pixels, (i + 1) * pixels);
    for (const stroke of drawings[label] as Stroke[]) drawStroke(image, size, stroke.map(deform), width);
    addNoise(image, noise, own.fold(1));
  });
  return {name: "glyphs", inputs, inputShape: [size, size, 1], labels, classes};
}

/** Draws a line with a round pen; the brighter of what is there and what is drawn stays. */
function drawStroke(image: Float32Array, size: number, stroke: Stroke, pen: number): void {
  const radius = (pen * size) / 2;
  for (let i = 1; i < stroke.length; ++i) {
    const from = onPixels(stroke[i - 1] as Point, size);
    const to = onPixels(stroke[i] as Point, size);
    const [left, right] = reach(from[0], to[0], radius, size);
    const [top, bottom] = reach(from[1], to[1], radius, size);
    for (let y = top; y <= bottom; ++y) {
      for (let x = left; x <= right; ++x) {
        // One pixel wide, the edge goes from dark to bright.
        const cover = Math.min(1, radius + 0.5 - distance(x, y, from, to));
        const at = y * size + x;
        if (cover > (image[at] as number)) image[at] = cover;
      }
    }
  }
}

/** From the unit square to pixels, whose centres are whole numbers. */
const onPixels = ([x, y]: Point, size: number): Point => [x * size - 0.5, y * size - 0.5];

/** The first and last pixel that a line with this radius can touch. */
function reach(from: number, to: number, radius: number, size: number): [number, number] {
  const low = Math.floor(Math.min(from, to) - radius - 0.5);
  return [Math.max(0, low), Math.min(size - 1, Math.ceil(Math.max(from, to) + radius + 0.5))];
}

/** How far a point is from a line between two others. */
function distance(x: number, y: number, [x0, y0]: Point, [x1, y1]: Point): number {
  const dx = x1 - x0;
  const dy = y1 - y0;
  const square = dx * dx + dy * dy;
  const t = square > 0 ? Math.max(0, Math.min(1, ((x - x0) * dx + (y - y0) * dy) / square)) : 0;
  const awayX = x - x0 - t * dx;
  const awayY = y - y0 - t * dy;
  // Math.hypot takes many times as long.
  return Math.sqrt(awayX * awayX + awayY * awayY);
}
