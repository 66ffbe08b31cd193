// Confidence intervals over seeds: Student's, and by bootstrap.
import {ArgumentError, checkCount, checkNumber} from "../core/errors.ts";
import type {Key} from "../core/key.ts";
import {studentTQuantile} from "./student-t.ts";
import {mean, type Values} from "./values.ts";

/** An estimate and where it may lie. */
export interface Interval {
  /** The statistic of the values themselves. */
  estimate: number;
  low: number;
  high: number;
  /** Confidence, 0 to 1. */
  level: number;
}

/**
 * Student's interval for the mean of what several seeds gave: mean +- t s / sqrt(n), with s the standard deviation over
 * n - 1 and t the quantile for n - 1 degrees of freedom. It takes them for normally distributed. Throws for fewer than two. @throws ArgumentError
 *
 * @example
 * import {key} from "petri/core";
 * import {bootstrapInterval, meanInterval} from "petri/metrics";
 *
 * const accuracies = [0.962, 0.958, 0.965, 0.961, 0.959];
 * display([meanInterval(accuracies), bootstrapInterval(accuracies, {key: key(1)})]);
 */
export function meanInterval(values: Values, options: {level?: number} = {}): Interval {
  const {level = 0.95} = options;
  checkValues("meanInterval", values, level);
  const estimate = mean(values);
  const squares = mean(Float64Array.from(values, (value) => (value - estimate) ** 2));
  const count = values.length;
  const half = studentTQuantile((1 + level) / 2, count - 1) * Math.sqrt(squares / (count - 1));
  return {estimate, low: estimate - half, high: estimate + half, level};
}

/**
 * The bootstrap's percentile interval (Efron 1979) of any statistic, the mean by default: the statistic of `resamples` draws
 * with replacement, and the quantiles that leave (1 - level) / 2 on each side, interpolated. The same key gives the same
 * interval. For few seeds it is too narrow: see meanInterval.
 */
export function bootstrapInterval(
  values: Values,
  options: {key: Key; level?: number; resamples?: number; statistic?: (values: Values) => number}
): Interval {
  const {key, level = 0.95, resamples = 10_000, statistic = mean} = options;
  checkValues("bootstrapInterval", values, level);
  checkCount("resamples", resamples);
  const count = values.length;
  const sample = new Float64Array(count);
  const draws = Float64Array.from({length: resamples}, (_, i) => {
    const words = key.fold(i).bits(count);
    for (let j = 0; j < count; ++j)
      sample[j] = values[Math.floor((words[j] as number) * 2 ** -32 * count)] as number;
    return statistic(sample);
  }).sort();
  const at = (share: number) => {
    const position = share * (resamples - 1);
    const below = draws[Math.floor(position)] as number;
    const above = draws[Math.ceil(position)] as number;
    return below + (above - below) * (position % 1);
  };
  return {estimate: statistic(values), low: at((1 - level) / 2), high: at((1 + level) / 2), level};
}

function checkValues(name: string, values: Values, level: number): void {
  checkNumber("level", level, 0, 1);
  if (level === 0 || level === 1) throw new ArgumentError(`level must lie between 0 and 1, got ${level}.`);
  if (values.length < 2) {
    throw new ArgumentError(`${name} needs at least two values, got ${values.length}. Run more seeds.`);
  }
}
