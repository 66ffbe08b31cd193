import {ArgumentError, checkCount, checkNumber, checkOptions, ShapeError} from "../../core/errors.ts";
import {type Key, key as keyOf} from "../../core/key.ts";
import {classCount, type Dataset, inputSize, rowCount} from "../../datasets/dataset.ts";
import {checkFinite, checkGiven, checkKey} from "../checks.ts";
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

export interface BlockCoordinateDescentOptions {
  /** Units of the hidden layers, whose nonlinearity is ReLU. */
  hidden: readonly number[];
  /** Passes over all blocks of variables, 20 by default. */
  epochs?: number;
  /** What it costs that an activation is not the nonlinearity of its sum, 1 by default. */
  gamma?: number;
  /** What it costs that a sum is not the product of the weights, 1 by default. */
  rho?: number;
  /** What it costs that weights and sums move, 1 by default: above 0, or convergence is not proven. */
  alpha?: number;
  /** Source of the first weights; key(0) by default. */
  key?: Key;
}

/** A pass over all blocks. */
export type BlockCoordinateDescentRow = {
  /** From 1; 0 before the first pass. */
  epoch: number;
  /** What all blocks make smaller: it never rises. */
  objective: number;
  /** The squared distance that weights and sums have moved in the pass. */
  moved: number;
  /** Of the network itself on the same rows; left out where there are no classes. */
  accuracy?: number;
};

/** A layer's weights, [inputs + 1, units]: the last row is the bias. */
export type AffineLayers = readonly Matrix[];

const optionNames: Readonly<Record<keyof BlockCoordinateDescentOptions, true>> = {
  hidden: true,
  epochs: true,
  gamma: true,
  rho: true,
  alpha: true,
  key: true
};

/**
 * Block coordinate descent with three splittings (Zeng, Lau, Lin & Yao, arXiv:1803.00225): sums U_l and activations V_l of every
 * layer and example are variables beside the weights, and
 * 1/2 |V_L - Y|^2 + sum over l of gamma/2 |V_l - relu(U_l)|^2 + rho/2 |U_l - V_(l-1) W_l|^2 (no nonlinearity in the last layer)
 * is minimised exactly by one block after the other, from the last layer to the first: weights, and sums behind a ReLU, with alpha/2 times
 * the square of how far they move. No gradient is taken. Classes are rows of zeros and a one. All rows are one batch, in
 * float64 on the CPU: a pass costs (rows) x (units)^2 in each layer.
 *
 * Yields a row before the first pass and after each, and returns the weights, which affineOutputs applies. Throws an ArgumentError
 * for options it does not know, and for data without classes or targets.
 *
 * @example
 * import {key} from "petri/core";
 * import {spirals} from "petri/datasets";
 * import {blockCoordinateDescent} from "petri/forward-forward";
 *
 * const rows = [...blockCoordinateDescent(spirals({n: 200}), {hidden: [24], epochs: 12, key: key(1)})];
 * display(Inputs.table(rows));
 */
export function* blockCoordinateDescent(
  data: Dataset,
  options: BlockCoordinateDescentOptions
): Generator<BlockCoordinateDescentRow, AffineLayers> {
  const {hidden, epochs, gamma, rho, alpha, key} = checked(options);
  const {x, wanted} = matricesOf(data);
  const widths = [x.columns, ...hidden, wanted.columns];
  const last = widths.length - 2;
  const weights = widths.slice(1).map((units, l) => {
    const inputs = widths[l] as number;
    const drawn = key.fold(l).normal(inputs * units, 0, Math.sqrt(2 / inputs));
    return matrix(inputs + 1, units, (row, column) =>
      row < inputs ? (drawn[row * units + column] as number) : 0
    );
  });
  const sums: Matrix[] = [];
  const activations: Matrix[] = [];
  const below = (l: number): Matrix => (l === 0 ? x : (activations[l - 1] as Matrix));
  const predicted = (l: number) => product(withOnes(below(l)), weights[l] as Matrix);
  for (let l = 0; l <= last; ++l) {
    sums.push(predicted(l));
    activations.push(l === last ? (sums[l] as Matrix) : relu(sums[l] as Matrix));
  }

  const objective = () => {
    let total = squares(activations[last] as Matrix, wanted) / 2;
    for (let l = 0; l <= last; ++l) {
      const told = l === last ? (sums[l] as Matrix) : relu(sums[l] as Matrix);
      total += (gamma / 2) * squares(activations[l] as Matrix, told);
      total += (rho / 2) * squares(sums[l] as Matrix, predicted(l));
    }
    return total;
  };
  const told = (): Partial<BlockCoordinateDescentRow> =>
    data.targets ? {} : {accuracy: shareRight(affineOutputs(weights, x), data.labels)};

  /** V_l: between what its sums say and what the layer above needs. */
  const fitActivations = (l: number) => {
    const own = sums[l] as Matrix;
    if (l === last) {
      activations[l] = each(own, wanted, (u, y) => (y + gamma * u) / (1 + gamma));
      return;
    }
    const {kernel, bias} = parts(weights[l + 1] as Matrix);
    const above = each(sums[l + 1] as Matrix, undefined, (u, _, column) => u - (bias[column] as number));
    const pull = product(above, transposed(kernel));
    const right = each(relu(own), pull, (v, back) => gamma * v + rho * back);
    const gram = each(product(kernel, transposed(kernel)), undefined, (value) => rho * value);
    activations[l] = transposed(solveSymmetric(gram, gamma, transposed(right)));
  };
  const fitSums = (l: number): number => {
    const before = sums[l] as Matrix;
    const own = predicted(l);
    const v = activations[l] as Matrix;
    sums[l] =
      l === last
        ? each(v, own, (value, b) => (gamma * value + rho * b) / (gamma + rho))
        : each(own, before, (b, old, column, row) =>
            bestSum(v.values[row * v.columns + column] as number, b, old, {gamma, rho, alpha})
          );
    return squares(sums[l] as Matrix, before);
  };
  const fitWeights = (l: number): number => {
    const before = weights[l] as Matrix;
    const inputs = withOnes(below(l));
    const gram = each(crossProduct(inputs, inputs), undefined, (value) => rho * value);
    const right = each(crossProduct(inputs, sums[l] as Matrix), before, (b, w) => rho * b + alpha * w);
    weights[l] = solveSymmetric(gram, alpha, right);
    return squares(weights[l] as Matrix, before);
  };

  yield {epoch: 0, objective: objective(), moved: 0, ...told()};
  for (let epoch = 1; epoch <= epochs; ++epoch) {
    let moved = 0;
    for (let l = last; l >= 0; --l) {
      fitActivations(l);
      moved += fitSums(l);
      moved += fitWeights(l);
    }
    yield {epoch, objective: objective(), moved, ...told()};
  }
  return weights;
}

/** What layers of weights give for rows of inputs, with ReLU between them: [rows, outputs]. */
export function affineOutputs(layers: AffineLayers, inputs: Matrix): Matrix {
  if (!Array.isArray(layers) || layers.length === 0)
    throw new ArgumentError(
      `affineOutputs takes the weights that blockCoordinateDescent returned, got ${String(layers)}.`
    );
  checkMatrix("inputs", inputs, layers[0].rows - 1);
  return layers.reduce((at, weights, l) => product(withOnes(l === 0 ? at : relu(at)), weights), inputs);
}

/** The u that makes gamma/2 (v - relu(u))^2 + rho/2 (u - b)^2 + alpha/2 (u - old)^2 smallest: the better of its two sides. */
function bestSum(
  v: number,
  b: number,
  old: number,
  {gamma, rho, alpha}: {gamma: number; rho: number; alpha: number}
): number {
  const cost = (u: number) => gamma * (v - Math.max(0, u)) ** 2 + rho * (u - b) ** 2 + alpha * (u - old) ** 2;
  const above = Math.max(0, (gamma * v + rho * b + alpha * old) / (gamma + rho + alpha));
  const below = Math.min(0, (rho * b + alpha * old) / (rho + alpha));
  return cost(above) <= cost(below) ? above : below;
}

function parts({rows, columns, values}: Matrix): {kernel: Matrix; bias: Float64Array} {
  const inputs = rows - 1;
  const kernel = {rows: inputs, columns, values: values.subarray(0, inputs * columns)};
  return {kernel, bias: values.subarray(inputs * columns)};
}

/** A matrix of what `of` gives for the numbers of one, or of two of the same shape. */
function each(
  a: Matrix,
  b: Matrix | undefined,
  of: (a: number, b: number, column: number, row: number) => number
): Matrix {
  return matrix(a.rows, a.columns, (row, column) => {
    const at = row * a.columns + column;
    return of(a.values[at] as number, b ? (b.values[at] as number) : 0, column, row);
  });
}

const relu = (a: Matrix) => each(a, undefined, (value) => Math.max(0, value));

function squares(a: Matrix, b: Matrix): number {
  return a.values.reduce((sum, value, i) => sum + (value - (b.values[i] as number)) ** 2, 0);
}

function shareRight({rows, columns, values}: Matrix, labels: Int32Array): number {
  let right = 0;
  for (let row = 0; row < rows; ++row) {
    const scores = values.subarray(row * columns, (row + 1) * columns);
    if (scores.indexOf(Math.max(...scores)) === labels[row]) right += 1;
  }
  return right / rows;
}

function matricesOf(data: Dataset): {x: Matrix; wanted: Matrix} {
  checkGiven("blockCoordinateDescent", data, "a dataset");
  const [rows, inputs, classes] = [rowCount(data), inputSize(data), classCount(data)];
  const {targets, labels} = data;
  checkFinite(`Inputs of ${data.name}`, data.inputs);
  if (targets) checkFinite(`Targets of ${data.name}`, targets);
  checkCount(`The number of rows of ${data.name}`, rows);
  if (data.tokens || (!targets && classes < 1))
    throw new ArgumentError("blockCoordinateDescent needs data with classes or targets for each row.");
  if (!targets && labels.length !== rows)
    throw new ShapeError(
      `blockCoordinateDescent takes one class a row, got ${labels.length} for ${rows} rows.`
    );
  const x = {rows, columns: inputs, values: Float64Array.from(data.inputs)};
  if (!targets) checkLabels(labels, classes);
  if (targets) return {x, wanted: {rows, columns: targets.length / rows, values: Float64Array.from(targets)}};
  return {x, wanted: matrix(rows, classes, (row, column) => (labels[row] === column ? 1 : 0))};
}

function checkLabels(labels: Int32Array, classes: number): void {
  const row = labels.findIndex((label) => !Number.isInteger(label) || label < 0 || label >= classes);
  if (row >= 0)
    throw new ArgumentError(`Row ${row} has the class ${labels[row]}, and there are ${classes}, from 0 on.`);
}

function checked(options: BlockCoordinateDescentOptions): Required<BlockCoordinateDescentOptions> {
  checkOptions("blockCoordinateDescent", options, optionNames);
  const {hidden, epochs = 20, gamma = 1, rho = 1, alpha = 1, key = keyOf(0)} = options;
  if (!Array.isArray(hidden))
    throw new ArgumentError(
      `hidden must be the units of the hidden layers, e.g. [64, 64]; got ${String(hidden)}.`
    );
  for (const [l, units] of hidden.entries()) checkCount(`hidden[${l}]`, units);
  checkCount("epochs", epochs);
  checkNumber("gamma", gamma, Number.MIN_VALUE);
  checkNumber("rho", rho, Number.MIN_VALUE);
  checkNumber("alpha", alpha, Number.MIN_VALUE);
  checkKey("blockCoordinateDescent", key);
  return {hidden, epochs, gamma, rho, alpha, key};
}
