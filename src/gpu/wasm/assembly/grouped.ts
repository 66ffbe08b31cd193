// Products of rows with the matrices of their groups, in the blocks of dense products. Rows lie in the order of their groups, group g from offsets[g] on.
import {activate} from "./matmul";
import {BLOCK_COLUMNS, BLOCK_INNER, BLOCK_ROWS, multiplyBlock, pack, packTurned} from "./tiles";
import {loadSome} from "./vectors";

/** Where row i of a is in `rows`, or i itself; `count` and more for none. */
@inline
function numberOf(rows: usize, i: i32): u32 {
  return rows != 0 ? load<u32>(rows + (<usize>i << 2)) : <u32>i;
}

@inline
function offsetAt(offsets: usize, group: i32, most: i32): i32 {
  return max(0, min(load<i32>(offsets + (<usize>group << 2)), most));
}

/**
 * out [m, columns] = activation(row of a [count, inner] times b[group] [inner, columns], or [columns, inner] if turned, + bias[group]); zeros for rows that a lacks
 * or that have no group. activation 0 linear, 1 relu, 2 tanh, 3 sigmoid; bias and rows 0 for none.
 */
export function groupedProduct(
  a: usize, b: usize, bias: usize, offsets: usize, rows: usize, out: usize, scratch: usize,
  count: i32, m: i32, inner: i32, columns: i32, groups: i32, isTurned: bool, activation: i32
): void {
  const line = <usize>columns << 2;
  for (let group = 0; group < groups; ++group) {
    const first = offsetAt(offsets, group, m), end = offsetAt(offsets, group + 1, m);
    for (let column = 0; first < end && column < columns; column += BLOCK_COLUMNS) {
      const width = min(BLOCK_COLUMNS, columns - column);
      for (let k = 0; k < inner; k += BLOCK_INNER) {
        const depth = min(BLOCK_INNER, inner - k);
        if (isTurned) packTurned(b + (<usize>(column * inner + k) << 2), inner, depth, width, scratch);
        else pack(b + (<usize>(k * columns + column) << 2), columns, depth, width, scratch);
        const before = k > 0 ? 2 : bias != 0 ? 1 : 0;
        for (let row = first; row < end; row += BLOCK_ROWS) {
          multiplyBlock(
            a + (<usize>k << 2) + (rows != 0 ? 0 : <usize>(row * inner) << 2), <usize>inner << 2, 4,
            scratch, bias + (<usize>column << 2), out + <usize>row * line + (<usize>column << 2), columns,
            min(BLOCK_ROWS, end - row), width, depth, before,
            rows != 0 ? rows + (<usize>row << 2) : 0, count
          );
        }
      }
      for (let row = first; row < end && activation != 0; ++row) {
        activate(out + <usize>row * line + (<usize>column << 2), width, activation);
      }
    }
    for (let row = first; row < end; ++row) {
      if (numberOf(rows, row) >= <u32>count) memory.fill(out + <usize>row * line, 0, line);
    }
    b += <usize>(inner * columns) << 2;
    if (bias != 0) bias += line;
  }
  const end = offsetAt(offsets, groups, m);
  memory.fill(out + <usize>end * line, 0, <usize>(m - end) * line);
}

/**
 * dw [groups, inner, columns] = the sums over each group's rows of a's row [inner] times dy's [columns], and db [groups, columns] those of dy, unless it is 0. Rows of a are
 * turned into the second half of the scratch memory, where each tile finds its numbers side by side; rows that a lacks count nothing.
 */
export function groupedKernelGrads(
  a: usize, dy: usize, offsets: usize, rows: usize, dw: usize, db: usize, scratch: usize,
  count: i32, m: i32, inner: i32, columns: i32, groups: i32
): void {
  const own = scratch + <usize>(BLOCK_INNER * BLOCK_COLUMNS * 4 + 128 + BLOCK_COLUMNS * 4);
  const line = <usize>columns << 2;
  for (let group = 0; group < groups; ++group) {
    const first = offsetAt(offsets, group, m), end = offsetAt(offsets, group + 1, m);
    if (first >= end) memory.fill(dw, 0, <usize>inner * line);
    if (db != 0) sumRows(dy, rows, first, end, count, db + <usize>group * line, columns);
    for (let row = first; row < end; row += BLOCK_INNER) {
      const depth = min(BLOCK_INNER, end - row);
      for (let feature = 0; feature < inner; feature += BLOCK_COLUMNS) {
        const height = min(BLOCK_COLUMNS, inner - feature);
        turnRows(a + (<usize>feature << 2), rows, row, depth, count, own, height, inner);
        for (let column = 0; column < columns; column += BLOCK_COLUMNS) {
          const width = min(BLOCK_COLUMNS, columns - column);
          pack(dy + <usize>row * line + (<usize>column << 2), columns, depth, width, scratch);
          clearMissing(rows, row, depth, count, scratch, width);
          for (let i = 0; i < height; i += BLOCK_ROWS) {
            multiplyBlock(
              own + <usize>i * lineOf(depth), lineOf(depth), 4, scratch, 0,
              dw + <usize>(feature + i) * line + (<usize>column << 2), columns,
              min(BLOCK_ROWS, height - i), width, depth, row > first ? 2 : 0
            );
          }
        }
      }
    }
    dw += <usize>inner * line;
  }
}

/** Bytes of a line of turned rows: whole quads. */
@inline
function lineOf(depth: i32): usize {
  return <usize>((depth + 3) & ~3) << 2;
}

/** `height` numbers of each of `depth` rows, number after number: four of four rows at a time. */
function turnRows(
  a: usize, rows: usize, first: i32, depth: i32, count: i32, to: usize, height: i32, inner: i32
): void {
  const line = lineOf(depth);
  for (let k = 0; k < depth; k += 4) {
    const at0 = addressOf(a, rows, first + k, first + depth, count, inner);
    const at1 = addressOf(a, rows, first + k + 1, first + depth, count, inner);
    const at2 = addressOf(a, rows, first + k + 2, first + depth, count, inner);
    const at3 = addressOf(a, rows, first + k + 3, first + depth, count, inner);
    let out = to + (<usize>k << 2);
    for (let f = 0; f < height; f += 4) {
      const rest = height - f, at = <usize>f << 2;
      const x0 = at0 != 0 ? loadSome(at0 + at, rest) : f32x4.splat(0), x1 = at1 != 0 ? loadSome(at1 + at, rest) : f32x4.splat(0);
      const x2 = at2 != 0 ? loadSome(at2 + at, rest) : f32x4.splat(0), x3 = at3 != 0 ? loadSome(at3 + at, rest) : f32x4.splat(0);
      const low0 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5), high0 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
      const low1 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5), high1 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
      v128.store(out, v128.shuffle<f32>(low0, low1, 0, 1, 4, 5));
      if (rest > 1) v128.store(out + line, v128.shuffle<f32>(low0, low1, 2, 3, 6, 7));
      if (rest > 2) v128.store(out + 2 * line, v128.shuffle<f32>(high0, high1, 0, 1, 4, 5));
      if (rest > 3) v128.store(out + 3 * line, v128.shuffle<f32>(high0, high1, 2, 3, 6, 7));
      out += 4 * line;
    }
  }
}

/** Where a row begins, 0 for those that are not there. */
@inline
function addressOf(a: usize, rows: usize, i: i32, end: i32, count: i32, inner: i32): usize {
  if (i >= end) return 0;
  const row = numberOf(rows, i);
  return row < <u32>count ? a + ((<usize>row * <usize>inner) << 2) : 0;
}

/** Zeros in the panels of 8 columns where a lacks the row: 0 times what is no number would be none. */
function clearMissing(rows: usize, first: i32, depth: i32, count: i32, panels: usize, width: i32): void {
  for (let k = 0; rows != 0 && k < depth; ++k) {
    if (numberOf(rows, first + k) < <u32>count) continue;
    for (let j = 0; j < width; j += 8) memory.fill(panels + <usize>(j >> 3) * (<usize>depth << 5) + (<usize>k << 5), 0, 32);
  }
}

function sumRows(
  dy: usize, rows: usize, first: i32, end: i32, count: i32, to: usize, columns: i32
): void {
  memory.fill(to, 0, <usize>columns << 2);
  for (let row = first; row < end; ++row) {
    if (numberOf(rows, row) >= <u32>count) continue;
    const from = dy + (<usize>(row * columns) << 2);
    let j = 0;
    for (; j + 4 <= columns; j += 4) {
      const at = <usize>j << 2;
      v128.store(to + at, f32x4.add(v128.load(to + at), v128.load(from + at)));
    }
    for (; j < columns; ++j) {
      const at = <usize>j << 2;
      store<f32>(to + at, load<f32>(to + at) + load<f32>(from + at));
    }
  }
}
