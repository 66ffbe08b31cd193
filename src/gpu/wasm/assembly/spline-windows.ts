// Where the rows of a batch lie on the grid of one input, and the bases that are not zero there; see ../../kernels/spline-grid.ts.
import {sigmoid4} from "./exponential";
import {loadSome} from "./vectors";

/** Rows that are looked at at a time. */
export const ROWS: i32 = 256;
/** Bytes of a row's factors: of up to 11 bases, and of the function beside them. */
export const FACTORS: usize = 48;
/** Where things lie in the scratch memory: factors, the first base of each row, rows in the order of these, and a sum of four for each row. */
const FIRSTS: usize = <usize>ROWS * FACTORS;
export const SORTED: usize = FIRSTS + (<usize>ROWS << 2);
export const SUMS: usize = SORTED + (<usize>ROWS << 2);
/** The knots around four numbers, their bases and the derivatives of these. */
const NEAR: usize = SUMS + (<usize>ROWS << 4);
const VALUES: usize = NEAR + 320;
const SLOPES: usize = VALUES + 192;
/** For each window of bases, where its rows end among the sorted ones. */
export const ENDS: usize = SLOPES + 192;

/**
 * Fills factors (of the bases and of the function beside them; of their derivatives with `steep`) for `count` rows of one input, and
 * sorts these by the first base. base 0 none, 1 identity, 2 silu; knots 0 for the uniform grid.
 */
export function prepare(
  x: usize, line: usize, count: i32, knots: usize, order: i32, intervals: i32, low: f32, scale: f32, base: i32,
  steep: bool, scratch: usize
): void {
  for (let row = 0; row < count; row += 4) {
    let four = f32x4.splat(0);
    const from = x + <usize>row * line;
    const left = count - row;
    four = v128.load32_lane(from, four, 0);
    if (left > 1) four = v128.load32_lane(from + line, four, 1);
    if (left > 2) four = v128.load32_lane(from + 2 * line, four, 2);
    if (left > 3) four = v128.load32_lane(from + 3 * line, four, 3);
    const firsts = knots == 0
      ? placeByNumber(four, order, intervals, low, scale, scratch)
      : placeByKnots(four, order, intervals, knots, scratch);
    const at = knots == 0 ? load128(scratch + VALUES) : four;
    fillBases(at, order, knots == 0 ? scale : <f32>1, steep, scratch);
    const residual = base == 0 ? f32x4.splat(0) : steep ? baseSlope(four, base) : baseValue(four, base);
    storeRow(i32x4.extract_lane(firsts, 0), f32x4.extract_lane(residual, 0), row, 0, order, intervals, steep, scratch);
    if (left > 1) storeRow(i32x4.extract_lane(firsts, 1), f32x4.extract_lane(residual, 1), row, 1, order, intervals, steep, scratch);
    if (left > 2) storeRow(i32x4.extract_lane(firsts, 2), f32x4.extract_lane(residual, 2), row, 2, order, intervals, steep, scratch);
    if (left > 3) storeRow(i32x4.extract_lane(firsts, 3), f32x4.extract_lane(residual, 3), row, 3, order, intervals, steep, scratch);
  }
  sortRows(count, intervals, scratch);
}

@inline
function load128(at: usize): v128 {
  return v128.load(at);
}

/** The first bases of four numbers; leaves where these lie in their intervals at VALUES, and the knots in units of an interval at NEAR. */
function placeByNumber(x: v128, order: i32, intervals: i32, low: f32, scale: f32, scratch: usize): v128 {
  const position = f32x4.mul(f32x4.sub(x, f32x4.splat(low)), f32x4.splat(scale));
  const cell = f32x4.floor(position);
  v128.store(scratch + VALUES, f32x4.sub(position, cell));
  for (let i = 0; i < 2 * order; ++i)
    v128.store(scratch + NEAR + (<usize>i << 4), f32x4.splat(<f32>(i - order + 1)));
  const inside = f32x4.pmax(f32x4.pmin(cell, f32x4.splat(<f32>(intervals + order))), f32x4.splat(<f32>(-order - 1)));
  return i32x4.trunc_sat_f32x4_s(inside);
}

function placeByKnots(x: v128, order: i32, intervals: i32, knots: usize, scratch: usize): v128 {
  let firsts = i32x4.splat(0);
  firsts = i32x4.replace_lane(firsts, 0, placeOne(f32x4.extract_lane(x, 0), 0, order, intervals, knots, scratch));
  firsts = i32x4.replace_lane(firsts, 1, placeOne(f32x4.extract_lane(x, 1), 4, order, intervals, knots, scratch));
  firsts = i32x4.replace_lane(firsts, 2, placeOne(f32x4.extract_lane(x, 2), 8, order, intervals, knots, scratch));
  return i32x4.replace_lane(firsts, 3, placeOne(f32x4.extract_lane(x, 3), 12, order, intervals, knots, scratch));
}

/** By binary search: the first base of a number, and its knots in one lane of NEAR. */
function placeOne(x: f32, lane: usize, order: i32, intervals: i32, knots: usize, scratch: usize): i32 {
  const count = intervals + 2 * order + 1;
  let low = 0, high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<f32>(knots + (<usize>middle << 2)) <= x) low = middle + 1;
    else high = middle;
  }
  const cell = min(max(low - 1, 0), count - 2);
  for (let i = 0; i < 2 * order; ++i) {
    const knot = min(max(cell - order + 1 + i, 0), count - 1);
    store<f32>(scratch + NEAR + (<usize>i << 4) + lane, load<f32>(knots + (<usize>knot << 2)));
  }
  if (x != x) return 0;
  return low == 0 ? -order - 1 : low == count ? intervals + order : cell - order;
}

/** The recursion of Cox and de Boor for four numbers: VALUES, and with `steep` SLOPES. */
function fillBases(at: v128, order: i32, scale: f32, steep: bool, scratch: usize): void {
  const values = scratch + VALUES, slopes = scratch + SLOPES, near = scratch + NEAR;
  v128.store(values, f32x4.splat(1));
  for (let degree = 1; degree <= order; ++degree) {
    const isLast = steep && degree == order;
    const factor = f32x4.splat(<f32>degree * scale);
    let saved = f32x4.splat(0), before = f32x4.splat(0);
    for (let r = 0; r < degree; ++r) {
      const place = <usize>r << 4;
      const lower = v128.load(near + (<usize>(order - degree + r) << 4));
      const upper = v128.load(near + (<usize>(order + r) << 4));
      const distance = f32x4.sub(upper, lower);
      // Between equal knots 0 / 0 is 0.
      const share = v128.and(f32x4.div(v128.load(values + place), distance), f32x4.gt(distance, f32x4.splat(0)));
      v128.store(values + place, f32x4.add(saved, f32x4.mul(f32x4.sub(upper, at), share)));
      saved = f32x4.mul(f32x4.sub(at, lower), share);
      if (isLast) {
        const slope = f32x4.mul(share, factor);
        v128.store(slopes + place, f32x4.sub(before, slope));
        before = slope;
      }
    }
    v128.store(values + (<usize>degree << 4), saved);
    if (isLast) v128.store(slopes + (<usize>degree << 4), before);
  }
  if (!steep) return;
  // What is no number has no slope either.
  const missing = f32x4.ne(at, at);
  for (let t = 0; t <= order; ++t) {
    const place = slopes + (<usize>t << 4);
    v128.store(place, v128.bitselect(at, v128.load(place), missing));
  }
}

/** Stores the factors of one of four rows. Bases beyond the ends of the grid have no coefficients. */
function storeRow(
  first: i32, residual: f32, top: i32, lane: i32, order: i32, intervals: i32, steep: bool, scratch: usize
): void {
  const row = <usize>(top + lane);
  const from = scratch + (steep ? SLOPES : VALUES) + (<usize>lane << 2);
  const to = scratch + row * FACTORS;
  const start = min(max(first, 0), intervals - 1);
  const moved = first - start;
  if (moved == 0) {
    for (let t = 0; t <= order; ++t) store<f32>(to + (<usize>t << 2), load<f32>(from + (<usize>t << 4)));
  } else {
    for (let t = 0; t <= order; ++t) {
      const source = t - moved;
      const value = source >= 0 && source <= order ? load<f32>(from + (<usize>source << 4)) : <f32>0;
      store<f32>(to + (<usize>t << 2), value);
    }
  }
  store<f32>(to + (<usize>(order + 1) << 2), residual);
  store<i32>(scratch + FIRSTS + (row << 2), start);
}

/** A counting sort: SORTED has rows by their first base, ENDS where those of each end. */
function sortRows(count: i32, intervals: i32, scratch: usize): void {
  const ends = scratch + ENDS, firsts = scratch + FIRSTS;
  memory.fill(ends, 0, <usize>(intervals + 1) << 2);
  for (let row: usize = 0; row < <usize>count; ++row) {
    const end = ends + (<usize>load<i32>(firsts + (row << 2)) << 2);
    store<i32>(end, load<i32>(end, 4) + 1, 4);
  }
  // Where each begins; placing a row moves that on, to the end at last.
  for (let cell: usize = 1; cell < <usize>intervals; ++cell) {
    const end = ends + (cell << 2);
    store<i32>(end, load<i32>(end) + load<i32>(end - 4));
  }
  for (let row: usize = 0; row < <usize>count; ++row) {
    const end = ends + (<usize>load<i32>(firsts + (row << 2)) << 2);
    const place = load<i32>(end);
    store<i32>(scratch + SORTED + (<usize>place << 2), <i32>row);
    store<i32>(end, place + 1);
  }
}

function baseValue(x: v128, base: i32): v128 {
  if (base == 1) return x;
  // Far below it is 0, and infinity times 0 would be no number.
  return v128.andnot(f32x4.mul(x, sigmoid4(x)), f32x4.lt(x, f32x4.splat(-80)));
}

function baseSlope(x: v128, base: i32): v128 {
  const one = f32x4.splat(1);
  if (base == 1) return one;
  const s = sigmoid4(x);
  const slope = f32x4.mul(s, f32x4.add(one, f32x4.mul(x, f32x4.sub(one, s))));
  const far = v128.and(one, f32x4.gt(x, f32x4.splat(0)));
  return v128.bitselect(far, slope, f32x4.gt(f32x4.abs(x), f32x4.splat(80)));
}
