import {checkNumber} from "../core/errors.ts";
import {type Key, key as keyOf} from "../core/key.ts";
import {type Dataset, rowCount, subset} from "./dataset.ts";

export interface SplitOptions {
  /** Share of the rows for testing, 0.2 by default. */
  test?: number;
  /** Decides which rows; the same seed gives the same split. */
  seed?: number;
  key?: Key;
}

/** Two datasets without a common row, drawn at random. */
export function split(data: Dataset, options: SplitOptions = {}): {train: Dataset; test: Dataset} {
  const {test = 0.2, seed = 0, key = keyOf(seed)} = options;
  checkNumber("test", test, 0, 1);
  const order = key.permutation(rowCount(data));
  const tests = Math.round(rowCount(data) * test);
  return {
    train: subset(data, order.subarray(tests), `${data.name} (train)`),
    test: subset(data, order.subarray(0, tests), `${data.name} (test)`)
  };
}
