import {ArgumentError} from "../../core/errors.ts";

export type Point = [x: number, y: number];

/** Points of a line that is drawn without lifting the pen. */
export type Stroke = readonly Point[];

// How characters are written, on a grid of ten by ten with y downwards: a point is its column and row, strokes are divided by
// semicolons, and a stroke that begins with ~ is rounded.
const WRITTEN: Readonly<Record<string, string>> = {
  "0": "~50 71 73 76 78 59 38 36 33 31 50",
  "1": "22 50 59",
  "2": "~12 30 70 83 65 19;19 89",
  "3": "~11 50 81 73 44;~44 84 87 59 18",
  "4": "60 16 86;60 69",
  "5": "80 20 14;~14 54 85 87 59 18",
  "6": "~70 31 15 17 39 69 86 64 35 16",
  "7": "10 80 39",
  "8": "~44 12 30 60 82 54 16 18 39 69 88 86 44",
  "9": "~84 65 25 12 30 60 83 86 69 29",
  A: "09 50 99;27 77",
  B: "10 19;~10 60 82 64 14;~14 74 86 79 19",
  C: "~82 60 30 12 17 39 69 87",
  D: "10 19;~10 60 83 86 69 19",
  E: "80 10 19 89;14 64",
  F: "80 10 19;14 64",
  G: "~82 60 30 12 17 39 69 88;88 85 55",
  H: "10 19;80 89;14 84",
  I: "20 80;50 59;29 89",
  J: "80 86;~86 79 39 17",
  K: "10 19;80 14 89",
  L: "10 19 89",
  M: "09 00 55 90 99",
  N: "19 10 89 80",
  O: "~50 80 93 96 89 59 19 06 03 10 50",
  P: "19 10;~10 60 82 65 15",
  Q: "~50 80 93 96 89 59 19 06 03 10 50;66 99",
  R: "19 10;~10 60 82 65 15;45 89",
  S: "~82 60 30 12 24 75 87 59 29 17",
  T: "10 90;50 59",
  U: "10 16;~16 39 69 86;86 80",
  V: "10 49 80",
  W: "00 29 52 79 90",
  X: "10 89;80 19",
  Y: "10 54 90;54 59",
  Z: "10 80 19 89"
};

/** Share of an image's side that a character takes, across and down. */
const WIDTH = 0.5;
const HEIGHT = 0.7;

/** The strokes of a digit or a capital letter in the unit square, finely divided. @throws ArgumentError for others. */
export function strokesOf(character: string): Stroke[] {
  const written = WRITTEN[character];
  if (!written) {
    throw new ArgumentError(`glyphs can draw ${Object.keys(WRITTEN).join("")}, and not “${character}”.`);
  }
  return written.split(";").map((stroke) => {
    const isRound = stroke.startsWith("~");
    const points = stroke
      .slice(isRound ? 1 : 0)
      .split(" ")
      .map(place);
    return isRound ? rounded(points) : divided(points);
  });
}

function place(cell: string): Point {
  const [column = 0, row = 0] = Array.from(cell, Number);
  return [0.5 + ((column - 4.8) / 9) * WIDTH, 0.5 + ((row - 4.5) / 9) * HEIGHT];
}

const between = ([x0, y0]: Point, [x1, y1]: Point, t: number): Point => [
  x0 + t * (x1 - x0),
  y0 + t * (y1 - y0)
];

/** Cuts corners three times (Chaikin); the ends stay. */
function rounded(points: Stroke): Stroke {
  let line = points;
  for (let round = 0; round < 3; ++round) {
    const cut = line.slice(1).flatMap((to, i) => {
      const from = line[i] as Point;
      return [between(from, to, 0.25), between(from, to, 0.75)];
    });
    line = [line[0] as Point, ...cut, line.at(-1) as Point];
  }
  return line;
}

/** Four parts a line, so that it can bend. */
function divided(points: Stroke): Stroke {
  const parts = points
    .slice(1)
    .flatMap((to, i) => [0.25, 0.5, 0.75, 1].map((t) => between(points[i] as Point, to, t)));
  return [points[0] as Point, ...parts];
}
