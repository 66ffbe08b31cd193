import {exp4} from "./exponential";
import {loadPart, loadSome, storePart, storeSome, sumOf} from "./vectors";

// JavaScript's own: once a row, and AssemblyScript's would bring a table into memory that is not ours.
@external("env", "log")
declare function log(x: f64): f64;

/**
 * The softmax of each row of x [rows, width] into y, and into logSums (0 for none) the logarithm of the row's exponentials' sum.
 * The largest number is subtracted first, so that no exponential overflows.
 */
export function softmax(x: usize, y: usize, logSums: usize, rows: i32, width: i32): void {
  const line = <usize>width << 2;
  for (let row = 0; row < rows; ++row) {
    let top: f32 = -Infinity;
    for (let at: usize = 0; at < line; at += 4) top = max(top, load<f32>(x + at));
    const tops = f32x4.splat(top);
    let sums = f32x4.splat(0);
    let at: usize = 0;
    for (; at + 16 <= line; at += 16) {
      const e = exp4(f32x4.sub(v128.load(x + at), tops));
      v128.store(y + at, e);
      sums = f32x4.add(sums, e);
    }
    let sum = sumOf(sums);
    const rest = <i32>(line - at) >> 2;
    if (rest > 0) {
      storePart(y + at, exp4(f32x4.sub(loadPart(x + at, rest), tops)), rest);
      for (let i = at; i < line; i += 4) sum += load<f32>(y + i);
    }
    if (logSums != 0) store<f32>(logSums + (<usize>row << 2), <f32>log(sum) + top);
    const factor = f32x4.splat(1 / sum);
    for (at = 0; at + 16 <= line; at += 16) v128.store(y + at, f32x4.mul(v128.load(y + at), factor));
    if (rest > 0) storePart(y + at, f32x4.mul(loadPart(y + at, rest), factor), rest);
    x += line;
    y += line;
  }
}

/** The gradient of softmax from dy and its value y: y (dy - sum of dy y), row by row. */
export function softmaxGrad(dy: usize, y: usize, dx: usize, rows: i32, width: i32): void {
  const line = <usize>width << 2;
  for (let row = 0; row < rows; ++row) {
    let sums = f32x4.splat(0);
    for (let at: usize = 0; at < line; at += 16) {
      const count = <i32>(line - at) >> 2;
      sums = f32x4.add(sums, f32x4.mul(loadSome(dy + at, count), loadSome(y + at, count)));
    }
    const total = f32x4.splat(sumOf(sums));
    for (let at: usize = 0; at < line; at += 16) {
      const count = <i32>(line - at) >> 2;
      const value = f32x4.mul(loadSome(y + at, count), f32x4.sub(loadSome(dy + at, count), total));
      storeSome(dx + at, value, count);
    }
    dy += line;
    y += line;
    dx += line;
  }
}
