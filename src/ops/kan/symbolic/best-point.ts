import type {ScoreRow} from "./affine-rows.ts";

// The best point of a grid of inner scales and offsets, by its row and column.

/** Correlations nearer to each other differ by rounding. */
const ROUNDING = 1e-12;

/** Every so many points are looked at first. */
const STRIDE = 10;

export interface Point {
  readonly i: number;
  readonly j: number;
  readonly r2: number;
}

/** The first best point of a grid; one inside where it is as good as one at the border, because it can be narrowed down. */
export function bestPoint(score: ScoreRow, a: Float64Array, b: Float64Array, startsAtZero: boolean): Point {
  const row = new Float64Array(b.length);
  let [any, inside]: [Point, Point] = [
    {i: 0, j: 0, r2: -1},
    {i: 0, j: 0, r2: -1}
  ];
  for (let i = 0; i < a.length; i++) {
    if (startsAtZero && (a[i] as number) < 0) continue;
    score(a[i] as number, b, row);
    for (let j = 0; j < b.length; j++) {
      const r2 = row[j] as number;
      if (r2 > any.r2) any = {i, j, r2};
      if (r2 > inside.r2 && !isBorder(i, a) && !isBorder(j, b)) inside = {i, j, r2};
    }
  }
  return inside.r2 >= any.r2 - ROUNDING ? inside : any;
}

export function isBorder(index: number, values: Float64Array): boolean {
  return index === 0 || index === values.length - 1;
}

/** The same where scores are gradual: the best of every tenth point of a row, and then its better neighbours, while there are any. */
export function bestGradualPoint(score: ScoreRow, a: Float64Array, b: Float64Array): Point {
  const some = Int32Array.from({length: Math.ceil((b.length - 1) / STRIDE) + 1}, (_, k) =>
    Math.min(k * STRIDE, b.length - 1)
  );
  const [offsets, scores] = [Float64Array.from(some, (j) => b[j] as number), new Float64Array(some.length)];
  const [offset, out] = [new Float64Array(1), new Float64Array(1)];
  const gradual: ScoreRow = (inner, _, row) => {
    row.fill(-1);
    score(inner, offsets, scores);
    // Between them there may be some offsets for which the function is defined.
    if (scores.every((r2) => r2 === 0)) return score(inner, b, row);
    let at = 0;
    scores.forEach((r2, k) => {
      row[some[k] as number] = r2;
      if (r2 > (row[at] as number)) at = some[k] as number;
    });
    const known = (j: number) => {
      if (row[j] !== -1 || j < 0 || j >= b.length) return row[j] ?? -1;
      offset[0] = b[j] as number;
      score(inner, offset, out);
      row[j] = out[0] as number;
      return row[j] as number;
    };
    for (;;) {
      const next = known(at - 1) > known(at + 1) ? at - 1 : at + 1;
      if (!(known(next) > known(at))) return;
      at = next;
    }
  };
  return bestPoint(gradual, a, b, false);
}
