// Numbers shifted and scaled by what was measured on the rows to train on.
import {ArgumentError} from "../core/errors.ts";
import {checkChoice} from "./checks.ts";
import {type Dataset, inputSize, rowCount, sizeOf} from "./dataset.ts";

/** What was measured on the rows to train on: a column of numbers becomes (number - shift) / scale. */
export interface Scaler {
  of: "inputs" | "targets";
  shift: Float32Array;
  scale: Float32Array;
}

export interface ScalerOptions {
  /** "standard" (the default): mean 0 and standard deviation 1. "min-max": from 0 to 1. */
  method?: "standard" | "min-max";
  /** Which numbers, "inputs" by default. */
  of?: Scaler["of"];
  /** Whether each number of a row has its own measure (the default), or all share one, as pixels should. */
  per?: "column" | "all";
}

/** Measures a dataset. Columns that are constant are shifted and not scaled. @throws ArgumentError */
export function fitScaler(data: Dataset, options: ScalerOptions = {}): Scaler {
  const {method = "standard", of = "inputs", per = "column"} = options;
  checkChoice("method", method, ["standard", "min-max"]);
  checkChoice("of", of, ["inputs", "targets"]);
  checkChoice("per", per, ["column", "all"]);
  const {values, width} = columnsOf(data, of);
  const columns = per === "all" ? 1 : width;
  const shift = new Float32Array(width);
  const scale = new Float32Array(width);
  for (let c = 0; c < columns; ++c) {
    const [low, unit] = method === "min-max" ? range(values, c, columns) : moments(values, c, columns);
    const end = per === "all" ? width : c + 1;
    shift.fill(low, c, end);
    scale.fill(unit > 0 ? unit : 1, c, end);
  }
  return {of, shift, scale};
}

/** The dataset with scaled numbers. @throws ArgumentError when the scaler was fitted on rows of another size. */
export function applyScaler(data: Dataset, scaler: Scaler): Dataset {
  return rescale(data, scaler, (value, shift, scale) => (value - shift) / scale);
}

/** Undoes applyScaler. @throws ArgumentError */
export function invertScaler(data: Dataset, scaler: Scaler): Dataset {
  return rescale(data, scaler, (value, shift, scale) => value * scale + shift);
}

/**
 * Datasets scaled by what was measured on `train` alone, as tests must be. @throws ArgumentError
 *
 * @example
 * import {normalise, physics, split} from "petri/datasets";
 *
 * const {train: seen, test: unseen, scaler} = normalise(split(physics("I.9.18")));
 * display({shift: scaler.shift, scale: scaler.scale, first: unseen.inputs.subarray(0, 9)});
 */
export function normalise<S extends {train: Dataset}>(
  sets: S,
  options?: ScalerOptions
): S & {scaler: Scaler} {
  const scaler = fitScaler(sets.train, options);
  const scaled = Object.entries(sets).map(([name, data]) => [name, applyScaler(data as Dataset, scaler)]);
  return {...Object.fromEntries(scaled), scaler};
}

function columnsOf(data: Dataset, of: Scaler["of"]): {values: Float32Array; width: number} {
  const values = of === "inputs" ? data.inputs : data.targets;
  if (!values || data.tokens || rowCount(data) === 0) {
    throw new ArgumentError(`${data.name} has no ${of} that are numbers: nothing can be scaled.`);
  }
  return {values, width: of === "inputs" ? inputSize(data) : sizeOf(data.targetShape)};
}

function rescale(
  data: Dataset,
  scaler: Scaler,
  change: (value: number, shift: number, scale: number) => number
) {
  const {values, width} = columnsOf(data, scaler.of);
  if (width !== scaler.shift.length) {
    throw new ArgumentError(
      `The scaler was fitted on rows of ${scaler.shift.length} ${scaler.of}; ${data.name} has ${width}.`
    );
  }
  const changed = values.map((value, i) =>
    change(value, scaler.shift[i % width] as number, scaler.scale[i % width] as number)
  );
  return {...data, [scaler.of]: changed};
}

/** Mean and standard deviation (of the population) of every `step`th value from `start`, in two passes. */
function moments(values: Float32Array, start: number, step: number): [number, number] {
  const count = values.length / step;
  let sum = 0;
  for (let i = start; i < values.length; i += step) sum += values[i] as number;
  const mean = sum / count;
  let squares = 0;
  for (let i = start; i < values.length; i += step) squares += ((values[i] as number) - mean) ** 2;
  return [mean, Math.sqrt(squares / count)];
}

/** Least value, and how far it is to the largest. */
function range(values: Float32Array, start: number, step: number): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (let i = start; i < values.length; i += step) {
    low = Math.min(low, values[i] as number);
    high = Math.max(high, values[i] as number);
  }
  return [low, high - low];
}
