// Products with weights of which n of m successive inputs of a unit are kept, [inputs / m n, units], with their places in the group packed
// into words: two bits each up to m = 4, four beyond, each row of values from a new word on.
import {
  addLink, addSome, endList, followLists, listAt, placeIn, rowsBesideLists, setPlace, sumsOfFour, turnBesideLists
} from "./links";
import {activateRows} from "./matmul";
import {rowsThatFit, turn} from "./panels";

/** Units that are made at a time: their places lie in one word. */
const LISTS: i32 = 8;

/** Values of a unit whose slopes are made one after the other. */
const VALUES: i32 = 16;

@inline
function placeBits(m: i32): i32 {
  return m <= 4 ? 2 : 4;
}

/** Bytes of a row of places. */
@inline
function placeLine(units: i32, m: i32): usize {
  return <usize>((units * placeBits(m) + 31) >> 5) << 2;
}

/** The places from that unit on, lowest bits first, in one row. */
@inline
function placesFrom(row: usize, unit: i32, m: i32): u32 {
  const bit = unit * placeBits(m);
  return load<u32>(row + (<usize>(bit >> 5) << 2)) >> (bit & 31);
}

/** y [rows, units] = activation(x [rows, inputs] W + bias). False where a panel does not fit into the scratch memory. */
export function nmProduct(
  x: usize, values: usize, places: usize, bias: usize, y: usize, scratch: usize,
  rows: i32, inputs: i32, units: i32, n: i32, m: i32, activation: i32
): bool {
  const strip = rowsBesideLists(inputs, LISTS, rows);
  if (strip == 0) return false;
  for (let first = 0; first < rows; first += strip) {
    turnBesideLists(x, scratch, LISTS, first, strip, rows, inputs);
    for (let unit = 0; unit < units; unit += LISTS) {
      const count = min(LISTS, units - unit);
      listUnits(scratch, values, places, unit, count, inputs, units, n, m);
      followLists(scratch, LISTS, count, bias, y, unit, first, strip, rows, inputs, units);
    }
  }
  activateRows(y, rows, units, activation);
  return true;
}

/** Lists what goes into `count` units from that one on. */
function listUnits(
  scratch: usize, values: usize, places: usize, unit: i32, count: i32, inputs: i32, units: i32, n: i32, m: i32
): void {
  const bits = placeBits(m), all = (1 << bits) - 1;
  const line = <usize>units << 2, words = placeLine(units, m);
  let value = values + (<usize>unit << 2);
  let written: usize = 0;
  for (let group = 0; group < inputs; group += m) {
    for (let v = 0; v < n; ++v) {
      let rest = placesFrom(places, unit, m);
      for (let t = 0; t < count; ++t) {
        addLink(listAt(scratch, inputs, t) + written, group + (rest & all), load<f32>(value + (<usize>t << 2)));
        rest >>= bits;
      }
      written += 8;
      value += line;
      places += words;
    }
  }
  for (let t = 0; t < count; ++t) endList(listAt(scratch, inputs, t) + written);
}

/** dx [rows, inputs] = dy [rows, units] W^T. False where a panel does not fit into the scratch memory. */
export function nmInputGrad(
  dy: usize, values: usize, places: usize, dx: usize, scratch: usize,
  rows: i32, inputs: i32, units: i32, n: i32, m: i32
): bool {
  const most = max(1, LISTS / m) * m;
  const strip = rowsBesideLists(units, most, rows);
  if (strip == 0) return false;
  for (let first = 0; first < rows; first += strip) {
    turnBesideLists(dy, scratch, most, first, strip, rows, units);
    for (let input = 0; input < inputs; input += most) {
      const count = min(most, inputs - input);
      listInputs(scratch, values, places, input, count, units, n, m);
      followLists(scratch, most, count, 0, dx, input, first, strip, rows, units, inputs);
    }
  }
  return true;
}

/** Lists what goes back to `count` inputs from that one on, whole groups. */
function listInputs(
  scratch: usize, values: usize, places: usize, input: i32, count: i32, units: i32, n: i32, m: i32
): void {
  const bits = placeBits(m), all = (1 << bits) - 1;
  for (let t = 0; t < count; ++t) setPlace(scratch, t, listAt(scratch, units, t));
  for (let t = 0; t < count; t += m) {
    const top = (input + t) / m * n;
    for (let unit = 0; unit < units; unit += LISTS) {
      for (let v = top; v < top + n; ++v) {
        let rest = placesFrom(places + <usize>v * placeLine(units, m), unit, m);
        let value = values + (<usize>(v * units + unit) << 2);
        for (let u = unit; u < min(unit + LISTS, units); ++u) {
          const target = t + <i32>(rest & all);
          setPlace(scratch, target, addLink(placeIn(scratch, target), u, load<f32>(value)));
          rest >>= bits;
          value += 4;
        }
      }
    }
  }
  for (let t = 0; t < count; ++t) endList(placeIn(scratch, t));
}

/** The slopes of the values: sums over rows of x at their input times dy at their unit. False where a strip does not fit. */
export function nmWeightGrad(
  x: usize, dy: usize, places: usize, dw: usize, scratch: usize,
  rows: i32, inputs: i32, units: i32, n: i32, m: i32
): bool {
  const height = inputs / m * n;
  const strip = rowsThatFit(inputs + units << 2, height << 2, rows);
  if (strip == 0) return false;
  memory.fill(dw, 0, <usize>(height * units) << 2);
  const length = <usize>strip << 2, line = <usize>units << 2;
  const columns = scratch + (<usize>height << 2);
  const second = columns + <usize>inputs * length;
  // Some groups after the other, because the columns of few inputs stay in the nearest cache.
  const groups = (VALUES + n - 1) / n;
  for (let first = 0; first < rows; first += strip) {
    turn(x, columns, first, strip, rows, inputs);
    turn(dy, second, first, strip, rows, units);
    for (let input = 0; input < inputs; input += groups * m) {
      const top = input / m * n, count = min(groups * n, height - top);
      for (let unit = 0; unit < units; ++unit) {
        inputsOf(scratch, places, top, count, unit, units, n, m);
        const column = second + <usize>unit * length;
        let out = dw + <usize>top * line + (<usize>unit << 2);
        for (let v = 0; v < count; v += 4) {
          const own = min(4, count - v);
          addSome(out, sumsOfFour(column, columns, length, scratch + (<usize>v << 2), own), own, line);
          out += 4 * line;
        }
      }
    }
  }
  return true;
}

/** Writes which inputs `count` values of a unit have, from row `top` on, the first of a group. */
function inputsOf(
  to: usize, places: usize, top: i32, count: i32, unit: i32, units: i32, n: i32, m: i32
): void {
  const all = (1 << placeBits(m)) - 1, words = placeLine(units, m);
  let row = places + <usize>top * words;
  const end = to + (<usize>count << 2);
  for (let group = top / n * m; to < end; group += m) {
    for (let v = 0; v < n; ++v) {
      store<u32>(to, group + (placesFrom(row, unit, m) & all));
      to += 4;
      row += words;
    }
  }
}
