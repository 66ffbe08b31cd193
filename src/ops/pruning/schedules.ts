// When masks are renewed, and how sparse the network is by then.
import {ArgumentError, checkCount, checkNumber} from "../core/errors.ts";
import {checkSparsity} from "./kept-counts.ts";

/** When masks are renewed, and how much of the target sparsity is reached by then. */
export interface SparsitySchedule {
  /** Whether masks are renewed at this step (from 0). */
  isUpdate(step: number): boolean;
  /** The sparsity at a step for a final one. */
  sparsity(step: number, target: number): number;
}

/** Prunes once, to the target. */
export function oneShot(options: {step?: number} = {}): SparsitySchedule {
  const {step: when = 0} = options;
  checkCount("step", when, 0);
  return {isUpdate: (step) => step === when, sparsity: (step, target) => (step >= when ? target : 0)};
}

/**
 * Gradual pruning (Zhu & Gupta 2017): target (1 - (1 - p)^power), where p is the share of [start, end] that is over, every
 * `every` steps. As in jaxpruner p counts the step under way, so that the target is reached at step end - 1.
 *
 * @example
 * import {schedules} from "petri/pruning";
 *
 * const gradual = schedules.polynomial({start: 100, end: 900});
 * const steps = d3.range(0, 1000, 5).map((step) => ({step, sparsity: gradual.sparsity(step, 0.9)}));
 * display(Plot.lineY(steps, {x: "step", y: "sparsity"}).plot({height: 180}));
 */
export function polynomial(options: {
  start: number;
  end: number;
  every?: number;
  power?: number;
}): SparsitySchedule {
  const {start, end, every = 1, power = 3} = options;
  checkCount("start", start, 0);
  checkCount("every", every);
  checkNumber("power", power, 0);
  checkOrder(start, end);
  return {
    isUpdate: (step) => step >= start && step <= end && step % every === 0,
    sparsity(step, target) {
      return target * (1 - (1 - shareOf(step, start, end)) ** power);
    }
  };
}

/** Renews masks every so many steps, at the target sparsity from the start. */
export function periodic(options: {every: number; start?: number; end?: number}): SparsitySchedule {
  const {every, start = 0, end = Infinity} = options;
  checkCount("every", every);
  checkCount("start", start, 0);
  checkOrder(start, end);
  return {
    isUpdate: (step) => step >= start && step <= end && (step - start) % every === 0,
    sparsity: (step, target) => (step >= start ? target : 0)
  };
}

/**
 * Removes the same share of what is left at every renewal: the density falls from 1 to that of the target as density^p, p the share
 * of [start, end] that is over, every `every` steps.
 */
export function exponential(options: {start: number; end: number; every?: number}): SparsitySchedule {
  const {start, end, every = 1} = options;
  checkCount("start", start, 0);
  checkCount("every", every);
  checkOrder(start, end);
  return {
    isUpdate: (step) => step >= start && step <= end && step % every === 0,
    sparsity: (step, target) => 1 - (1 - target) ** shareOf(step, start, end)
  };
}

/**
 * The share of weights that SET and RigL drop at a step: init (1 + cos(pi step / end)) / 2, and 0 from `end` on (Dettmers &
 * Zettlemoyer 2019). A function of the step, from 0.
 */
export function cosineDrop(options: {init?: number; end: number}): (step: number) => number {
  const {init = 0.3, end} = options;
  checkNumber("init", init, 0, 1);
  checkCount("end", end);
  return (step) => (step >= end ? 0 : (init * (1 + Math.cos((Math.PI * step) / end))) / 2);
}

/** The sparsity after each of some rounds that remove the same share of what is left, up to the target: 1 - (1 - target)^(round / rounds). */
export function rounds(count: number, target: number): number[] {
  checkCount("rounds", count);
  checkSparsity(target);
  return Array.from({length: count}, (_, i) => 1 - (1 - target) ** ((i + 1) / count));
}

/** The sparsity after each round of pruning the same fraction of what is left: 1 - (1 - fraction)^round, round from 1. */
export function iterative(options: {rounds: number; fraction?: number}): number[] {
  const {rounds, fraction = 0.2} = options;
  checkCount("rounds", rounds);
  checkNumber("fraction", fraction, 0, 1);
  return Array.from({length: rounds}, (_, i) => 1 - (1 - fraction) ** (i + 1));
}

/** The share of [start, end] that is over after the step under way. */
function shareOf(step: number, start: number, end: number): number {
  return Math.min(Math.max(step + 1 - start, 0), end - start) / (end - start);
}

function checkOrder(start: number, end: number): void {
  if (!(end > start)) throw new ArgumentError(`end must come after start (${start}), got ${String(end)}.`);
}
