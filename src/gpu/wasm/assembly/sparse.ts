// Products with weights that are kept one by one. Strips of rows of the batch are turned, so that a column of theirs lies together: a weight
// then multiplies sixteen rows at a time, and its index is read once for them.
import {activate, scratchBytes} from "./matmul";
import {sumOf} from "./vectors";

/** Rows of a strip of so many columns that fit into the scratch memory, a multiple of `step`; 0 where they do not. */
@inline
function stripRows(width: i32, step: i32, rows: i32): i32 {
  const most = scratchBytes() / (width << 2) / step * step;
  return min(most, (rows + step - 1) / step * step);
}

/** Rows `first`.. of x [rows, width] as columns [width, strip], zeros beyond the last row. */
function turn(x: usize, to: usize, first: i32, strip: i32, rows: i32, width: i32): void {
  const line = <usize>width << 2;
  for (let r = 0; r < strip; r += 4) {
    const count = rows - first - r;
    const from = x + <usize>(first + r) * line;
    let at = to + (<usize>r << 2);
    for (let column: usize = 0; column < line; column += 4) {
      let four = f32x4.splat(0);
      if (count > 0) four = v128.load32_lane(from + column, four, 0);
      if (count > 1) four = v128.load32_lane(from + line + column, four, 1);
      if (count > 2) four = v128.load32_lane(from + 2 * line + column, four, 2);
      if (count > 3) four = v128.load32_lane(from + 3 * line + column, four, 3);
      v128.store(at, four);
      at += <usize>strip << 2;
    }
  }
}

@inline
function put(out: usize, line: usize, sum: v128, count: i32): void {
  if (count > 0) v128.store32_lane(out, sum, 0);
  if (count > 1) v128.store32_lane(out + line, sum, 1);
  if (count > 2) v128.store32_lane(out + 2 * line, sum, 2);
  if (count > 3) v128.store32_lane(out + 3 * line, sum, 3);
}

/**
 * out [rows, to] = activation(x [rows, from] W + bias): column t has the weights from starts[t] on; place e is weight order[e] (e itself where order is 0),
 * which multiplies the column sources[of it] of x. activation 0 linear, 1 relu, 2 tanh, 3 sigmoid; bias 0 for none. False where a strip does not fit into the scratch memory.
 */
export function sparseProduct(
  x: usize, weights: usize, sources: usize, order: usize, starts: usize, bias: usize, out: usize, scratch: usize,
  rows: i32, from: i32, to: i32, activation: i32
): bool {
  const strip = stripRows(from, 16, rows);
  if (strip == 0) return rows == 0;
  const line = <usize>to << 2;
  for (let first = 0; first < rows; first += strip) {
    turn(x, scratch, first, strip, rows, from);
    const length = min(strip, rows - first);
    for (let t = 0; t < to; ++t) {
      const begin = load<i32>(starts + (<usize>t << 2)), end = load<i32>(starts + (<usize>t << 2), 4);
      const start = bias != 0 ? v128.load32_splat(bias + (<usize>t << 2)) : f32x4.splat(0);
      for (let r = 0; r < length; r += 16) {
        let sum0 = start, sum1 = start, sum2 = start, sum3 = start;
        const column = scratch + (<usize>r << 2);
        for (let e = begin; e < end; ++e) {
          const k = <usize>(order != 0 ? load<i32>(order + (<usize>e << 2)) : e) << 2;
          const weight = v128.load32_splat(weights + k);
          const at = column + (<usize>(load<i32>(sources + k) * strip) << 2);
          sum0 = f32x4.add(sum0, f32x4.mul(weight, v128.load(at)));
          sum1 = f32x4.add(sum1, f32x4.mul(weight, v128.load(at, 16)));
          sum2 = f32x4.add(sum2, f32x4.mul(weight, v128.load(at, 32)));
          sum3 = f32x4.add(sum3, f32x4.mul(weight, v128.load(at, 48)));
        }
        const left = length - r;
        const place = out + <usize>(first + r) * line + (<usize>t << 2);
        put(place, line, sum0, left);
        put(place + 4 * line, line, sum1, left - 4);
        put(place + 8 * line, line, sum2, left - 8);
        put(place + 12 * line, line, sum3, left - 12);
      }
    }
  }
  if (activation != 0) {
    for (let row = 0; row < rows; ++row) activate(out + <usize>row * line, to, activation);
  }
  return true;
}

/** out[k] = the sum over rows of x[row, inputs[k]] dy[row, units[k]]. False where a strip does not fit into the scratch memory. */
export function sparseSlopes(
  x: usize, dy: usize, inputs: usize, units: usize, out: usize, scratch: usize,
  rows: i32, from: i32, to: i32, count: i32
): bool {
  memory.fill(out, 0, <usize>count << 2);
  const strip = stripRows(from + to, 4, rows);
  if (strip == 0) return rows == 0;
  const length = <usize>strip << 2;
  const second = scratch + <usize>from * length;
  for (let first = 0; first < rows; first += strip) {
    turn(x, scratch, first, strip, rows, from);
    turn(dy, second, first, strip, rows, to);
    for (let k: usize = 0; k < <usize>count << 2; k += 4) {
      const a = scratch + <usize>load<i32>(inputs + k) * length;
      const b = second + <usize>load<i32>(units + k) * length;
      let sum = f32x4.splat(0);
      for (let r: usize = 0; r < length; r += 16) sum = f32x4.add(sum, f32x4.mul(v128.load(a + r), v128.load(b + r)));
      store<f32>(out + k, load<f32>(out + k) + sumOf(sum));
    }
  }
  return true;
}
