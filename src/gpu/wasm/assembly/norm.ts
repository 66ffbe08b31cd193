// Normalisation over the last axis; see ../../kernels/norm.ts for the formulas. Moments are pairs: the mean, one over the deviation.
import {loadSome, storeSome, sumOf} from "./vectors";

/** y = (x - mean) / deviation scale + bias, and the moments; scale and bias 0 for none. */
export function norm(
  x: usize, scale: usize, bias: usize, y: usize, moments: usize, rows: i32, features: i32, epsilon: f32, centred: bool
): void {
  const line = <usize>features << 2;
  for (let row = 0; row < rows; ++row) {
    const mean = centred ? total(x, line, 0, false) / <f32>features : <f32>0;
    const inverse = <f32>1 / sqrt<f32>(total(x, line, mean, true) / <f32>features + epsilon);
    store<f32>(moments, mean);
    store<f32>(moments, inverse, 4);
    const means = f32x4.splat(mean), inverses = f32x4.splat(inverse);
    for (let at: usize = 0; at < line; at += 16) {
      const count = <i32>(line - at) >> 2;
      let z = f32x4.mul(f32x4.sub(loadSome(x + at, count), means), inverses);
      if (scale != 0) z = f32x4.mul(z, loadSome(scale + at, count));
      if (bias != 0) z = f32x4.add(z, loadSome(bias + at, count));
      storeSome(y + at, z, count);
    }
    x += line;
    y += line;
    moments += 8;
  }
}

/** The gradient of x from dy, x and the moments. */
export function normInputGrad(
  dy: usize, x: usize, moments: usize, scale: usize, dx: usize, rows: i32, features: i32, centred: bool
): void {
  const line = <usize>features << 2;
  for (let row = 0; row < rows; ++row) {
    const means = v128.load32_splat(moments), inverses = v128.load32_splat(moments, 4);
    let sums = f32x4.splat(0), along = f32x4.splat(0);
    for (let at: usize = 0; at < line; at += 16) {
      const count = <i32>(line - at) >> 2;
      let g = loadSome(dy + at, count);
      if (scale != 0) g = f32x4.mul(g, loadSome(scale + at, count));
      sums = f32x4.add(sums, g);
      // Beyond the end g is 0, and x must not make that no number.
      along = f32x4.add(along, f32x4.mul(g, f32x4.mul(f32x4.sub(loadSome(x + at, count), means), inverses)));
    }
    const shift = f32x4.splat(centred ? sumOf(sums) / <f32>features : <f32>0);
    const slope = f32x4.splat(sumOf(along) / <f32>features);
    for (let at: usize = 0; at < line; at += 16) {
      const count = <i32>(line - at) >> 2;
      let g = loadSome(dy + at, count);
      if (scale != 0) g = f32x4.mul(g, loadSome(scale + at, count));
      const z = f32x4.mul(f32x4.sub(loadSome(x + at, count), means), inverses);
      storeSome(dx + at, f32x4.mul(inverses, f32x4.sub(f32x4.sub(g, shift), f32x4.mul(z, slope))), count);
    }
    dy += line;
    x += line;
    dx += line;
    moments += 8;
  }
}

/** The gradients of scale and bias. */
export function normParamsGrad(
  dy: usize, x: usize, moments: usize, scale: usize, bias: usize, rows: i32, features: i32
): void {
  const line = <usize>features << 2;
  memory.fill(scale, 0, line);
  memory.fill(bias, 0, line);
  for (let row = 0; row < rows; ++row) {
    const means = v128.load32_splat(moments), inverses = v128.load32_splat(moments, 4);
    for (let at: usize = 0; at < line; at += 16) {
      const count = <i32>(line - at) >> 2;
      const g = loadSome(dy + at, count);
      const z = f32x4.mul(f32x4.sub(loadSome(x + at, count), means), inverses);
      storeSome(scale + at, f32x4.add(loadSome(scale + at, count), f32x4.mul(g, z)), count);
      storeSome(bias + at, f32x4.add(loadSome(bias + at, count), g), count);
    }
    dy += line;
    x += line;
    moments += 8;
  }
}

/** The sum of a row, or of the squares of its distances from `mean`. */
@inline
function total(x: usize, line: usize, mean: f32, squared: bool): f32 {
  const means = f32x4.splat(mean);
  let sums = f32x4.splat(0);
  let at: usize = 0;
  for (; at + 16 <= line; at += 16) {
    const z = f32x4.sub(v128.load(x + at), means);
    sums = f32x4.add(sums, squared ? f32x4.mul(z, z) : z);
  }
  let sum = sumOf(sums);
  for (; at < line; at += 4) {
    const z = load<f32>(x + at) - mean;
    sum += squared ? z * z : z;
  }
  return sum;
}
