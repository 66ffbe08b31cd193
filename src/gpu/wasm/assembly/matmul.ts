// Products of matrices in blocks: of b, BLOCK_INNER x BLOCK_COLUMNS are copied into panels of 8 columns, which stay in the cache while
// rows of a go by; tiles of 4 x 8 sums stay in registers. Sums go along the inner dimension in order, whatever the block.
import {sigmoid4, tanh4} from "./exponential";
import {loadPart, storePart} from "./vectors";

const BLOCK_INNER: i32 = 256;
const BLOCK_COLUMNS: i32 = 512;
const BLOCK_ROWS: i32 = 128;

/**
 * Bytes of memory that lasts as long as a call. `matmul` needs half of it: a block of panels, a tile, a row of the bias; sparse layers take
 * as many rows of the batch at a time as fit.
 */
export function scratchBytes(): i32 {
  return 2 * (BLOCK_INNER * BLOCK_COLUMNS * 4 + 128 + BLOCK_COLUMNS * 4);
}

/**
 * c = activation(op(a) op(b) + bias) for `stacks` pairs of matrices one after the other, op(a) [rows, inner], op(b) [inner, columns];
 * activation 0 linear, 1 relu, 2 tanh, 3 sigmoid; bias 0 for none.
 */
export function matmul(
  a: usize, b: usize, bias: usize, c: usize, scratch: usize,
  stacks: i32, rows: i32, columns: i32, inner: i32,
  transposeA: bool, transposeB: bool, activation: i32
): void {
  const rowStep = (transposeA ? 1 : inner) << 2;
  const innerStep = (transposeA ? rows : 1) << 2;
  for (let stack = 0; stack < stacks; ++stack) {
    for (let column = 0; column < columns; column += BLOCK_COLUMNS) {
      const width = min(BLOCK_COLUMNS, columns - column);
      for (let k = 0; k < inner; k += BLOCK_INNER) {
        const depth = min(BLOCK_INNER, inner - k);
        if (transposeB) packTurned(b + (<usize>(column * inner + k) << 2), inner, depth, width, scratch);
        else pack(b + (<usize>(k * columns + column) << 2), columns, depth, width, scratch);
        // The sums begin with the bias, or go on with those of the block before.
        const before = k > 0 ? 2 : bias != 0 ? 1 : 0;
        for (let row = 0; row < rows; row += BLOCK_ROWS) {
          multiplyBlock(
            a + <usize>row * rowStep + <usize>k * innerStep, rowStep, innerStep,
            scratch, bias + (<usize>column << 2), c + (<usize>(row * columns + column) << 2), columns,
            min(BLOCK_ROWS, rows - row), width, depth, before
          );
        }
      }
      if (activation != 0) {
        for (let row = 0; row < rows; ++row) activate(c + (<usize>(row * columns + column) << 2), width, activation);
      }
    }
    a += <usize>(rows * inner) << 2;
    b += <usize>(inner * columns) << 2;
    c += <usize>(rows * columns) << 2;
  }
}

/** Panels of 8 columns of b, row after row, zeros beyond the last column. */
function pack(b: usize, columns: i32, depth: i32, width: i32, to: usize): void {
  for (let j = 0; j < width; j += 8) {
    let from = b + (<usize>j << 2);
    const count = width - j;
    for (let k = 0; k < depth; ++k) {
      if (count >= 8) {
        v128.store(to, v128.load(from));
        v128.store(to, v128.load(from, 16), 16);
      } else {
        v128.store(to, count >= 4 ? v128.load(from) : loadPart(from, count));
        v128.store(to, count > 4 ? loadPart(from + 16, count - 4) : f32x4.splat(0), 16);
      }
      to += 32;
      from += <usize>columns << 2;
    }
  }
}

/** The same of a transposed b, whose rows are columns here. */
function packTurned(b: usize, inner: i32, depth: i32, width: i32, to: usize): void {
  for (let j = 0; j < width; j += 8) {
    const count = min(8, width - j);
    if (count < 8) memory.fill(to, 0, <usize>depth << 5);
    for (let column = 0; column < count; ++column) {
      let from = b + (<usize>((j + column) * inner) << 2);
      let at = to + (<usize>column << 2);
      for (let k = 0; k < depth; ++k) {
        store<f32>(at, load<f32>(from));
        from += 4;
        at += 32;
      }
    }
    to += <usize>depth << 5;
  }
}

/** All tiles of a block of rows: whole ones into c, those at the edge by way of a tile in the scratch memory. */
function multiplyBlock(
  a: usize, rowStep: usize, innerStep: usize, panels: usize, bias: usize, c: usize, columns: i32,
  rows: i32, width: i32, depth: i32, before: i32
): void {
  const edge = panels + <usize>(BLOCK_INNER * BLOCK_COLUMNS * 4);
  const line = <usize>columns << 2;
  for (let j = 0; j < width; j += 8) {
    const panel = panels + <usize>(j >> 3) * (<usize>depth << 5);
    const count = min(8, width - j);
    for (let i = 0; i < rows; i += 4) {
      const height = min(4, rows - i);
      const at = a + <usize>i * rowStep;
      const to = c + <usize>i * line + (<usize>j << 2);
      // Rows beyond the last are the last again, and are not kept.
      const at1 = height > 1 ? at + rowStep : at;
      const at2 = height > 2 ? at1 + rowStep : at1;
      const at3 = height > 3 ? at2 + rowStep : at2;
      if (height == 4 && count == 8) {
        const first = before == 1 ? bias + (<usize>j << 2) : to;
        tile(at, at1, at2, at3, innerStep, panel, depth, first, before == 1 ? 0 : line, before, to, line);
        continue;
      }
      if (before == 1) copyTile(bias + (<usize>j << 2), 0, edge, 32, height, count);
      if (before == 2) copyTile(to, line, edge, 32, height, count);
      tile(at, at1, at2, at3, innerStep, panel, depth, edge, 32, before, edge, 32);
      copyTile(edge, 32, to, line, height, count);
    }
  }
}

function copyTile(from: usize, fromLine: usize, to: usize, toLine: usize, height: i32, count: i32): void {
  for (let i = 0; i < height; ++i) {
    for (let j = 0; j < count; ++j) store<f32>(to + (<usize>j << 2), load<f32>(from + (<usize>j << 2)));
    from += fromLine;
    to += toLine;
  }
}

/** 4 x 8 sums, from what stands at `first` (unless `before` is 0) to `to`. */
function tile(
  a0: usize, a1: usize, a2: usize, a3: usize, innerStep: usize, panel: usize, depth: i32,
  first: usize, firstLine: usize, before: i32, to: usize, line: usize
): void {
  let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
  if (before != 0) {
    s00 = v128.load(first), s01 = v128.load(first, 16);
    first += firstLine;
    s10 = v128.load(first), s11 = v128.load(first, 16);
    first += firstLine;
    s20 = v128.load(first), s21 = v128.load(first, 16);
    first += firstLine;
    s30 = v128.load(first), s31 = v128.load(first, 16);
  }
  const end = panel + (<usize>depth << 5);
  while (panel < end) {
    const b0 = v128.load(panel), b1 = v128.load(panel, 16);
    const x0 = v128.load32_splat(a0);
    s00 = f32x4.add(s00, f32x4.mul(x0, b0)), s01 = f32x4.add(s01, f32x4.mul(x0, b1));
    const x1 = v128.load32_splat(a1);
    s10 = f32x4.add(s10, f32x4.mul(x1, b0)), s11 = f32x4.add(s11, f32x4.mul(x1, b1));
    const x2 = v128.load32_splat(a2);
    s20 = f32x4.add(s20, f32x4.mul(x2, b0)), s21 = f32x4.add(s21, f32x4.mul(x2, b1));
    const x3 = v128.load32_splat(a3);
    s30 = f32x4.add(s30, f32x4.mul(x3, b0)), s31 = f32x4.add(s31, f32x4.mul(x3, b1));
    a0 += innerStep, a1 += innerStep, a2 += innerStep, a3 += innerStep;
    panel += 32;
  }
  v128.store(to, s00), v128.store(to, s01, 16);
  to += line;
  v128.store(to, s10), v128.store(to, s11, 16);
  to += line;
  v128.store(to, s20), v128.store(to, s21, 16);
  to += line;
  v128.store(to, s30), v128.store(to, s31, 16);
}

@inline
function activated(x: v128, activation: i32): v128 {
  // pmax keeps what is no number when it comes first.
  if (activation == 1) return f32x4.pmax(x, f32x4.splat(0));
  return activation == 2 ? tanh4(x) : sigmoid4(x);
}

/** Applies the activation to all of out [rows, columns], where it is not linear. */
export function activateRows(out: usize, rows: i32, columns: i32, activation: i32): void {
  if (activation != 0) activate(out, rows * columns, activation);
}

export function activate(at: usize, count: i32, activation: i32): void {
  for (; count >= 4; count -= 4) {
    v128.store(at, activated(v128.load(at), activation));
    at += 16;
  }
  if (count > 0) storePart(at, activated(loadPart(at, count), activation), count);
}
