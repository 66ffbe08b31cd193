// Layers of splines; see ../../kernels/spline-dense.ts for the formula. Rows are taken in the order of their intervals, one input after the
// other, so that the coefficients that an interval needs stay in registers for all of its rows.
import {scratchBytes} from "./matmul";
import {ENDS, FACTORS, prepare, ROWS, SORTED, SUMS} from "./spline-windows";
import {loadSome, storeSome, sumOf} from "./vectors";

/** What is done with a few terms of an interval's rows. */
const FORWARD: i32 = 0;
const INPUT_GRAD: i32 = 1;
const WEIGHT_GRADS: i32 = 2;

/** Terms, bases and the function beside them, that fit into registers, eight columns of each. */
const MOST_TERMS: i32 = 6;

/** y [rows, outputs]; baseWeights and knots 0 for none. False where the grid does not fit into the scratch memory. */
export function splineForward(
  x: usize, coefficients: usize, baseWeights: usize, knots: usize, y: usize, scratch: usize,
  rows: i32, inputs: i32, outputs: i32, order: i32, intervals: i32, base: i32, low: f32, scale: f32
): bool {
  memory.fill(y, 0, <usize>rows * <usize>outputs << 2);
  return pass(FORWARD, x, coefficients, baseWeights, knots, y, 0, scratch, rows, inputs, outputs, order, intervals, base, low, scale);
}

/** dx [rows, inputs]. */
export function splineInputGrad(
  x: usize, coefficients: usize, baseWeights: usize, knots: usize, dy: usize, dx: usize, scratch: usize,
  rows: i32, inputs: i32, outputs: i32, order: i32, intervals: i32, base: i32, low: f32, scale: f32
): bool {
  return pass(INPUT_GRAD, x, coefficients, baseWeights, knots, dy, dx, scratch, rows, inputs, outputs, order, intervals, base, low, scale);
}

/** The gradients of coefficients and of the base's weights (0 for none). */
export function splineWeightGrads(
  x: usize, coefficients: usize, baseWeights: usize, knots: usize, dy: usize, scratch: usize,
  rows: i32, inputs: i32, outputs: i32, order: i32, intervals: i32, base: i32, low: f32, scale: f32
): bool {
  const line = <usize>inputs * <usize>outputs << 2;
  memory.fill(coefficients, 0, line * <usize>(intervals + order));
  if (baseWeights != 0) memory.fill(baseWeights, 0, line);
  return pass(WEIGHT_GRADS, x, coefficients, baseWeights, knots, dy, 0, scratch, rows, inputs, outputs, order, intervals, base, low, scale);
}

/** One pass over all inputs. `values` are y or dy, [rows, outputs]; coefficients and baseWeights are read, or are their gradients. */
function pass(
  kind: i32, x: usize, coefficients: usize, baseWeights: usize, knots: usize, values: usize, dx: usize, scratch: usize,
  rows: i32, inputs: i32, outputs: i32, order: i32, intervals: i32, base: i32, low: f32, scale: f32
): bool {
  if (<i32>ENDS + ((intervals + 1) << 2) > scratchBytes()) return false;
  const width = <usize>outputs << 2, line = <usize>inputs << 2;
  const grid = <usize>(intervals + 2 * order + 1) << 2;
  for (let top = 0; top < rows; top += ROWS) {
    const count = min(rows - top, ROWS);
    const from = x + <usize>top * line;
    for (let input: usize = 0; input < <usize>inputs; ++input) {
      const own = knots == 0 ? 0 : knots + input * grid;
      prepare(from + (input << 2), line, count, own, order, intervals, low, scale, base, kind == INPUT_GRAD, scratch);
      if (kind == INPUT_GRAD) memory.fill(scratch + SUMS, 0, <usize>count << 4);
      const residual = baseWeights == 0 ? 0 : baseWeights + input * width;
      const first = coefficients + input * <usize>(intervals + order) * width;
      walk(kind, first, residual, values + <usize>top * width, scratch, width, order, intervals);
      if (kind != INPUT_GRAD) continue;
      let to = dx + <usize>top * line + (input << 2);
      for (let row: usize = 0; row < <usize>count; ++row) {
        store<f32>(to, sumOf(v128.load(scratch + SUMS + (row << 4))));
        to += line;
      }
    }
  }
  return true;
}

/** Along the grid of one input, all its rows. */
function walk(
  kind: i32, first: usize, residual: usize, values: usize, scratch: usize, width: usize, order: i32, intervals: i32
): void {
  const terms = order + 1 + i32(residual != 0);
  const blocks = (terms + MOST_TERMS - 1) / MOST_TERMS;
  const size = (terms + blocks - 1) / blocks;
  let begin = 0;
  for (let cell = 0; cell < intervals; ++cell) {
    const end = load<i32>(scratch + ENDS + (<usize>cell << 2));
    if (end > begin) {
      const at = scratch + SORTED + (<usize>begin << 2), stop = scratch + SORTED + (<usize>end << 2);
      for (let term = 0; term < terms; term += size) {
        const n = min(size, terms - term);
        const from = first + <usize>(cell + term) * width;
        const last = residual != 0 && term + n == terms ? residual : from + <usize>(n - 1) * width;
        block(kind, n, from, last, values, scratch, scratch + (<usize>term << 2), at, stop, width);
      }
    }
    begin = end;
  }
}

/** `n` terms: the coefficients from `from` on, one line after the other, but the last at `last`. `factors` are those of the first row. */
function block(
  kind: i32, n: i32, from: usize, last: usize, values: usize, scratch: usize, factors: usize, at: usize, stop: usize, width: usize
): void {
  const whole = width & ~31;
  switch (n) {
    case 1: wide(kind, 1, from, last, values, scratch, factors, at, stop, width, whole); break;
    case 2: wide(kind, 2, from, last, values, scratch, factors, at, stop, width, whole); break;
    case 3: wide(kind, 3, from, last, values, scratch, factors, at, stop, width, whole); break;
    case 4: wide(kind, 4, from, last, values, scratch, factors, at, stop, width, whole); break;
    case 5: wide(kind, 5, from, last, values, scratch, factors, at, stop, width, whole); break;
    default: wide(kind, 6, from, last, values, scratch, factors, at, stop, width, whole);
  }
  for (let o = whole; o < width; o += 16)
    narrow(kind, n, from + o, last + o, values + o, scratch, factors, at, stop, width, <i32>(width - o) >> 2);
}

@inline
function wide(
  kind: i32, n: i32, from: usize, last: usize, values: usize, scratch: usize, factors: usize, at: usize, stop: usize, width: usize, whole: usize
): void {
  if (kind == FORWARD) sums(true, n, from, last, values, scratch, factors, at, stop, width, whole);
  else if (kind == INPUT_GRAD) sums(false, n, from, last, values, scratch, factors, at, stop, width, whole);
  else weightGrads(n, from, last, values, factors, at, stop, width, whole);
}

@inline
function times(sum: v128, factor: v128, x: v128): v128 {
  return f32x4.add(sum, f32x4.mul(factor, x));
}

/** Where the coefficients of term `t` of `n` lie. */
@inline
function lineOf(t: i32, n: i32, from: usize, last: usize, width: usize): usize {
  return t == n - 1 ? last : from + <usize>t * width;
}

/** Sums of factors times coefficients, eight columns at a time: y += them, or SUMS += dy times them. */
@inline
function sums(
  isForward: bool, n: i32, from: usize, last: usize, values: usize, scratch: usize, factors: usize, at: usize, stop: usize, width: usize, whole: usize
): void {
  const zero = f32x4.splat(0);
  const p0 = lineOf(0, n, from, last, width), p1 = lineOf(1, n, from, last, width), p2 = lineOf(2, n, from, last, width);
  const p3 = lineOf(3, n, from, last, width), p4 = lineOf(4, n, from, last, width);
  for (let o: usize = 0; o < whole; o += 32) {
    const a0 = v128.load(p0 + o), b0 = v128.load(p0 + o, 16);
    const a1 = n > 1 ? v128.load(p1 + o) : zero, b1 = n > 1 ? v128.load(p1 + o, 16) : zero;
    const a2 = n > 2 ? v128.load(p2 + o) : zero, b2 = n > 2 ? v128.load(p2 + o, 16) : zero;
    const a3 = n > 3 ? v128.load(p3 + o) : zero, b3 = n > 3 ? v128.load(p3 + o, 16) : zero;
    const a4 = n > 4 ? v128.load(p4 + o) : zero, b4 = n > 4 ? v128.load(p4 + o, 16) : zero;
    const a5 = n > 5 ? v128.load(last + o) : zero, b5 = n > 5 ? v128.load(last + o, 16) : zero;
    for (let place = at; place < stop; place += 4) {
      const row = <usize>load<i32>(place);
      const w = factors + row * FACTORS, own = values + row * width + o;
      let s = v128.load32_splat(w);
      let u = isForward ? times(v128.load(own), s, a0) : f32x4.mul(s, a0);
      let v = isForward ? times(v128.load(own, 16), s, b0) : f32x4.mul(s, b0);
      if (n > 1) { s = v128.load32_splat(w, 4); u = times(u, s, a1); v = times(v, s, b1); }
      if (n > 2) { s = v128.load32_splat(w, 8); u = times(u, s, a2); v = times(v, s, b2); }
      if (n > 3) { s = v128.load32_splat(w, 12); u = times(u, s, a3); v = times(v, s, b3); }
      if (n > 4) { s = v128.load32_splat(w, 16); u = times(u, s, a4); v = times(v, s, b4); }
      if (n > 5) { s = v128.load32_splat(w, 20); u = times(u, s, a5); v = times(v, s, b5); }
      if (isForward) {
        v128.store(own, u);
        v128.store(own, v, 16);
      } else {
        const to = scratch + SUMS + (row << 4);
        const sum = times(v128.load(to), u, v128.load(own));
        v128.store(to, times(sum, v, v128.load(own, 16)));
      }
    }
  }
}

/** Gradients += factors times dy, added up over the rows in registers. */
@inline
function weightGrads(
  n: i32, from: usize, last: usize, dy: usize, factors: usize, at: usize, stop: usize, width: usize, whole: usize
): void {
  const zero = f32x4.splat(0);
  const p0 = lineOf(0, n, from, last, width), p1 = lineOf(1, n, from, last, width), p2 = lineOf(2, n, from, last, width);
  const p3 = lineOf(3, n, from, last, width), p4 = lineOf(4, n, from, last, width);
  for (let o: usize = 0; o < whole; o += 32) {
    let a0 = zero, a1 = zero, a2 = zero, a3 = zero, a4 = zero, a5 = zero;
    let b0 = zero, b1 = zero, b2 = zero, b3 = zero, b4 = zero, b5 = zero;
    for (let place = at; place < stop; place += 4) {
      const row = <usize>load<i32>(place);
      const w = factors + row * FACTORS, upstream = dy + row * width + o;
      const u = v128.load(upstream), v = v128.load(upstream, 16);
      let s = v128.load32_splat(w);
      a0 = times(a0, s, u); b0 = times(b0, s, v);
      if (n > 1) { s = v128.load32_splat(w, 4); a1 = times(a1, s, u); b1 = times(b1, s, v); }
      if (n > 2) { s = v128.load32_splat(w, 8); a2 = times(a2, s, u); b2 = times(b2, s, v); }
      if (n > 3) { s = v128.load32_splat(w, 12); a3 = times(a3, s, u); b3 = times(b3, s, v); }
      if (n > 4) { s = v128.load32_splat(w, 16); a4 = times(a4, s, u); b4 = times(b4, s, v); }
      if (n > 5) { s = v128.load32_splat(w, 20); a5 = times(a5, s, u); b5 = times(b5, s, v); }
    }
    addTo(p0 + o, a0, b0);
    if (n > 1) addTo(p1 + o, a1, b1);
    if (n > 2) addTo(p2 + o, a2, b2);
    if (n > 3) addTo(p3 + o, a3, b3);
    if (n > 4) addTo(p4 + o, a4, b4);
    if (n > 5) addTo(last + o, a5, b5);
  }
}

@inline
function addTo(at: usize, a: v128, b: v128): void {
  v128.store(at, f32x4.add(v128.load(at), a));
  v128.store(at, f32x4.add(v128.load(at, 16), b), 16);
}

/** The same for the last `count` < 8 columns, four at a time. */
function narrow(
  kind: i32, n: i32, from: usize, last: usize, values: usize, scratch: usize, factors: usize, at: usize, stop: usize, width: usize, count: i32
): void {
  for (let place = at; place < stop; place += 4) {
    const row = <usize>load<i32>(place);
    const w = factors + row * FACTORS, own = values + row * width;
    const value = loadSome(own, count);
    let sum = f32x4.splat(0);
    for (let t = 0; t < n; ++t) {
      const term = lineOf(t, n, from, last, width);
      const s = v128.load32_splat(w + (<usize>t << 2));
      if (kind == WEIGHT_GRADS) storeSome(term, times(loadSome(term, count), s, value), count);
      else sum = times(sum, s, loadSome(term, count));
    }
    if (kind == FORWARD) storeSome(own, f32x4.add(value, sum), count);
    if (kind != INPUT_GRAD) continue;
    const to = scratch + SUMS + (row << 4);
    v128.store(to, times(v128.load(to), sum, value));
  }
}
