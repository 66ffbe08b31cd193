// The products of sparse layers in JavaScript: only the weights that are there cost time. Whole rows of the batch are added up
// at once, so the loops run along memory without an index in between.
import type {Values} from "../kernel.ts";

/** Weights of a linear layer one by one: where each comes from, where it goes, and its place among the weights. */
export interface Links {
  count: number;
  inputs: Int32Array;
  units: Int32Array;
  places: Int32Array;
}

/** Room for so many links. */
export function roomFor(most: number): Links {
  return {count: 0, inputs: new Int32Array(most), units: new Int32Array(most), places: new Int32Array(most)};
}

export function addLink(links: Links, input: number, unit: number, place: number): void {
  const {count} = links;
  links.inputs[count] = input;
  links.units[count] = unit;
  links.places[count] = place;
  links.count = count + 1;
}

/** [rows, columns] as [columns, rows]. */
function transposed(x: Values, rows: number, columns: number): Float32Array {
  const out = new Float32Array(rows * columns);
  for (let c = 0; c < columns; ++c)
    for (let r = 0, at = c * rows; r < rows; ++r) out[at + r] = x[r * columns + c] as number;
  return out;
}

/** Which links lead to each target, in their order. */
function linksByTarget(targets: Int32Array, count: number, width: number) {
  const starts = new Int32Array(width + 1);
  for (let e = 0; e < count; ++e) {
    const after = (targets[e] as number) + 1;
    starts[after] = (starts[after] as number) + 1;
  }
  for (let t = 0; t < width; ++t) starts[t + 1] = (starts[t + 1] as number) + (starts[t] as number);
  const next = starts.slice();
  const order = new Int32Array(count);
  for (let e = 0; e < count; ++e) {
    const target = targets[e] as number;
    order[next[target] as number] = e;
    next[target] = (next[target] as number) + 1;
  }
  return {starts, order};
}

/** x [rows, from] times the weights, into out [rows, to]: along the links or, with `back`, against them. */
export function multiplyLinks(
  x: Values,
  weights: Values,
  links: Links,
  {out, rows, back = false}: {out: Values; rows: number; back?: boolean},
  finish?: (sum: number, column: number) => number
): void {
  if (rows === 0) return;
  const [fromWidth, toWidth] = [x.length / rows, out.length / rows];
  const sources = back ? links.units : links.inputs;
  const {starts, order} = linksByTarget(back ? links.inputs : links.units, links.count, toWidth);
  const columns = transposed(x, rows, fromWidth);
  const sums = new Float32Array(rows);
  for (let t = 0; t < toWidth; ++t) {
    const end = starts[t + 1] as number;
    sums.fill(0);
    let e = starts[t] as number;
    for (; e + 3 < end; e += 4) addFour(sums, columns, weights, sources, links.places, order, e);
    for (; e < end; ++e) {
      const link = order[e] as number;
      const weight = weights[links.places[link] as number] as number;
      const at = (sources[link] as number) * rows;
      for (let r = 0; r < rows; ++r) sums[r] = (sums[r] as number) + weight * (columns[at + r] as number);
    }
    for (let r = 0; r < rows; ++r)
      out[r * toWidth + t] = finish ? finish(sums[r] as number, t) : (sums[r] as number);
  }
}

/** Four weights at once: the sums are read and written a quarter as often. */
function addFour(
  sums: Float32Array,
  columns: Float32Array,
  weights: Values,
  sources: Int32Array,
  places: Int32Array,
  order: Int32Array,
  e: number
): void {
  const rows = sums.length;
  const [i, j, k, l] = [
    order[e] as number,
    order[e + 1] as number,
    order[e + 2] as number,
    order[e + 3] as number
  ];
  const [u, v, w, z] = [
    weights[places[i] as number] as number,
    weights[places[j] as number] as number,
    weights[places[k] as number] as number,
    weights[places[l] as number] as number
  ];
  const [a, b, c, d] = [
    (sources[i] as number) * rows,
    (sources[j] as number) * rows,
    (sources[k] as number) * rows,
    (sources[l] as number) * rows
  ];
  for (let r = 0; r < rows; ++r)
    sums[r] =
      (sums[r] as number) +
      u * (columns[a + r] as number) +
      v * (columns[b + r] as number) +
      w * (columns[c + r] as number) +
      z * (columns[d + r] as number);
}

/** The gradient of each weight, x^T dy at its input and unit, into out at its place; other places are left as they are. */
export function linkGradients(x: Values, dy: Values, links: Links, out: Values, rows: number): void {
  if (rows === 0) return;
  const from = transposed(x, rows, x.length / rows);
  const to = transposed(dy, rows, dy.length / rows);
  for (let e = 0; e < links.count; ++e) {
    const a = (links.inputs[e] as number) * rows;
    const b = (links.units[e] as number) * rows;
    let [even, odd] = [0, 0];
    let r = 0;
    // Two sums, so that one addition need not wait for the other.
    for (; r + 1 < rows; r += 2) {
      even += (from[a + r] as number) * (to[b + r] as number);
      odd += (from[a + r + 1] as number) * (to[b + r + 1] as number);
    }
    if (r < rows) even += (from[a + r] as number) * (to[b + r] as number);
    out[links.places[e] as number] = even + odd;
  }
}
