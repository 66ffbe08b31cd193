import type {Key} from "../../core/key.ts";
import type {Point} from "./strokes.ts";

/** How far characters may be bent; each is drawn evenly between minus and plus this. */
export interface Deformation {
  /** Degrees of turning, 15 by default. */
  rotate?: number;
  /** Share of growing or shrinking, apart for both axes; 0.15 by default. */
  scale?: number;
  /** Slant: how far the top goes to the side, as a share of the height; 0.2 by default. */
  shear?: number;
  /** Share of the side to move by, 0.08 by default. */
  shift?: number;
  /** Share of the side by which single points are pushed, in slow waves (elastic deformation); 0.03 by default. */
  elastic?: number;
}

export const DEFAULTS: Required<Deformation> = {
  rotate: 15,
  scale: 0.15,
  shear: 0.2,
  shift: 0.08,
  elastic: 0.03
};

/** Waves a direction. */
const WAVES = 3;

/** A way to bend the unit square, drawn by the key: elastic first, then an affine map about the middle. */
export function drawDeformation(limits: Required<Deformation>, key: Key): (point: Point) => Point {
  const [affineKey, waveKey] = key.split(2) as [Key, Key];
  const [turn = 0, growX = 0, growY = 0, slant = 0, right = 0, down = 0] = affineKey.uniform(6, -1, 1);
  const angle = (turn * limits.rotate * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const push = drawWaves(limits.elastic, waveKey);
  return (point) => {
    const [pushedX, pushedY] = push(point);
    const y = (pushedY - 0.5) * (1 + growY * limits.scale);
    const x = (pushedX - 0.5) * (1 + growX * limits.scale) - slant * limits.shear * y;
    return [
      0.5 + cosine * x - sine * y + right * limits.shift,
      0.5 + sine * x + cosine * y + down * limits.shift
    ];
  };
}

/** Pushes points by a sum of plane waves, at most one and a half to the side, whose amplitudes add up to `most`. */
function drawWaves(most: number, key: Key): (point: Point) => Point {
  const draws = key.uniform(2 * WAVES * 4, -1, 1);
  const sumAt = (axis: number, x: number, y: number) => {
    let sum = 0;
    for (let wave = 0; wave < WAVES; ++wave) {
      const [a = 0, fx = 0, fy = 0, phase = 0] = draws.subarray(4 * (axis * WAVES + wave));
      sum += (a / WAVES) * Math.sin(Math.PI * (3 * (fx * x + fy * y) + phase));
    }
    return most * sum;
  };
  return ([x, y]) => [x + sumAt(0, x, y), y + sumAt(1, x, y)];
}
