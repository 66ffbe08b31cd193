import {batchRows, takeRows} from "../core/batches.ts";
import {ArgumentError, checkCount, checkNumber, checkOptions} from "../core/errors.ts";
import type {Layer, ModelState} from "../core/layer.ts";
import {activationsOf} from "../core/taps.ts";
import type {Params} from "../core/tree.ts";
import {classCount, type Dataset, rowCount} from "../datasets/dataset.ts";
import {accuracy} from "../metrics/classification.ts";
import {type Tensor, tf} from "../tf.ts";
import {checkGiven} from "./checks.ts";
import {crossProduct, type Matrix, matrix, product, solveSymmetric} from "./float64/ridge.ts";

export interface ProbeOptions {
  /** What squared weights of a probe cost, as a share of the mean variance of what it reads: 0.001 by default, above 0. */
  penalty?: number;
  /** Paths of the layers to probe, "dense1" or "sequential1/dense2" say; all layers directly inside the network by default. */
  layers?: readonly string[];
  /** True: a probe of the inputs themselves comes first, under the name "inputs". */
  inputs?: boolean;
  /** Rows of data at a time, 256 by default; the result does not depend on it. */
  batchSize?: number;
  /** What layers with a state learned in training: `training.state.modelState`. */
  modelState?: ModelState;
}

/** What a linear probe makes of one layer: plain data. */
export interface LayerProbe {
  /** The layer's path in the network. */
  layer: string;
  /** Numbers that it gives for an example. */
  units: number;
  /** Share of the rows it was trained on that the probe classifies rightly. */
  trainAccuracy: number;
  /** Share of the other rows that it classifies rightly; NaN where the layer gives numbers that are not finite. */
  accuracy: number;
}

const optionNames: Readonly<Record<keyof ProbeOptions, true>> = {
  penalty: true,
  layers: true,
  inputs: true,
  batchSize: true,
  modelState: true
};

/** What one layer gives for the rows of a dataset, the mean over `train` taken off. */
interface Features {
  train: Matrix;
  test: Matrix;
}

/**
 * How much each layer tells a linear probe of the classes: ridge regression from its outputs, centred, to one-hot labels, solved
 * exactly in float64 on the rows of `train` (one solution, whatever the number of units, as long as the penalty is above 0), and its share
 * of right answers on `test`, the highest output being the answer. The network stays as it is. It costs (rows) x (units)^2 a layer, on the CPU.
 *
 * Throws an ArgumentError for networks that do not show their layers, for layers that they do not have, for data without classes or rows, and
 * where a layer gives something else than one output a row (every input with each of the labels, say).
 *
 * @example
 * import {fit, mlp} from "petri/core";
 * import {digits, split} from "petri/datasets";
 * import {probeReport} from "petri/forward-forward";
 *
 * const data = split(await digits(), {test: 0.25, seed: 1});
 * const model = mlp([64, 32, 32, 10]);
 * const training = fit(model, data.train, {steps: 60});
 * for await (const row of training);
 * display(Inputs.table(await probeReport(model, training.params, data, {inputs: true})));
 * training.dispose();
 */
export async function probeReport<P extends Params>(
  model: Layer<P>,
  params: P,
  data: {train: Dataset; test: Dataset},
  options: ProbeOptions = {}
): Promise<LayerProbe[]> {
  checkOptions("probeReport", options, optionNames);
  const {penalty = 1e-3} = options;
  checkNumber("penalty", penalty, Number.MIN_VALUE);
  checkGiven("probeReport", model, "a network");
  for (const rows of [data?.train, data?.test]) {
    checkGiven("probeReport", rows, "two datasets, {train, test}");
    checkClassified(rows);
  }
  const [train, test] = [
    await read(model, params, data.train, options),
    await read(model, params, data.test, options)
  ];
  const wanted = oneHotRows(data.train);
  return [...train].map(([layer, seen]) => {
    const {columns: units} = seen;
    const features = centred({train: seen, test: test.get(layer) as Matrix});
    if (!Number.isFinite(squares(features.train)))
      return {layer, units, trainAccuracy: Number.NaN, accuracy: Number.NaN};
    const scoresOf = probe(features.train, wanted, penalty);
    const share = (rows: Matrix, {labels}: Dataset) => accuracy(scoresOf(rows).values, labels as Int32Array);
    return {
      layer,
      units,
      trainAccuracy: share(features.train, data.train),
      accuracy: share(features.test, data.test)
    };
  });
}

/** Rows of features -> scores of the classes, [rows, classes]. */
function probe(features: Matrix, wanted: Matrix, penalty: number): (rows: Matrix) => Matrix {
  const gram = crossProduct(features, features);
  // A layer that gives the same for all rows tells nothing: its probe answers by the shares of the classes.
  const diagonal = penalty * (squares(features) / features.columns) || 1;
  const shares = columnMeans(wanted);
  const weights = solveSymmetric(gram, diagonal, crossProduct(features, wanted));
  return (rows) => shifted(product(rows, weights), shares);
}

/** What the layers give for all rows, by path. */
async function read<P extends Params>(
  model: Layer<P>,
  params: P,
  data: Dataset,
  {layers, inputs = false, batchSize = 256, modelState}: ProbeOptions
): Promise<Map<string, Matrix>> {
  checkCount("batchSize", batchSize);
  const count = rowCount(data);
  const found = new Map<string, Matrix>();
  for (const rows of batchRows(count, batchSize)) {
    const {x, y} = takeRows(data, rows);
    const seen = activationsOf(model, params, x, {training: false, state: modelState});
    try {
      for (const [path, given] of [
        ...(inputs ? [["inputs", x] as const] : []),
        ...probed(seen, layers, model.name)
      ]) {
        if (given.shape[0] !== rows.length)
          throw new ArgumentError(
            `${path} of ${model.name} gives ${given.shape[0]} outputs for ${rows.length} rows, and a probe reads one of each: take a rule that does not try every label, one with predict: "classifier" for instance.`
          );
        const columns = given.size / rows.length;
        const all = found.get(path) ?? matrix(count, columns);
        all.values.set(await given.data(), (rows[0] as number) * columns);
        found.set(path, all);
      }
    } finally {
      tf.dispose([x, y, ...Object.values(seen)]);
    }
  }
  return found;
}

/** The layers to probe, of those that were seen. */
function probed(
  seen: Record<string, Tensor>,
  layers: readonly string[] | undefined,
  model: string
): [string, Tensor][] {
  const paths = layers ?? Object.keys(seen).filter((path) => !path.includes("/"));
  if (paths.length === 0)
    throw new ArgumentError(
      `${model} shows no layers inside it: pass a network of several, such as mlp([64, 32, 10]) or sequential([...]).`
    );
  return paths.map((path) => {
    const given = seen[path];
    if (given) return [path, given];
    throw new ArgumentError(
      `There is no layer "${path}" in ${model}: it has ${Object.keys(seen).join(", ") || "none"}.`
    );
  });
}

/** Both less the means of the rows of `train`. */
function centred({train, test}: Features): Features {
  const means = columnMeans(train).map((mean) => -mean);
  return {train: shifted(train, means), test: shifted(test, means)};
}

function columnMeans({rows, columns, values}: Matrix): Float64Array {
  const means = new Float64Array(columns);
  for (let i = 0; i < values.length; ++i)
    means[i % columns] = (means[i % columns] as number) + (values[i] as number) / rows;
  return means;
}

/** The same with a row added to every row. */
function shifted({rows, columns, values}: Matrix, by: Float64Array): Matrix {
  return {rows, columns, values: values.map((value, i) => value + (by[i % columns] as number))};
}

function squares({values}: Matrix): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}

function oneHotRows(data: Dataset): Matrix {
  return matrix(rowCount(data), classCount(data), (row, column) => (data.labels?.[row] === column ? 1 : 0));
}

function checkClassified(data: Dataset): void {
  if (rowCount(data) === 0) throw new ArgumentError(`${data.name} has no rows to probe with.`);
  if (data.targets || data.tokens || data.labels?.length !== rowCount(data))
    throw new ArgumentError(`probeReport needs data with a class for each row; ${data.name} has none.`);
}
