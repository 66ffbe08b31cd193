import {ArgumentError, checkCount, checkNumber, checkOptions} from "../../core/errors.ts";
import {type Key, key as keyOf} from "../../core/key.ts";
import {checkGiven, checkKey} from "../checks.ts";
import {
  checkMatrix,
  crossProduct,
  type Matrix,
  matrix,
  product,
  solveSymmetric,
  transposed,
  withOnes
} from "../float64/ridge.ts";

export interface RandomFeatureBoostingOptions {
  /** Steps that are added to the representation, 5 by default; 0 leaves random features and a head. */
  layers?: number;
  /** Random features of a step, 64 by default. */
  features?: number;
  /** Numbers of the representation, 64 by default. */
  width?: number;
  /** The share of a step that is taken, 1 by default. */
  rate?: number;
  /** The ridge penalty on the maps and on the head, per example, 0.001 by default. */
  penalty?: number;
  /** Source of the random features; key(0) by default. */
  key?: Key;
}

/** A trained network. Plain data, besides. */
export interface BoostedFeatures {
  /** [inputs + 1, width]: the first representation is tanh of [x, 1] times it. */
  readonly first: Matrix;
  /** A step adds tanh([representation, 1] features) map. */
  readonly steps: readonly {readonly features: Matrix; readonly map: Matrix}[];
  /** [width + 1, outputs]. */
  readonly head: Matrix;
  /** The mean squared error on the rows it was trained on, before each step and after the last. */
  readonly errors: readonly number[];
}

const optionNames: Readonly<Record<keyof RandomFeatureBoostingOptions, true>> = {
  layers: true,
  features: true,
  width: true,
  rate: true,
  penalty: true,
  key: true
};

/**
 * Random feature representation boosting (Zozoulenko, Cass & Gonon, arXiv:2501.18283) for the squared error: a residual network is
 * built step by step without a gradient through it. Each step takes random features f of the representation, and the linear map A of
 * them nearest, by ridge regression, to the negative gradient of the error by the representation, residual head^T; a line search
 * tells how far to go along f A, and the head is fitted anew. Classes are targets of zeros and a one. In float64 on the CPU.
 * Throws an ArgumentError for options it does not know and for inputs and targets of different numbers of rows.
 *
 * @example
 * import {key} from "petri/core";
 * import {boostedOutputs, randomFeatureBoosting} from "petri/forward-forward";
 *
 * const column = (of) => ({rows: 100, columns: 1, values: Float64Array.from({length: 100}, (_, i) => of(i / 50 - 1))});
 * const x = column((at) => at);
 * const fitted = randomFeatureBoosting(x, column((at) => Math.sin(6 * at)), {layers: 8, features: 16, width: 8, key: key(1)});
 * display(fitted.errors);
 * const curve = Array.from(boostedOutputs(fitted, x).values, (y, i) => ({x: x.values[i], y}));
 * display(Plot.lineY(curve, {x: "x", y: "y"}).plot({height: 160}));
 */
export function randomFeatureBoosting(
  inputs: Matrix,
  targets: Matrix,
  options: RandomFeatureBoostingOptions = {}
): BoostedFeatures {
  const {layers, features, width, rate, penalty, key} = checked(options);
  checkMatrix("inputs", inputs);
  checkMatrix("targets", targets);
  if (inputs.rows !== targets.rows)
    throw new ArgumentError(
      `randomFeatureBoosting needs a row of targets for each row of inputs, got ${inputs.rows} and ${targets.rows}.`
    );
  const ridge = (from: Matrix, to: Matrix) =>
    solveSymmetric(crossProduct(from, from), penalty * from.rows, crossProduct(from, to));
  const first = drawn(key.fold(0), inputs.columns, width);
  let representation = tanhOf(inputs, first);
  let head = ridge(withOnes(representation), targets);
  const steps: {features: Matrix; map: Matrix}[] = [];
  const errors: number[] = [];
  const residualNow = () => combined(targets, -1, product(withOnes(representation), head));
  for (let step = 1; step <= layers; ++step) {
    const residual = residualNow();
    errors.push(meanSquare(residual));
    const own = drawn(key.fold(step), width, features);
    const random = tanhOf(representation, own);
    const kernel = transposed({...head, rows: width, values: head.values.subarray(0, width * head.columns)});
    const map = ridge(random, product(residual, kernel));
    const direction = product(random, map);
    // The squared error of residual - a (direction head) is smallest at this a.
    const effect = product(direction, transposed(kernel));
    const length = inner(effect, effect);
    const scale = length > 0 ? (rate * inner(residual, effect)) / length : 0;
    steps.push({features: own, map: combined(matrix(map.rows, map.columns), scale, map)});
    representation = combined(representation, scale, direction);
    head = ridge(withOnes(representation), targets);
  }
  errors.push(meanSquare(residualNow()));
  return {first, steps, head, errors};
}

/** What a trained network gives for rows of inputs: [rows, outputs]. */
export function boostedOutputs(fitted: BoostedFeatures, inputs: Matrix): Matrix {
  checkGiven("boostedOutputs", fitted, "what randomFeatureBoosting gave");
  const {first, steps, head} = fitted;
  checkMatrix("inputs", inputs, first.rows - 1);
  const last = steps.reduce(
    (at, {features, map}) => combined(at, 1, product(tanhOf(at, features), map)),
    tanhOf(inputs, first)
  );
  return product(withOnes(last), head);
}

/** Weights of random features, [inputs + 1, units]: variance 1 / inputs, and biases of variance 1. */
function drawn(key: Key, inputs: number, units: number): Matrix {
  const numbers = key.normal((inputs + 1) * units);
  const scale = 1 / Math.sqrt(inputs);
  return matrix(
    inputs + 1,
    units,
    (row, column) => (numbers[row * units + column] as number) * (row < inputs ? scale : 1)
  );
}

function tanhOf(inputs: Matrix, weights: Matrix): Matrix {
  const sums = product(withOnes(inputs), weights);
  return {...sums, values: sums.values.map(Math.tanh)};
}

/** a + factor b. */
function combined(a: Matrix, factor: number, b: Matrix): Matrix {
  return {...a, values: a.values.map((value, i) => value + factor * (b.values[i] as number))};
}

function inner(a: Matrix, b: Matrix): number {
  return a.values.reduce((sum, value, i) => sum + value * (b.values[i] as number), 0);
}

const meanSquare = (residual: Matrix) => inner(residual, residual) / residual.values.length;

function checked(options: RandomFeatureBoostingOptions): Required<RandomFeatureBoostingOptions> {
  checkOptions("randomFeatureBoosting", options, optionNames);
  const {layers = 5, features = 64, width = 64, rate = 1, penalty = 0.001, key = keyOf(0)} = options;
  checkCount("layers", layers, 0);
  checkCount("features", features);
  checkCount("width", width);
  checkNumber("rate", rate, 0);
  checkNumber("penalty", penalty, Number.MIN_VALUE);
  checkKey("randomFeatureBoosting", key);
  return {layers, features, width, rate, penalty, key};
}
