// Batches turned: a column of x lies together for some rows, so that a weight multiplies four rows at a time.
import {scratchBytes} from "./matmul";

/** Rows of the batch in a panel [width, PANEL]. */
export const PANEL: i32 = 16;

/**
 * How many rows of `bytes` each are taken at a time, a multiple of PANEL: the batch in as few parts of one length as fit into the scratch memory
 * beside what is taken of it. 0 where not even a panel fits.
 */
export function rowsThatFit(bytes: i32, taken: i32, rows: i32): i32 {
  const most = max(0, scratchBytes() - taken) / (bytes * PANEL);
  if (most == 0) return 0;
  const panels = (rows + PANEL - 1) / PANEL;
  const parts = (panels + most - 1) / most;
  return (panels + parts - 1) / parts * PANEL;
}

/** Four lines of four numbers become four columns, `step` bytes from each other. */
@inline
function turnFour(a: v128, b: v128, c: v128, d: v128, to: usize, step: usize): void {
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const ab2 = v128.shuffle<f32>(a, b, 2, 6, 3, 7), cd2 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
  v128.store(to + step, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
  v128.store(to + 2 * step, v128.shuffle<f32>(ab2, cd2, 0, 1, 4, 5));
  v128.store(to + 3 * step, v128.shuffle<f32>(ab2, cd2, 2, 3, 6, 7));
}

/** Rows `first`.. of x [rows, width] as columns [width, strip], zeros beyond the last row; a strip is a multiple of four rows. */
export function turn(x: usize, to: usize, first: i32, strip: i32, rows: i32, width: i32): void {
  const line = <usize>width << 2, step = <usize>strip << 2;
  const none = f32x4.splat(0);
  for (let r = 0; r < strip; r += 4) {
    const count = rows - first - r;
    const from = x + <usize>(first + r) * line;
    let at = to + (<usize>r << 2);
    let column: usize = 0;
    for (; column + 16 <= line; column += 16) {
      const a = count > 0 ? v128.load(from + column) : none, b = count > 1 ? v128.load(from + line + column) : none;
      const c = count > 2 ? v128.load(from + 2 * line + column) : none;
      const d = count > 3 ? v128.load(from + 3 * line + column) : none;
      turnFour(a, b, c, d, at, step);
      at += 4 * step;
    }
    for (; column < line; column += 4) {
      let four = none;
      if (count > 0) four = v128.load32_lane(from + column, four, 0);
      if (count > 1) four = v128.load32_lane(from + line + column, four, 1);
      if (count > 2) four = v128.load32_lane(from + 2 * line + column, four, 2);
      if (count > 3) four = v128.load32_lane(from + 3 * line + column, four, 3);
      v128.store(at, four);
      at += step;
    }
  }
}

/** Rows `first`.. of x [rows, width] as panels one after the other. */
export function turnPanels(x: usize, to: usize, first: i32, strip: i32, rows: i32, width: i32): void {
  for (let r = 0; r < strip; r += PANEL) turn(x, to + (<usize>(r * width) << 2), first + r, PANEL, rows, width);
}

/** A tile of sums [width, PANEL] goes to `rows` lines of the result. */
export function turnBack(tile: usize, to: usize, line: usize, rows: i32, width: i32): void {
  for (let r = 0; r < rows; r += 4) {
    for (let column = 0; column < width; column += 4) {
      const from = tile + (<usize>(column * PANEL + r) << 2), at = to + (<usize>column << 2);
      if (r + 4 <= rows && column + 4 <= width) {
        turnFour(v128.load(from), v128.load(from, 64), v128.load(from, 128), v128.load(from, 192), at, line);
        continue;
      }
      for (let i: usize = 0; i < <usize>min(4, rows - r); ++i) {
        for (let j: usize = 0; j < <usize>min(4, width - column); ++j)
          store<f32>(at + i * line + (j << 2), load<f32>(from + (j << 6) + (i << 2)));
      }
    }
    to += 4 * line;
  }
}
