// Products with weights of which each has its own place: compressed sparse rows.
import {addLink, addSome, endList, followLists, listAt, rowsBesideLists, sumsOfFour, turnBesideLists} from "./links";
import {activateRows} from "./matmul";
import {rowsThatFit, turn} from "./panels";

/** Columns of the result that are made at a time. */
const LISTS: i32 = 8;

/**
 * out [rows, to] = activation(x [rows, from] W + bias): column t has the weights from starts[t] on; place e is weight order[e] (e itself where order is 0),
 * which multiplies the column sources[of it] of x. activation 0 linear, 1 relu, 2 tanh, 3 sigmoid; bias 0 for none. False where a panel does not fit into the scratch memory.
 */
export function sparseProduct(
  x: usize, weights: usize, sources: usize, order: usize, starts: usize, bias: usize, out: usize, scratch: usize,
  rows: i32, from: i32, to: i32, activation: i32
): bool {
  const strip = rowsBesideLists(from, LISTS, rows);
  if (strip == 0) return false;
  for (let first = 0; first < rows; first += strip) {
    turnBesideLists(x, scratch, LISTS, first, strip, rows, from);
    for (let column = 0; column < to; column += LISTS) {
      const count = min(LISTS, to - column);
      for (let t = 0; t < count; ++t) {
        const begin = starts + (<usize>(column + t) << 2);
        let at = listAt(scratch, from, t);
        for (let e = load<i32>(begin); e < load<i32>(begin, 4); ++e) {
          const k = <usize>(order != 0 ? load<i32>(order + (<usize>e << 2)) : e) << 2;
          at = addLink(at, load<i32>(sources + k), load<f32>(weights + k));
        }
        endList(at);
      }
      followLists(scratch, LISTS, count, bias, out, column, first, strip, rows, from, to);
    }
  }
  activateRows(out, rows, to, activation);
  return true;
}

/**
 * out[k] = the sum over rows of x[row, inputs[k]] dy[row, units[k]]; the same inputs should follow each other. False where a strip does not
 * fit into the scratch memory.
 */
export function sparseSlopes(
  x: usize, dy: usize, inputs: usize, units: usize, out: usize, scratch: usize,
  rows: i32, from: i32, to: i32, count: i32
): bool {
  const strip = rowsThatFit(from + to << 2, 0, rows);
  if (strip == 0) return false;
  memory.fill(out, 0, <usize>count << 2);
  const length = <usize>strip << 2;
  const second = scratch + <usize>from * length;
  for (let first = 0; first < rows; first += strip) {
    turn(x, scratch, first, strip, rows, from);
    turn(dy, second, first, strip, rows, to);
    for (let k = 0; k < count; ) {
      const at = <usize>k << 2;
      const input = load<u32>(inputs + at);
      let own = 1;
      while (own < 4 && k + own < count && load<u32>(inputs + (<usize>(k + own) << 2)) == input) ++own;
      addSome(out + at, sumsOfFour(scratch + input * length, second, length, units + at, own), own, 4);
      k += own;
    }
  }
  return true;
}
