// What a network in float64 is told: inputs and targets as rows of plain numbers, checked where they come in.
import {ArgumentError, ShapeError} from "../../core/errors.ts";
import {type KanLevel, type KanNetwork, nodeCount} from "../network.ts";

/** Rows of numbers, one after the other: a typed array, or any other list of numbers. */
export type Numbers = ArrayLike<number>;

/** What a network is to learn: inputs [samples, inputs] and targets [samples, outputs]. A `Dataset` with targets is one. */
export interface KanSamples {
  readonly inputs: Numbers;
  readonly targets?: Numbers | undefined;
}

/** How many rows of inputs there are. @throws ShapeError for numbers that are no whole rows, ArgumentError for none or NaN */
export function countInputs(network: KanNetwork, inputs: Numbers, what = "inputs"): number {
  const width = nodeCount(network.levels[0] as KanLevel);
  return countRows(inputs, width, what);
}

/** How many samples there are, after the same checks of both parts. @throws ShapeError, ArgumentError */
export function countSamples(network: KanNetwork, data: KanSamples, what = "data"): number {
  if (typeof data !== "object" || data === null)
    throw new ArgumentError(`${what} must be samples, {inputs, targets}, got ${String(data)}.`);
  const samples = countInputs(network, data.inputs, `${what}.inputs`);
  const {targets} = data;
  if (!targets)
    throw new ArgumentError(
      `${what} must have targets, the numbers to learn: {inputs, targets}, both Float64Array, row after row.`
    );
  const rows = countRows(targets, nodeCount(network.levels.at(-1) as KanLevel), `${what}.targets`);
  if (rows !== samples)
    throw new ShapeError(
      `${what} has ${samples} rows of inputs but ${rows} of targets: each needs the other.`
    );
  return samples;
}

/** The rows with these numbers. */
export function rowsOf(numbers: Numbers, width: number, rows: Int32Array): Float64Array {
  const out = new Float64Array(rows.length * width);
  for (let r = 0; r < rows.length; ++r) {
    const from = (rows[r] as number) * width;
    for (let i = 0; i < width; ++i) out[r * width + i] = numbers[from + i] as number;
  }
  return out;
}

function countRows(numbers: Numbers, width: number, what: string): number {
  const length = numbers?.length;
  if (!Number.isInteger(length) || typeof numbers === "string")
    throw new ArgumentError(`${what} must be a Float64Array, row after row, got ${String(numbers)}.`);
  if (Array.isArray(numbers[0]))
    throw new ArgumentError(
      `${what} must be one list of numbers, row after row, got a list of lists: flatten it.`
    );
  if (length === 0 || length % width !== 0)
    throw new ShapeError(`${what} must be rows of ${width} numbers, at least one, got ${length} numbers.`);
  for (let i = 0; i < length; ++i) {
    if (Number.isFinite(numbers[i])) continue;
    const row = Math.floor(i / width);
    throw new ArgumentError(
      `${what} must be finite numbers, got ${described(numbers[i])} in row ${row}, column ${i % width}: leave such rows out.`
    );
  }
  return length / width;
}

function described(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
