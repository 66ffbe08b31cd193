import {exp4} from "./exponential";
import {loadSome, storePart, storeSome, sumOf} from "./vectors";

// JavaScript's own: once a row, and AssemblyScript's would bring a table into memory that is not ours.
@external("env", "log")
declare function log(x: f64): f64;

/**
 * Softmax cross-entropy of logits [rows, classes] and class numbers; see ../../kernels/softmax-cross-entropy.ts. The target of a class
 * is `spread`, and `keep` more where it is the label. Into `losses` go those of rows, or with `summed` their sum times `weight`; into
 * slopes (0 for none) weight (softmax - target). A number that is no class gives no number.
 */
export function crossEntropy(
  logits: usize, labels: usize, losses: usize, slopes: usize, rows: i32, classes: i32,
  keep: f32, spread: f32, weight: f32, summed: bool
): void {
  const line = <usize>classes << 2;
  let sum: f64 = 0;
  for (let row = 0; row < rows; ++row) {
    const top = largest(logits, line);
    const total = exponentials(logits, slopes, line, top);
    const logSum = log(<f64>total) + <f64>top;
    const label = load<i32>(labels);
    const isClass = label >= 0 && label < classes;
    let loss: f64 = isClass ? <f64>keep * (logSum - <f64>load<f32>(logits + (<usize>label << 2))) : NaN;
    if (spread != 0) {
      for (let at: usize = 0; at < line; at += 4) loss += <f64>spread * (logSum - <f64>load<f32>(logits + at));
    }
    sum += loss;
    if (!summed) store<f32>(losses + (<usize>row << 2), <f32>loss);
    if (slopes != 0) {
      const own = isClass ? weight : <f32>NaN;
      scaleRow(slopes, line, own / total, own * spread);
      if (isClass) {
        const at = slopes + (<usize>label << 2);
        store<f32>(at, load<f32>(at) - weight * keep);
      }
      slopes += line;
    }
    logits += line;
    labels += 4;
  }
  if (summed) store<f32>(losses, <f32>(sum * <f64>weight));
}

@inline
function largest(x: usize, line: usize): f32 {
  let top: f32 = -Infinity;
  for (let at: usize = 0; at < line; at += 4) top = max(top, load<f32>(x + at));
  return top;
}

/** The sum of e^(x - top) along a row, which are kept at `y` unless that is 0. */
function exponentials(x: usize, y: usize, line: usize, top: f32): f32 {
  const tops = f32x4.splat(top);
  let sums = f32x4.splat(0);
  let at: usize = 0;
  for (; at + 16 <= line; at += 16) {
    const e = exp4(f32x4.sub(v128.load(x + at), tops));
    if (y != 0) v128.store(y + at, e);
    sums = f32x4.add(sums, e);
  }
  let sum = sumOf(sums);
  for (; at < line; at += 4) {
    const e = exp4(f32x4.sub(v128.load32_splat(x + at), tops));
    if (y != 0) storePart(y + at, e, 1);
    sum += f32x4.extract_lane(e, 0);
  }
  return sum;
}

/** x factor - offset, in place. */
function scaleRow(x: usize, line: usize, factor: f32, offset: f32): void {
  const factors = f32x4.splat(factor), offsets = f32x4.splat(offset);
  for (let at: usize = 0; at < line; at += 16) {
    const count = <i32>(line - at) >> 2;
    storeSome(x + at, f32x4.sub(f32x4.mul(loadSome(x + at, count), factors), offsets), count);
  }
}
