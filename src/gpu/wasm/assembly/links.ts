// Products with weights that are kept one by one, whatever the format says where they are: a few columns of the result at a time, the
// format writes lists of what goes into each, and the lists are gone through for one panel of the batch after the other.
import {PANEL, rowsThatFit, turnBack, turnPanels} from "./panels";

/** Columns of the result that have lists at a time, at most. */
const MOST_LISTS: i32 = 16;

/** Sums of a panel and, for each list, a place in it lie at the beginning of the scratch memory. */
const TILE_BYTES: i32 = MOST_LISTS * PANEL * 4;
const HEAD_BYTES: i32 = TILE_BYTES + MOST_LISTS * 4;

/** Columns of a panel that all lists are followed through before the next, because they stay in the nearest cache: 16 kB. */
const RANGE_BYTES: u32 = 256 * PANEL * 4;

/** Bytes from one list to the next, for so many columns of x; a list ends with what leads beyond all columns. */
@inline
function listBytes(from: i32): usize {
  return <usize>(from + 1) << 3;
}

/** Where list `t` begins. */
@inline
export function listAt(scratch: usize, from: i32, t: i32): usize {
  return scratch + HEAD_BYTES + <usize>t * listBytes(from);
}

/** The place that list `t` has come to, while it is written or followed. */
@inline
export function placeIn(scratch: usize, t: i32): usize {
  return load<u32>(scratch + TILE_BYTES + (<usize>t << 2));
}

@inline
export function setPlace(scratch: usize, t: i32, place: usize): void {
  store<u32>(scratch + TILE_BYTES + (<usize>t << 2), <u32>place);
}

@inline
export function endList(at: usize): void {
  store<u32>(at, u32.MAX_VALUE);
}

/** Writes that column `source` of x goes into a list with a weight; where the next goes to. */
@inline
export function addLink(at: usize, source: i32, weight: f32): usize {
  store<u32>(at, source * PANEL << 2);
  store<f32>(at, weight, 4);
  return at + 8;
}

/** Rows of a batch of that width which fit beside so many lists. */
@inline
export function rowsBesideLists(from: i32, lists: i32, rows: i32): i32 {
  return rowsThatFit(from << 2, HEAD_BYTES + lists * <i32>listBytes(from), rows);
}

/** Turns rows `first`.. of x into the panels behind that many lists. */
@inline
export function turnBesideLists(
  x: usize, scratch: usize, lists: i32, first: i32, strip: i32, rows: i32, from: i32
): void {
  turnPanels(x, listAt(scratch, from, lists), first, min(strip, rows - first), rows, from);
}

/**
 * Makes columns `column`.. of out [rows, to], one for each of `count` lists, for the rows in the panels behind `lists` of them. Sums go along a list in
 * its order.
 */
export function followLists(
  scratch: usize, lists: i32, count: i32, bias: usize, out: usize,
  column: i32, first: i32, strip: i32, rows: i32, from: i32, to: i32
): void {
  const line = <usize>to << 2;
  const length = min(strip, rows - first);
  const panelBytes = <u32>(from * PANEL) << 2;
  let panel = listAt(scratch, from, lists);
  let place = out + <usize>first * line + (<usize>column << 2);
  for (let r = 0; r < length; r += PANEL) {
    for (let t = 0; t < count; ++t) {
      setPlace(scratch, t, listAt(scratch, from, t));
      const start = bias != 0 ? v128.load32_splat(bias + (<usize>(column + t) << 2)) : f32x4.splat(0);
      const tile = scratch + (<usize>t << 6);
      v128.store(tile, start), v128.store(tile, start, 16), v128.store(tile, start, 32), v128.store(tile, start, 48);
    }
    for (let limit = RANGE_BYTES; limit < panelBytes + RANGE_BYTES; limit += RANGE_BYTES) {
      for (let t = 0; t < count; ++t)
        setPlace(scratch, t, followTo(limit, placeIn(scratch, t), panel, scratch + (<usize>t << 6)));
    }
    turnBack(scratch, place, line, min(PANEL, length - r), count);
    panel += panelBytes;
    place += line * PANEL;
  }
}

/** Adds what a list says to the sums of a panel, up to a column that lies beyond the limit; where that stands. */
function followTo(limit: u32, link: usize, panel: usize, tile: usize): usize {
  let sum0 = v128.load(tile), sum1 = v128.load(tile, 16), sum2 = v128.load(tile, 32), sum3 = v128.load(tile, 48);
  for (let column = load<u32>(link); column < limit; column = load<u32>(link)) {
    const weight = v128.load32_splat(link, 4);
    const at = panel + column;
    sum0 = f32x4.add(sum0, f32x4.mul(weight, v128.load(at)));
    sum1 = f32x4.add(sum1, f32x4.mul(weight, v128.load(at, 16)));
    sum2 = f32x4.add(sum2, f32x4.mul(weight, v128.load(at, 32)));
    sum3 = f32x4.add(sum3, f32x4.mul(weight, v128.load(at, 48)));
    link += 8;
  }
  v128.store(tile, sum0), v128.store(tile, sum1, 16), v128.store(tile, sum2, 32), v128.store(tile, sum3, 48);
  return link;
}

/**
 * The sums over a strip of the products of one column with four others, `length` bytes each: those of `columns` that `ids` says, of which there
 * are `count`; sums beyond them are the first again.
 */
export function sumsOfFour(column: usize, columns: usize, length: usize, ids: usize, count: i32): v128 {
  let b0 = columns + load<u32>(ids) * length;
  let b1 = count > 1 ? columns + load<u32>(ids, 4) * length : b0;
  let b2 = count > 2 ? columns + load<u32>(ids, 8) * length : b0;
  let b3 = count > 3 ? columns + load<u32>(ids, 12) * length : b0;
  let sum0 = f32x4.splat(0), sum1 = sum0, sum2 = sum0, sum3 = sum0;
  const end = column + length;
  while (column < end) {
    const a0 = v128.load(column), a1 = v128.load(column, 16);
    sum0 = f32x4.add(sum0, f32x4.mul(a0, v128.load(b0))), sum1 = f32x4.add(sum1, f32x4.mul(a0, v128.load(b1)));
    sum2 = f32x4.add(sum2, f32x4.mul(a0, v128.load(b2))), sum3 = f32x4.add(sum3, f32x4.mul(a0, v128.load(b3)));
    sum0 = f32x4.add(sum0, f32x4.mul(a1, v128.load(b0, 16))), sum1 = f32x4.add(sum1, f32x4.mul(a1, v128.load(b1, 16)));
    sum2 = f32x4.add(sum2, f32x4.mul(a1, v128.load(b2, 16))), sum3 = f32x4.add(sum3, f32x4.mul(a1, v128.load(b3, 16)));
    column += 32, b0 += 32, b1 += 32, b2 += 32, b3 += 32;
  }
  const even = f32x4.add(v128.shuffle<f32>(sum0, sum1, 0, 4, 1, 5), v128.shuffle<f32>(sum0, sum1, 2, 6, 3, 7));
  const odd = f32x4.add(v128.shuffle<f32>(sum2, sum3, 0, 4, 1, 5), v128.shuffle<f32>(sum2, sum3, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(even, odd, 0, 1, 4, 5), v128.shuffle<f32>(even, odd, 2, 3, 6, 7));
}

/** Adds the first `count` of four sums to what stands at `out`, `step` bytes from each other. */
@inline
export function addSome(out: usize, sums: v128, count: i32, step: usize): void {
  store<f32>(out, load<f32>(out) + f32x4.extract_lane(sums, 0));
  if (count > 1) store<f32>(out + step, load<f32>(out + step) + f32x4.extract_lane(sums, 1));
  if (count > 2) store<f32>(out + 2 * step, load<f32>(out + 2 * step) + f32x4.extract_lane(sums, 2));
  if (count > 3) store<f32>(out + 3 * step, load<f32>(out + 3 * step) + f32x4.extract_lane(sums, 3));
}
