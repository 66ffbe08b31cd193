// Schedules: functions of the step, from 0, for learning rates and whatever else changes while a network is trained. Plain
// numbers, free of tfjs. The value at step k is the one that update k uses; past the end it stays at the last value.
import {ArgumentError, checkCount, checkNumber} from "./errors.ts";

/** A number for every step. */
export type Schedule = (step: number) => number;

/** Always `value`. */
export function constantSchedule(value: number): Schedule {
  checkNumber("value", value);
  return () => value;
}

/** from x factor^floor(k / every): a drop every so many steps. */
export function stepSchedule(options: {from: number; factor: number; every: number}): Schedule {
  return exponentialSchedule({...options, staircase: true});
}

/** from x factor^(number of milestones that are reached), milestones being steps in rising order. */
export function milestoneSchedule(options: {
  from: number;
  factor: number;
  milestones: readonly number[];
}): Schedule {
  const {from, factor, milestones} = options;
  checkNumber("from", from);
  checkNumber("factor", factor, 0);
  checkRising("milestones", milestones);
  return (step) => from * factor ** milestones.filter((milestone) => milestone <= step).length;
}

/** from x factor^(k / every): exponential decay, smooth or with `staircase` in steps of `every`. */
export function exponentialSchedule(options: {
  from: number;
  factor: number;
  every?: number;
  staircase?: boolean;
}): Schedule {
  const {from, factor, every = 1, staircase = false} = options;
  checkNumber("from", from);
  checkNumber("factor", factor, 0);
  checkCount("every", every);
  return (step) => from * factor ** (staircase ? Math.floor(step / every) : step / every);
}

/** A straight line from `from` to `to` in `steps` steps; a warm-up where it rises. */
export function linearSchedule(options: {from: number; to: number; steps: number}): Schedule {
  return between(options, (share) => share);
}

/**
 * Half a cosine from `from` to `to`, 0 by default, in `steps` steps (Loshchilov & Hutter 2017).
 *
 * @example
 * import {cosineSchedule, oneCycleSchedule, stepSchedule, warmupCosineSchedule} from "petri/core";
 *
 * const schedules = {
 *   cosine: cosineSchedule({from: 0.1, steps: 200}),
 *   step: stepSchedule({from: 0.1, factor: 0.5, every: 50}),
 *   warmupCosine: warmupCosineSchedule({peak: 0.1, warmup: 40, steps: 200}),
 *   oneCycle: oneCycleSchedule({peak: 0.1, steps: 200})
 * };
 * const rates = Object.entries(schedules).flatMap(([name, rate]) => d3.range(200).map((step) => ({name, step, rate: rate(step)})));
 * display(Plot.plot({height: 220, color: {legend: true}, marks: [Plot.line(rates, {x: "step", y: "rate", stroke: "name"})]}));
 */
export function cosineSchedule(options: {from: number; to?: number; steps: number}): Schedule {
  return between({to: 0, ...options}, cosine);
}

/** A straight line from `from`, 0 by default, to `peak` in `warmup` steps, then half a cosine to `to` at step `steps`. */
export function warmupCosineSchedule(options: {
  from?: number;
  peak: number;
  to?: number;
  warmup: number;
  steps: number;
}): Schedule {
  const {from = 0, peak, to = 0, warmup, steps} = options;
  checkCount("warmup", warmup, 0);
  checkCount("steps", steps, warmup + 1);
  const decay = cosineSchedule({from: peak, to, steps: steps - warmup});
  return warmup === 0
    ? decay
    : joinSchedules([linearSchedule({from, to: peak, steps: warmup}), decay], [warmup]);
}

/** The shape of one cycle. */
export interface OneCycleShape {
  /** Steps in all. */
  steps: number;
  /** Share of the steps that rise, 0.3 by default. */
  warmupShare?: number;
  /** How values go from one to the next, "cosine" by default. */
  anneal?: "cosine" | "linear";
  /** Go back to the first value as fast as it rose, and only then to the last. */
  threePhases?: boolean;
}

/**
 * One cycle (Smith & Topin 2018): from peak / startDivisor (25 by default) up to `peak`, then down to
 * peak / startDivisor / endDivisor (1e4 by default) at the last step. The peak is at step warmupShare x steps - 1, which
 * may lie between two, as in PyTorch.
 */
export function oneCycleSchedule(
  options: OneCycleShape & {peak: number; startDivisor?: number; endDivisor?: number}
): Schedule {
  const {peak, startDivisor = 25, endDivisor = 1e4} = options;
  checkNumber("peak", peak);
  for (const [name, divisor] of Object.entries({startDivisor, endDivisor})) {
    checkNumber(name, divisor, 0);
    if (divisor === 0) throw new ArgumentError(`${name} must be above 0, got 0.`);
  }
  const start = peak / startDivisor;
  return oneCycle(options, start, peak, start / endDivisor);
}

/** The momentum that goes with a cycle: from `high` (0.95 by default) down to `low` (0.85) while the rate rises, and back. */
export function oneCycleMomentum(options: OneCycleShape & {high?: number; low?: number}): Schedule {
  const {high = 0.95, low = 0.85} = options;
  checkNumber("high", high);
  checkNumber("low", low);
  return oneCycle(options, high, low, high);
}

/**
 * One schedule after the other: `schedules[i + 1]` takes over at step `boundaries[i]`, and counts its own steps from there.
 */
export function joinSchedules(schedules: readonly Schedule[], boundaries: readonly number[]): Schedule {
  if (schedules.length === 0 || boundaries.length !== schedules.length - 1) {
    throw new ArgumentError(
      `joinSchedules needs one boundary fewer than schedules, got ${schedules.length} schedules and ${boundaries.length} boundaries.`
    );
  }
  checkRising("boundaries", boundaries);
  return (step) => {
    const reached = boundaries.filter((boundary) => boundary <= step).length;
    return (schedules[reached] as Schedule)(step - (boundaries[reached - 1] ?? 0));
  };
}

const cosine = (share: number) => (1 - Math.cos(Math.PI * share)) / 2;

/** from + (to - from) x shape(share of the steps that are over). */
function between(
  options: {from: number; to: number; steps: number},
  shape: (share: number) => number
): Schedule {
  const {from, to, steps} = options;
  checkNumber("from", from);
  checkNumber("to", to);
  checkCount("steps", steps);
  return (step) => from + (to - from) * shape(Math.min(Math.max(step / steps, 0), 1));
}

function oneCycle(options: OneCycleShape, first: number, middle: number, last: number): Schedule {
  const {steps, warmupShare = 0.3, anneal = "cosine", threePhases = false} = options;
  checkCount("steps", steps);
  checkNumber("warmupShare", warmupShare, 0, threePhases ? 0.5 : 1);
  if (anneal !== "cosine" && anneal !== "linear") {
    throw new ArgumentError(`anneal must be "cosine" or "linear", got ${JSON.stringify(anneal)}.`);
  }
  const shape = anneal === "cosine" ? cosine : (share: number) => share;
  const rise = warmupShare * steps;
  const turns: [end: number, value: number][] = [
    [rise - 1, middle],
    ...(threePhases ? ([[2 * rise - 2, first]] as [number, number][]) : []),
    [steps - 1, last]
  ];
  return (step) => {
    const found = turns.findIndex(([end]) => step <= end);
    if (found < 0) return last;
    const [start, from] = turns[found - 1] ?? [0, first];
    const [end, to] = turns[found] as [number, number];
    return end === start ? to : from + (to - from) * shape((step - start) / (end - start));
  };
}

function checkRising(name: string, steps: readonly number[]): void {
  for (const [i, step] of steps.entries()) checkCount(`${name}[${i}]`, step, i === 0 ? 0 : steps[i - 1]);
}
