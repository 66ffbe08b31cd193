// Products with weights kept in blocks [size, size] of four or more: tiles of 16 rows by two columns of the result stay in registers while the blocks
// of a block column go by.
import {activateRows} from "./matmul";
import {PANEL, rowsThatFit, turnBack, turnPanels} from "./panels";

/**
 * out [rows, to] = activation(x [rows, from] W + bias): block column t has the blocks from starts[t] on; place e is block order[e] (e itself where order is 0),
 * which multiplies the block column sources[of it] of x. `back` takes the blocks turned. activation 0 linear, 1 relu, 2 tanh, 3 sigmoid; bias 0 for none.
 * False where a panel does not fit into the scratch memory.
 */
export function blockProduct(
  x: usize, blocks: usize, sources: usize, order: usize, starts: usize, bias: usize, out: usize, scratch: usize,
  rows: i32, from: i32, to: i32, size: i32, back: bool, activation: i32
): bool {
  const tile = scratch, panels = scratch + (<usize>(size * PANEL) << 2);
  const strip = rowsThatFit(from << 2, size * PANEL << 2, rows);
  if (strip == 0) return false;
  const line = <usize>to << 2;
  // From one weight to the next: along the block's part of x, and along that of the result.
  const along = <usize>(back ? 4 : size << 2), across = <usize>(back ? size << 2 : 4);
  for (let first = 0; first < rows; first += strip) {
    const length = min(strip, rows - first);
    turnPanels(x, panels, first, length, rows, from);
    for (let column = 0; column < to; column += size) {
      const begin = starts + (<usize>(column / size) << 2);
      for (let r = 0; r < length; r += PANEL) {
        const panel = panels + (<usize>(r * from) << 2);
        for (let t = 0; t < size; t += 2)
          twoColumns(
            panel, blocks + <usize>t * across, sources, order, load<i32>(begin), load<i32>(begin, 4),
            bias != 0 ? bias + (<usize>(column + t) << 2) : 0, tile + (<usize>(t * PANEL) << 2), size, along, across
          );
        turnBack(tile, out + <usize>(first + r) * line + (<usize>column << 2), line, min(PANEL, length - r), size);
      }
    }
  }
  activateRows(out, rows, to, activation);
  return true;
}

/** Sums of a panel times two columns of the blocks e = begin.., to a tile. */
function twoColumns(
  panel: usize, blocks: usize, sources: usize, order: usize, begin: i32, end: i32,
  bias: usize, to: usize, size: i32, along: usize, across: usize
): void {
  let s00 = f32x4.splat(0), s10 = s00;
  if (bias != 0) s00 = v128.load32_splat(bias), s10 = v128.load32_splat(bias, 4);
  let s01 = s00, s02 = s00, s03 = s00, s11 = s10, s12 = s10, s13 = s10;
  const depth = <usize>(size * PANEL) << 2;
  for (let e = begin; e < end; ++e) {
    const block = order != 0 ? load<i32>(order + (<usize>e << 2)) : e;
    let column = panel + load<u32>(sources + (<usize>block << 2)) * depth;
    let weight = blocks + (<usize>(block * size * size) << 2);
    for (const last = column + depth; column < last; column += 64) {
      const u = v128.load32_splat(weight), v = v128.load32_splat(weight + across);
      const x0 = v128.load(column), x1 = v128.load(column, 16);
      s00 = f32x4.add(s00, f32x4.mul(u, x0)), s10 = f32x4.add(s10, f32x4.mul(v, x0));
      s01 = f32x4.add(s01, f32x4.mul(u, x1)), s11 = f32x4.add(s11, f32x4.mul(v, x1));
      const x2 = v128.load(column, 32), x3 = v128.load(column, 48);
      s02 = f32x4.add(s02, f32x4.mul(u, x2)), s12 = f32x4.add(s12, f32x4.mul(v, x2));
      s03 = f32x4.add(s03, f32x4.mul(u, x3)), s13 = f32x4.add(s13, f32x4.mul(v, x3));
      weight += along;
    }
  }
  v128.store(to, s00), v128.store(to, s01, 16), v128.store(to, s02, 32), v128.store(to, s03, 48);
  v128.store(to, s10, 64), v128.store(to, s11, 80), v128.store(to, s12, 96), v128.store(to, s13, 112);
}

/**
 * The slopes of the blocks, x^T dy: block k is block row inputs[k] and block column units[k]; the same units should follow each other. False where a
 * strip of the batch does not fit into the scratch memory.
 */
export function blockWeightGrad(
  x: usize, dy: usize, inputs: usize, units: usize, dw: usize, scratch: usize,
  rows: i32, from: i32, to: i32, size: i32, count: i32
): bool {
  const strip = rowsThatFit(from + size << 2, 0, rows);
  if (strip == 0) return false;
  memory.fill(dw, 0, <usize>(count * size * size) << 2);
  const line = <usize>size << 2;
  const columns = scratch + line * strip;
  for (let first = 0; first < rows; first += strip) {
    const length = min(strip, rows - first);
    const own = line * length;
    // Rows of x lie far from each other, often in the same few places of the cache: each block row of x is copied together, as is that of dy.
    for (let row = 0; row < from / size; ++row) cut(x, columns + <usize>row * own, row, first, length, from, size);
    let out = dw;
    for (let k = 0, last = -1; k < count; ++k) {
      const unit = load<i32>(units + (<usize>k << 2));
      if (unit != last) cut(dy, scratch, unit, first, length, to, size);
      last = unit;
      const column = columns + load<u32>(inputs + (<usize>k << 2)) * own;
      for (let i: usize = 0; i < line; i += 16) {
        for (let j: usize = 0; j < line; j += 16) fourByFour(column + i, scratch + j, line, out + (i >> 2) * line + j, length);
      }
      out += line * <usize>size;
    }
  }
  return true;
}

/** Copies block column `block` of rows `first`.. of x [rows, width]: [length, size]. */
function cut(x: usize, to: usize, block: i32, first: i32, length: i32, width: i32, size: i32): void {
  const line = <usize>size << 2;
  let from = x + (<usize>(first * width + block * size) << 2);
  for (const end = to + line * length; to < end; to += line) {
    for (let j: usize = 0; j < line; j += 16) v128.store(to + j, v128.load(from + j));
    from += <usize>width << 2;
  }
}

/** Adds the sums over rows of four numbers of a times four of b to what stands at `to`; everything in lines as long as a block. */
function fourByFour(a: usize, b: usize, line: usize, to: usize, rows: i32): void {
  let sum0 = v128.load(to), sum1 = v128.load(to + line), sum2 = v128.load(to + 2 * line), sum3 = v128.load(to + 3 * line);
  for (const end = a + line * rows; a < end; a += line) {
    const four = v128.load(b);
    sum0 = f32x4.add(sum0, f32x4.mul(v128.load32_splat(a), four));
    sum1 = f32x4.add(sum1, f32x4.mul(v128.load32_splat(a, 4), four));
    sum2 = f32x4.add(sum2, f32x4.mul(v128.load32_splat(a, 8), four));
    sum3 = f32x4.add(sum3, f32x4.mul(v128.load32_splat(a, 12), four));
    b += line;
  }
  v128.store(to, sum0), v128.store(to + line, sum1), v128.store(to + 2 * line, sum2), v128.store(to + 3 * line, sum3);
}
