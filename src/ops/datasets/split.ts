import {ArgumentError, checkCount, checkNumber} from "../core/errors.ts";
import {classCount, type Dataset, rowCount, sizeOf, subset} from "./dataset.ts";
import {type Chance, chooseKey} from "./generated/chance.ts";

/** Rows to train on and rows to test. */
export interface SplitSets {
  train: Dataset;
  test: Dataset;
}

export interface SplitOptions extends Chance {
  /** Share of the rows for testing, 0.2 by default. */
  test?: number;
  /** Whether every class has that share of its rows in the test, as near as whole rows allow. */
  stratified?: boolean;
}

/**
 * Two datasets without a common row, drawn at random. @throws ArgumentError
 *
 * @example
 * import {digits, rowCount, split} from "petri/datasets";
 *
 * const {train: seen, test: unseen} = split(await digits(), {test: 0.2, seed: 1});
 * display([rowCount(seen), rowCount(unseen)]);
 */
export function split(data: Dataset, options: SplitOptions = {}): SplitSets {
  const {test = 0.2, stratified = false} = options;
  checkNumber("test", test, 0, 1);
  const order = shuffledRows(data, options);
  const tests = Math.round(order.length * test);
  return setsOf(data, stratified ? spread(data, order) : order, 0, tests);
}

export interface FoldOptions extends Chance {
  /** How many folds, 5 by default. */
  k?: number;
  /** Whether every class is spread over the folds evenly. */
  stratified?: boolean;
}

/** k splits whose tests have every row once between them. Their sizes differ by one at most. @throws ArgumentError */
export function folds(data: Dataset, options: FoldOptions = {}): SplitSets[] {
  const {k = 5, stratified = false} = options;
  checkCount("k", k, 2);
  const drawn = shuffledRows(data, options);
  if (k > drawn.length) throw new ArgumentError(`k is ${k}, and ${data.name} has ${drawn.length} rows.`);
  const order = stratified ? spread(data, drawn) : drawn;
  const edge = (fold: number) => Math.floor((fold * order.length) / k);
  return Array.from({length: k}, (_, fold) => setsOf(data, order, edge(fold), edge(fold + 1)));
}

function shuffledRows(data: Dataset, options: Chance): Int32Array {
  if (data.tokens) {
    throw new ArgumentError(
      `${data.name} is a text, whose windows overlap: it is split by position. text() gives train, validation and test.`
    );
  }
  return chooseKey("split", options).permutation(rowCount(data));
}

function setsOf(data: Dataset, order: Int32Array, from: number, to: number): SplitSets {
  const train = new Int32Array(order.length - (to - from));
  train.set(order.subarray(0, from));
  train.set(order.subarray(to), from);
  return {
    train: subset(data, train, `${data.name} (train)`),
    test: subset(data, order.subarray(from, to), `${data.name} (test)`)
  };
}

/** The rows in an order in which every stretch has the classes' shares: each class is laid out evenly from 0 to 1. */
function spread(data: Dataset, order: Int32Array): Int32Array {
  if (data.targets || sizeOf(data.labelShape) !== 1) {
    throw new ArgumentError(`${data.name} has no classes, one a row, to stratify by: leave stratified out.`);
  }
  const labelOf = (row: number) => data.labels[row] as number;
  const counts = new Int32Array(classCount(data));
  for (const label of data.labels) ++(counts as Record<number, number>)[label];
  const seen = new Int32Array(counts.length);
  const place = new Float64Array(order.length);
  for (const row of order) {
    const label = labelOf(row);
    place[row] = ((seen[label] as number) + 0.5) / (counts[label] as number);
    seen[label] = (seen[label] as number) + 1;
  }
  return order.slice().sort((a, b) => (place[a] as number) - (place[b] as number));
}
