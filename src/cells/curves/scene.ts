import {oddValues} from "../../tables/curves.ts";
import type {CurveStyle} from "./curve-style.ts";
import type {Place} from "./envelope.ts";
import type {Extent} from "./extent.ts";
import type {Mark, Path, Trace} from "./traces.ts";

/** What one chart shows. */
export interface Scene {
  x: Extent;
  y: Extent;
  logX: boolean;
  logY: boolean;
  traces: readonly {trace: Trace; style: CurveStyle}[];
  /** The trace that stands out; the others are faint. */
  focus: string | null;
}

/** A rectangle in the units of the pen. */
export interface Frame {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Ink {
  color: string;
  alpha: number;
  /** Of lines; 0 for the thinnest there is, which is drawn some thirty times as fast. */
  width: number;
  dash: readonly number[];
}

/** Draws on a canvas, or writes SVG. Points are x, y, x, y ... */
export interface Pen {
  lines(pieces: readonly (readonly number[])[], ink: Ink): void;
  area(points: readonly number[], ink: Ink): void;
  dots(points: readonly number[], radius: number, ink: Ink): void;
}

const markSize = 3.5;
/** Marks of one curve that are nearer than this are drawn once. */
const markPause = 9;
const fewPoints = 24;
/** Points of a smoothed line are this far apart: it has no spikes. */
const smoothStep = 1.5;
/** With more points than this a chart is drawn in thinnest lines: live, it has a frame for it. */
const manyPoints = 25_000;

/** Draws a scene into a frame: bands, values behind smoothed lines, lines, then marks; what stands out comes last. */
export function drawScene(scene: Scene, frame: Frame, pen: Pen): void {
  const toX = axis(scene.x, scene.logX, frame.left, frame.left + frame.width);
  const toY = axis(scene.y, scene.logY, frame.top + frame.height, frame.top);
  const inFront = ({trace}: Scene["traces"][number]) => Number(trace.id === scene.focus);
  const traces = [...scene.traces].sort((a, b) => inFront(a) - inFront(b));
  const strength = ({trace}: Scene["traces"][number]) =>
    scene.focus === null || trace.id === scene.focus ? 1 : 0.22;
  const floor = frame.top + frame.height;
  const points = traces.reduce(
    (sum, {trace}) => sum + (trace.raw ? frame.width / smoothStep : trace.line.x.length),
    0
  );
  const width = points > manyPoints ? 0 : 1.5;
  for (const each of traces) {
    const {band} = each.trace;
    if (!band) continue;
    const ink = {...each.style, alpha: 0.2 * strength(each), width: 0};
    const pieces = bandPieces(band, toX, toY, floor);
    for (const points of pieces) pen.area(points, ink);
    // A spike of one column is too narrow to be seen as an area.
    pen.lines(pieces, {...ink, alpha: 0.4 * strength(each), width: 0, dash: []});
  }
  for (const each of traces) {
    const {trace, style} = each;
    const ink = {...style, alpha: strength(each), width: trace.id === scene.focus ? 2.4 : width};
    if (trace.raw)
      pen.lines(piecesOf(trace.raw, toX, toY, scene.x), {
        ...ink,
        alpha: 0.28 * ink.alpha,
        width: 0,
        dash: []
      });
    const pieces = piecesOf(trace.line, toX, toY, scene.x, trace.raw ? smoothStep : 0);
    pen.lines(pieces, ink);
    const points = pieces.flat();
    // A lone value between gaps is no line, and a curve of a few evaluations shows them.
    const dots = points.length <= 2 * fewPoints ? points : pieces.filter(({length}) => length === 2).flat();
    if (dots.length > 0) pen.dots(dots, 2, ink);
  }
  for (const [row, each] of traces.entries()) {
    drawMarks(each.trace.marks, {...each.style, alpha: strength(each), width: 1.5, dash: []}, row);
  }

  function drawMarks(marks: readonly Mark[], ink: Ink, row: number): void {
    let last = Number.NEGATIVE_INFINITY;
    const [first, end] = [frame.left + markSize + 1, frame.left + frame.width - markSize - 1];
    for (const {x, odd} of marks) {
      // Whole at the edges too: a run that diverged has its mark at the very end.
      const at = Math.min(Math.max(toX(x), first), end);
      if (x < scene.x[0] || x > scene.x[1] || at - last < markPause) continue;
      last = at;
      const lift = (row % 4) * 2 * markSize;
      if (odd & oddValues.nan) pen.lines(cross(at, floor - 2 * markSize - lift), ink);
      if (odd & oddValues.infinite) pen.area(triangle(at, frame.top + 1 + lift, 1), ink);
      if (odd & oddValues.negativeInfinite) pen.area(triangle(at, floor - 1 - lift, -1), ink);
    }
  }
}

/** Where a value lies between two ends; NaN where it has no place. */
export function axis([low, high]: Extent, log: boolean, from: number, to: number): Place {
  const place = log ? Math.log10 : (x: number) => x;
  const start = place(low);
  const scale = (to - from) / (place(high) - start || 1);
  return log
    ? (x) => (x > 0 ? from + (Math.log10(x) - start) * scale : Number.NaN)
    : (x) => from + (x - start) * scale;
}

/** The unbroken parts of a path, with one point beyond each end of the range; of points nearer than `leastStep` the first. */
function piecesOf({x, y}: Path, toX: Place, toY: Place, [low, high]: Extent, leastStep = 0): number[][] {
  const pieces: number[][] = [];
  let piece: number[] = [];
  for (let i = 0; i < x.length; ++i) {
    if (i + 1 < x.length && (x[i + 1] as number) < low) continue;
    const [px, py] = [toX(x[i] as number), toY(y[i] as number)];
    if (Number.isFinite(px) && Number.isFinite(py)) {
      const isNear =
        piece.length > 0 && i + 1 < x.length && px - (piece[piece.length - 2] as number) < leastStep;
      if (isNear) continue;
      piece.push(px, py);
      if (piece.length === 2) pieces.push(piece);
    } else piece = [];
    if ((x[i] as number) > high) break;
  }
  return pieces;
}

/** The outlines of a band, broken where it has none; of a logarithmic axis what lies below goes to the floor. */
function bandPieces(band: NonNullable<Trace["band"]>, toX: Place, toY: Place, floor: number): number[][] {
  const pieces: number[][] = [];
  let upper: number[] = [];
  let lower: number[] = [];
  const end = () => {
    if (upper.length > 2) pieces.push([...upper, ...lower]);
    upper = [];
    lower = [];
  };
  for (let i = 0; i < band.x.length; ++i) {
    const [x, high] = [toX(band.x[i] as number), toY(band.high[i] as number)];
    const low = toY(band.low[i] as number);
    if (!Number.isFinite(x) || !Number.isFinite(high) || Number.isNaN(band.low[i])) end();
    else {
      upper.push(x, high);
      lower.unshift(x, Number.isFinite(low) ? low : floor);
    }
  }
  end();
  return pieces;
}

const cross = (x: number, y: number): number[][] => [
  [x - markSize, y - markSize, x + markSize, y + markSize],
  [x - markSize, y + markSize, x + markSize, y - markSize]
];

const triangle = (x: number, tip: number, up: 1 | -1): number[] => [
  x,
  tip,
  x + markSize,
  tip + up * 2 * markSize,
  x - markSize,
  tip + up * 2 * markSize
];
