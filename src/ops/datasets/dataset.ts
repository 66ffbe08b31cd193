// What a dataset is: rows of inputs with classes, numbers or the next token of a text, in plain typed arrays.
import {ArgumentError} from "../core/errors.ts";

/**
 * Examples in plain typed arrays, row after row: it can be sent to a worker and needs no tfjs. What a row is to be told
 * as is one of three: a class (`labels`), numbers (`targets`), or the next token of a text (`tokens`). Count rows with
 * `rowCount` and take them with `gatherRows`, which know all three.
 */
export interface Dataset {
  name: string;
  /** All inputs, row-major: rows x the product of inputShape. Empty where there are tokens. */
  inputs: Float32Array;
  /** The shape of one input; [length of a window] where there are tokens. */
  inputShape: number[];
  /** The names of the numbers of an input. */
  features?: string[];
  /** Class numbers from 0: rows x the product of labelShape. Empty where there are targets or tokens. */
  labels: Int32Array;
  /** The shape of one row's labels: [] by default, one class a row; [length] for a class at every position. */
  labelShape?: number[];
  /** How many classes (or tokens) there are, or their names; 0 where there are targets. */
  classes: number | string[];
  /** Numbers to predict, row-major: rows x the product of targetShape. */
  targets?: Float32Array;
  /** The shape of one row's targets: [] by default, one number a row. */
  targetShape?: number[];
  /** A text as numbers of its vocabulary (`classes`). Rows are windows of it; their labels are the tokens one further. */
  tokens?: Int32Array;
  /** Tokens from the start of one window to that of the next, 1 by default. */
  stride?: number;
  /** Whom to thank and under which licence. */
  attribution?: string;
  /** SHA-256 of the source's bytes, hex. */
  hash?: string;
}

/** Rows copied out of a dataset: the inputs, and labels or targets (the other is undefined), row after row. */
export interface Rows {
  inputs: Float32Array;
  labels?: Int32Array;
  targets?: Float32Array;
}

/** How many numbers a shape holds. */
export function sizeOf(shape: readonly number[] = []): number {
  return shape.reduce((size, dim) => size * dim, 1);
}

/** Numbers an example. */
export function inputSize(data: Dataset): number {
  return sizeOf(data.inputShape);
}

/** How many rows there are: examples, or windows of a text that leave a token to predict. */
export function rowCount(data: Dataset): number {
  const {tokens, targets, labels, stride = 1} = data;
  if (tokens) return Math.max(0, Math.floor((tokens.length - 1 - inputSize(data)) / stride) + 1);
  return targets ? targets.length / sizeOf(data.targetShape) : labels.length / sizeOf(data.labelShape);
}

/** How many classes there are. */
export function classCount(data: Dataset): number {
  return typeof data.classes === "number" ? data.classes : data.classes.length;
}

/** The shape of what is predicted for one row: of its labels, its targets, or its window. */
export function outcomeShape(data: Dataset): number[] {
  if (data.tokens) return data.inputShape;
  return (data.targets ? data.targetShape : data.labelShape) ?? [];
}

/**
 * The rows with these numbers, in their order; a row may come more than once. @throws ArgumentError for a number that is none.
 *
 * @example
 * import {digits, gatherRows, rowCount} from "petri/datasets";
 *
 * const data = await digits();
 * const {inputs, labels} = gatherRows(data, [0, 1, 2]);
 * display({rows: rowCount(data), numbers: inputs.length});
 * display(labels);
 */
export function gatherRows(data: Dataset, rows: ArrayLike<number>): Rows {
  checkRows(data, rows);
  if (data.tokens) return gatherWindows(data, data.tokens, rows);
  const inputs = gather(data.inputs, inputSize(data), rows, Float32Array);
  const size = sizeOf(outcomeShape(data));
  if (data.targets) return {inputs, targets: gather(data.targets, size, rows, Float32Array)};
  return {inputs, labels: gather(data.labels, size, rows, Int32Array)};
}

/** The rows with these numbers, as a dataset of the same kind; a text's windows become rows of their own. */
export function subset(data: Dataset, rows: ArrayLike<number>, name = data.name): Dataset {
  const {tokens, stride, ...rest} = data;
  const taken = gatherRows(data, rows);
  const labelShape = tokens && {labelShape: data.inputShape};
  return {...rest, ...labelShape, name, labels: new Int32Array(), ...taken};
}

/** Throws an ArgumentError for a number that is no row's: out of range there would be zeros, or rows from the end. */
export function checkRows(data: Dataset, rows: ArrayLike<number>): void {
  const count = rowCount(data);
  for (let i = 0; i < rows.length; ++i) {
    const row = rows[i] as number;
    if (Number.isInteger(row) && row >= 0 && row < count) continue;
    throw new ArgumentError(`${data.name} has the rows 0 to ${count - 1}; there is no row ${row}.`);
  }
}

function gather<T extends Float32Array | Int32Array>(
  from: T,
  size: number,
  rows: ArrayLike<number>,
  Type: new (length: number) => T
): T {
  const out = new Type(rows.length * size);
  for (let i = 0; i < rows.length; ++i) {
    const start = (rows[i] as number) * size;
    out.set(from.subarray(start, start + size), i * size);
  }
  return out;
}

function gatherWindows(
  data: Dataset,
  tokens: Int32Array,
  rows: ArrayLike<number>
): Required<Omit<Rows, "targets">> {
  const {stride = 1} = data;
  const size = inputSize(data);
  const inputs = new Float32Array(rows.length * size);
  const labels = new Int32Array(rows.length * size);
  for (let i = 0; i < rows.length; ++i) {
    const start = (rows[i] as number) * stride;
    inputs.set(tokens.subarray(start, start + size), i * size);
    labels.set(tokens.subarray(start + 1, start + 1 + size), i * size);
  }
  return {inputs, labels};
}
