import type {DiagramCurve, DiagramEdge, DiagramNetwork} from "./model.ts";

// Where the parts of a network's picture lie: levels from the bottom up, and between two of them a row of curves.

export interface Place {
  readonly x: number;
  readonly y: number;
}

export interface PlacedEdge {
  readonly edge: DiagramEdge;
  /** The middle of its curve. */
  readonly at: Place;
  readonly start: Place;
  readonly end: Place;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Side of a curve's square. */
  readonly side: number;
  readonly nodes: readonly (readonly Place[])[];
  readonly edges: readonly PlacedEdge[];
}

const LEVEL = 128;
const MARGIN = 26;
const SIDE = {smallest: 26, largest: 46, gap: 8};

/** In `room` pixels where the curves can be made small enough, else wider. */
export function layOut({levels, edges}: DiagramNetwork, room: number): Layout {
  const rows = levels.slice(1).map((_, layer) => rowOf(edges, layer));
  const widest = Math.max(1, ...rows.map((row) => row.length), ...levels.map(({nodes}) => nodes));
  const fitting = (room - 2) / widest - SIDE.gap;
  const side = Math.min(SIDE.largest, Math.max(SIDE.smallest, fitting));
  const width = Math.max(widest * (side + SIDE.gap), Math.min(room, 240));
  const height = (levels.length - 1) * LEVEL + 2 * MARGIN;
  const across = (index: number, count: number) => ((index + 0.5) / count) * width;
  const nodes = levels.map(({nodes: count}, level) =>
    Array.from({length: count}, (_, i) => ({x: across(i, count), y: height - MARGIN - level * LEVEL}))
  );
  const placed = rows.flatMap((row, layer) =>
    row.map((edge, i): PlacedEdge => {
      const start = nodes[layer]?.[edge.from] ?? {x: 0, y: 0};
      const end = nodes[layer + 1]?.[edge.node] ?? {x: 0, y: 0};
      return {edge, at: {x: across(i, row.length), y: (start.y + end.y) / 2}, start, end};
    })
  );
  return {width, height, side, nodes, edges: placed};
}

/** Curves stand over the nodes that they come from. */
function rowOf(edges: readonly DiagramEdge[], layer: number): DiagramEdge[] {
  return edges.filter((edge) => edge.layer === layer).sort((a, b) => a.from - b.from || a.to - b.to);
}

/** A box that a curve is drawn in, and the curve whose extent fills it. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly margin: number;
  readonly filledBy: DiagramCurve;
}

/** A curve as an SVG path within a frame. */
export function curvePath({x, y}: DiagramCurve, {width, height, margin, filledBy}: Frame): string {
  const [left, right] = extent(filledBy.x);
  const [low, high] = extent(filledBy.y);
  const scaled = (value: number, from: number, to: number, size: number) =>
    to > from ? margin + ((value - from) / (to - from)) * (size - 2 * margin) : size / 2;
  const points = Array.from({length: x.length}, (_, i) => {
    const across = scaled(x[i] as number, left, right, width);
    const up = scaled(y[i] as number, low, high, height);
    return `${across.toFixed(1)},${(height - up).toFixed(1)}`;
  });
  return `M${points.join("L")}`;
}

export function extent(values: ArrayLike<number>): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : [0, 0];
}
