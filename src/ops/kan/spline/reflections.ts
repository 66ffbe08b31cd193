// Householder reflections with pivoted columns: matrix times permutation = reflections times triangle. Columns lie one after
// another. Golub and Van Loan, Matrix Computations, 5.1 and 5.4.

/** A matrix turned into a triangle. */
export interface Triangle {
  readonly rows: number;
  /** Columns that are independent, which is rows of the triangle. */
  readonly rank: number;
  /** Above the diagonal the triangle, from it on the reflections' vectors; column after column. */
  readonly entries: Float64Array;
  /** The triangle's diagonal. */
  readonly diagonal: Float64Array;
  /** 2 / |v|^2 of each reflection. */
  readonly factors: Float64Array;
  /** The column of the matrix that stands at each place. */
  readonly order: Int32Array;
}

/**
 * Turns `entries` (taken over and changed) into a triangle. It ends where what is left of every column is at most
 * `tolerance` times the longest column.
 */
export function triangle(entries: Float64Array, rows: number, columns: number, tolerance: number): Triangle {
  const steps = Math.min(rows, columns);
  const order = Int32Array.from({length: columns}, (_, j) => j);
  const [diagonal, factors] = [new Float64Array(steps), new Float64Array(steps)];
  const made = {rows, entries, diagonal, factors, order};
  let longest = 0;
  for (let k = 0; k < steps; k++) {
    const length = bringLongest(entries, order, rows, columns, k);
    if (k === 0) longest = length;
    if (length <= tolerance * longest) return {...made, rank: k};
    const at = k * rows + k;
    const first = entries[at] as number;
    // Away from `first`, so that the difference loses no digits.
    const onDiagonal = first > 0 ? -length : length;
    entries[at] = first - onDiagonal;
    diagonal[k] = onDiagonal;
    factors[k] = 1 / (length * (length + Math.abs(first)));
    for (let j = k + 1; j < columns; j++) reflect(made, k, entries, j * rows);
  }
  return {...made, rank: steps};
}

/** Applies reflection `k` to the `rows` numbers of `to` from `from` on. */
export function reflect(
  {rows, entries, factors}: Pick<Triangle, "rows" | "entries" | "factors">,
  k: number,
  to: Float64Array,
  from: number
): void {
  const at = k * rows;
  let product = 0;
  for (let i = k; i < rows; i++) product += (entries[at + i] as number) * (to[from + i] as number);
  if (product === 0) return;
  const factor = product * (factors[k] as number);
  for (let i = k; i < rows; i++)
    to[from + i] = (to[from + i] as number) - factor * (entries[at + i] as number);
}

/** Swaps the longest of the remaining columns to place k; gives its remaining length. */
function bringLongest(
  entries: Float64Array,
  order: Int32Array,
  rows: number,
  columns: number,
  k: number
): number {
  let [best, most] = [k, -1];
  for (let j = k; j < columns; j++) {
    const square = squares(entries, j * rows + k, rows - k);
    if (square > most) [best, most] = [j, square];
  }
  if (best !== k) swap(entries, order, rows, best, k);
  return Math.sqrt(most);
}

function swap(entries: Float64Array, order: Int32Array, rows: number, a: number, b: number): void {
  const column = entries.slice(a * rows, (a + 1) * rows);
  entries.copyWithin(a * rows, b * rows, (b + 1) * rows);
  entries.set(column, b * rows);
  const place = order[a] as number;
  order[a] = order[b] as number;
  order[b] = place;
}

function squares(entries: Float64Array, from: number, count: number): number {
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += (entries[i] as number) ** 2;
  return sum;
}
