// Products of matrices in blocks: of b, BLOCK_INNER x BLOCK_COLUMNS are copied into panels of 8 columns, which stay in the cache while
// rows of a go by; tiles of 4 x 8 sums stay in registers. Sums go along the inner dimension in order, whatever the block.
import {loadPart} from "./vectors";

export const BLOCK_INNER: i32 = 256;
export const BLOCK_COLUMNS: i32 = 512;
export const BLOCK_ROWS: i32 = 128;

/** Panels of 8 columns of b, row after row, zeros beyond the last column. */
export function pack(b: usize, columns: i32, depth: i32, width: i32, to: usize): void {
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
export function packTurned(b: usize, inner: i32, depth: i32, width: i32, to: usize): void {
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

/** Where row i of a is: the one that `numbers` says, unless that is 0; of those that a lacks the first stands in. */
@inline
function rowAt(a: usize, rowStep: usize, i: i32, numbers: usize, count: u32): usize {
  if (numbers == 0) return a + <usize>i * rowStep;
  const own = load<u32>(numbers + (<usize>i << 2));
  return own < count ? a + <usize>own * rowStep : a;
}

/**
 * All tiles of a block of rows: whole ones into c, those at the edge by way of a tile in the scratch memory. With `numbers` the rows of a are
 * picked from `rowsOfA`.
 */
export function multiplyBlock(
  a: usize, rowStep: usize, innerStep: usize, panels: usize, bias: usize, c: usize, columns: i32,
  rows: i32, width: i32, depth: i32, before: i32, numbers: usize = 0, rowsOfA: u32 = 0
): void {
  const edge = panels + <usize>(BLOCK_INNER * BLOCK_COLUMNS * 4);
  const line = <usize>columns << 2;
  for (let j = 0; j < width; j += 8) {
    const panel = panels + <usize>(j >> 3) * (<usize>depth << 5);
    const count = min(8, width - j);
    for (let i = 0; i < rows; i += 4) {
      const height = min(4, rows - i);
      const at = rowAt(a, rowStep, i, numbers, rowsOfA);
      const to = c + <usize>i * line + (<usize>j << 2);
      // Rows beyond the last are the last again, and are not kept.
      const at1 = height > 1 ? rowAt(a, rowStep, i + 1, numbers, rowsOfA) : at;
      const at2 = height > 2 ? rowAt(a, rowStep, i + 2, numbers, rowsOfA) : at1;
      const at3 = height > 3 ? rowAt(a, rowStep, i + 3, numbers, rowsOfA) : at2;
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
