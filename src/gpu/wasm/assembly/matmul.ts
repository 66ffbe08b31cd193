// Products of matrices, block after block (see tiles.ts), and activations.
import {sigmoid4, tanh4} from "./exponential";
import {BLOCK_COLUMNS, BLOCK_INNER, BLOCK_ROWS, multiplyBlock, pack, packTurned} from "./tiles";
import {loadPart, storePart} from "./vectors";

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
