// Products with weights [inputs, units] of which a mask of bits says which count: words of 32 units, each input from a new word on.
import {addLink, endList, followLists, listAt, placeIn, rowsBesideLists, setPlace, sumsOfFour, turnBesideLists} from "./links";
import {activateRows} from "./matmul";
import {rowsThatFit, turn} from "./panels";

/** Columns of the result that are made at a time: a byte of the mask has the bits of as many units. */
const LISTS: i32 = 8;

/** Bytes of a row of the mask. */
@inline
function maskLine(units: i32): usize {
  return <usize>((units + 31) >> 5) << 2;
}

/** The bits of 32 units from that one on in a row of the mask, none beyond the last unit. */
@inline
function wordAt(row: usize, unit: i32, units: i32): u32 {
  const word = load<u32>(row + (<usize>unit >> 3));
  return units - unit < 32 ? word & ((1 << (units - unit)) - 1) : word;
}

/** y [rows, units] = activation(x [rows, inputs] W + bias). False where a panel does not fit into the scratch memory. */
export function bitsProduct(
  x: usize, weights: usize, mask: usize, bias: usize, y: usize, scratch: usize,
  rows: i32, inputs: i32, units: i32, activation: i32
): bool {
  const strip = rowsBesideLists(inputs, LISTS, rows);
  if (strip == 0) return false;
  for (let first = 0; first < rows; first += strip) {
    turnBesideLists(x, scratch, LISTS, first, strip, rows, inputs);
    for (let unit = 0; unit < units; unit += LISTS) {
      listUnits(scratch, weights + (<usize>unit << 2), mask + (<usize>unit >> 3), inputs, units);
      followLists(scratch, LISTS, min(LISTS, units - unit), bias, y, unit, first, strip, rows, inputs, units);
    }
  }
  activateRows(y, rows, units, activation);
  return true;
}

/** Lists what goes into the units of a column of bytes. */
function listUnits(scratch: usize, weights: usize, bytes: usize, inputs: i32, units: i32): void {
  for (let t = 0; t < LISTS; ++t) setPlace(scratch, t, listAt(scratch, inputs, t));
  for (let input = 0; input < inputs; ++input) {
    for (let rest = <u32>load<u8>(bytes); rest != 0; rest &= rest - 1) {
      const t = <i32>ctz(rest);
      setPlace(scratch, t, addLink(placeIn(scratch, t), input, load<f32>(weights + (<usize>t << 2))));
    }
    weights += <usize>units << 2;
    bytes += maskLine(units);
  }
  for (let t = 0; t < LISTS; ++t) endList(placeIn(scratch, t));
}

/** dx [rows, inputs] = dy [rows, units] W^T. False where a panel does not fit into the scratch memory. */
export function bitsInputGrad(
  dy: usize, weights: usize, mask: usize, dx: usize, scratch: usize, rows: i32, inputs: i32, units: i32
): bool {
  const strip = rowsBesideLists(units, LISTS, rows);
  if (strip == 0) return false;
  for (let first = 0; first < rows; first += strip) {
    turnBesideLists(dy, scratch, LISTS, first, strip, rows, units);
    for (let input = 0; input < inputs; input += LISTS) {
      const count = min(LISTS, inputs - input);
      for (let t = 0; t < count; ++t) listInput(scratch, t, weights, mask, input + t, units);
      followLists(scratch, LISTS, count, 0, dx, input, first, strip, rows, units, inputs);
    }
  }
  return true;
}

/** Lists what goes back to an input. */
function listInput(scratch: usize, t: i32, weights: usize, mask: usize, input: i32, units: i32): void {
  const own = weights + (<usize>(input * units) << 2);
  const words = mask + <usize>input * maskLine(units);
  let at = listAt(scratch, units, t);
  for (let unit = 0; unit < units; unit += 32) {
    for (let rest = wordAt(words, unit, units); rest != 0; rest &= rest - 1) {
      const place = unit + <i32>ctz(rest);
      at = addLink(at, place, load<f32>(own + (<usize>place << 2)));
    }
  }
  endList(at);
}

/** The slopes of the weights that count, x^T dy, 0 for the others. False where a strip does not fit into the scratch memory. */
export function bitsWeightGrad(
  x: usize, dy: usize, mask: usize, dw: usize, scratch: usize, rows: i32, inputs: i32, units: i32
): bool {
  const strip = rowsThatFit(inputs + units << 2, units + 4 << 2, rows);
  if (strip == 0) return false;
  memory.fill(dw, 0, <usize>(inputs * units) << 2);
  const length = <usize>strip << 2;
  // Four sums, then the units that an input is kept for, lie before the columns.
  const ids = scratch + 16;
  const columns = ids + (<usize>units << 2);
  const second = columns + <usize>inputs * length;
  for (let first = 0; first < rows; first += strip) {
    turn(x, columns, first, strip, rows, inputs);
    turn(dy, second, first, strip, rows, units);
    for (let input = 0; input < inputs; ++input) {
      const end = idsOf(mask + <usize>input * maskLine(units), ids, units);
      const out = dw + (<usize>(input * units) << 2);
      for (let at = ids; at < end; at += 16) {
        const count = min(4, <i32>(end - at) >> 2);
        v128.store(scratch, sumsOfFour(columns + <usize>input * length, second, length, at, count));
        for (let j: usize = 0; j < <usize>count << 2; j += 4) {
          const place = out + (<usize>load<u32>(at + j) << 2);
          store<f32>(place, load<f32>(place) + load<f32>(scratch + j));
        }
      }
    }
  }
  return true;
}

/** Writes the units that a row of the mask keeps; where they end. */
function idsOf(words: usize, to: usize, units: i32): usize {
  for (let unit = 0; unit < units; unit += 32) {
    for (let rest = wordAt(words, unit, units); rest != 0; rest &= rest - 1) {
      store<u32>(to, unit + <i32>ctz(rest));
      to += 4;
    }
  }
  return to;
}
