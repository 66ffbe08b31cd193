// The forward-forward algorithm's part of a dense layer; see ../../kernels/goodness-rows.ts and goodness-grads.ts.
import {exp4} from "./exponential";
import {BLOCK_COLUMNS, BLOCK_INNER, BLOCK_ROWS, multiplyBlock} from "./tiles";
import {loadSome, storeSome, sumOf} from "./vectors";

// JavaScript's own, as in losses.ts: once a row.
@external("env", "log")
declare function log(x: f64): f64;

/** Goodness, slope and loss of every row of z [rows, units], and the rows divided into y; extra 0 for none. */
export function goodnessRows(
  z: usize, extra: usize, y: usize, goodness: usize, factors: usize, losses: usize, rows: i32, units: i32,
  positives: i32, threshold: f32, share: f32, spread: f32, epsilon: f32
): void {
  const line = <usize>units << 2;
  for (let row = 0; row < rows; ++row) {
    const sum = squares(z, line);
    const divisor = sqrt(spread * sum) + epsilon;
    divided(z, y, line, divisor);
    const side = row < positives ? <f32>-1 : <f32>1;
    const own = <usize>row << 2;
    const other = extra != 0 ? load<f32>(extra + own) : <f32>0;
    const t = side * (share * sum - threshold + other);
    const small = f32x4.extract_lane(exp4(f32x4.splat(-abs(t))), 0);
    const chance: f32 = (t > 0 ? <f32>1 : small) / (<f32>1 + small);
    store<f32>(goodness + own, share * sum);
    store<f32>(factors + own, <f32>2 * side * share * divisor / <f32>rows * chance);
    store<f32>(losses + own, <f32>((t > 0 ? <f64>t : 0) + log(1 + <f64>small)));
    z += line;
    y += line;
  }
}

@inline
function squares(x: usize, line: usize): f32 {
  let one = f32x4.splat(0), two = one;
  let at: usize = 0;
  for (; at + 32 <= line; at += 32) {
    const a = v128.load(x + at), b = v128.load(x + at, 16);
    one = f32x4.add(one, f32x4.mul(a, a));
    two = f32x4.add(two, f32x4.mul(b, b));
  }
  for (; at < line; at += 16) {
    const a = loadSome(x + at, <i32>(line - at) >> 2);
    one = f32x4.add(one, f32x4.mul(a, a));
  }
  return sumOf(f32x4.add(one, two));
}

@inline
function divided(x: usize, y: usize, line: usize, divisor: f32): void {
  const by = f32x4.splat(divisor);
  for (let at: usize = 0; at < line; at += 16) {
    const count = <i32>(line - at) >> 2;
    storeSome(y + at, f32x4.div(loadSome(x + at, count), by), count);
  }
}

/** x^T e [inputs, units] and the sums of e over rows, with e made of y as its panels are packed; offsets 0 for none. */
export function goodnessGrads(
  x: usize, y: usize, factors: usize, offsets: usize, kernel: usize, bias: usize, scratch: usize,
  rows: i32, inputs: i32, units: i32, positives: i32, straightThrough: bool
): void {
  memory.fill(bias, 0, <usize>units << 2);
  for (let column = 0; column < units; column += BLOCK_COLUMNS) {
    const width = min(BLOCK_COLUMNS, units - column);
    for (let k = 0; k < rows; k += BLOCK_INNER) {
      const depth = min(BLOCK_INNER, rows - k);
      const shift = <usize>column << 2;
      packErrors(
        y + (<usize>(k * units) << 2) + shift, factors + (<usize>k << 2), offsets == 0 ? 0 : offsets + shift, bias + shift,
        units, depth, width, positives - k, straightThrough, scratch
      );
      for (let row = 0; row < inputs; row += BLOCK_ROWS) {
        multiplyBlock(
          x + (<usize>(k * inputs + row) << 2), 4, <usize>inputs << 2, scratch, 0,
          kernel + (<usize>(row * units) << 2) + shift, units, min(BLOCK_ROWS, inputs - row), width, depth, k > 0 ? 2 : 0
        );
      }
    }
  }
}

/** Panels of 8 columns, as `pack` makes them, whose sums are added to `sums`. */
function packErrors(
  y: usize, factors: usize, offsets: usize, sums: usize, units: i32, depth: i32, width: i32, positives: i32,
  straightThrough: bool, to: usize
): void {
  const zero = f32x4.splat(0);
  const always = i32x4.splat(straightThrough ? -1 : 0);
  for (let j = 0; j < width; j += 8) {
    const left = min(4, width - j), right = width - j - 4;
    const shift = <usize>j << 2;
    let sum0 = loadSome(sums + shift, left), sum1 = loadSome(sums + shift + 16, right);
    const offset0 = offsets == 0 ? zero : loadSome(offsets + shift, left);
    const offset1 = offsets == 0 ? zero : loadSome(offsets + shift + 16, right);
    let from = y + shift;
    for (let k = 0; k < depth; ++k) {
      const factor = v128.load32_splat(factors + (<usize>k << 2));
      const y0 = loadSome(from, left), y1 = loadSome(from + 16, right);
      let e0 = f32x4.mul(y0, factor), e1 = f32x4.mul(y1, factor);
      if (offsets != 0 && k < positives) {
        e0 = f32x4.add(e0, v128.and(offset0, v128.or(always, f32x4.gt(y0, zero))));
        e1 = f32x4.add(e1, v128.and(offset1, v128.or(always, f32x4.gt(y1, zero))));
      }
      v128.store(to, e0);
      v128.store(to, e1, 16);
      sum0 = f32x4.add(sum0, e0);
      sum1 = f32x4.add(sum1, e1);
      to += 32;
      from += <usize>units << 2;
    }
    storeSome(sums + shift, sum0, left);
    storeSome(sums + shift + 16, sum1, right);
  }
}
