// Ends a training when a figure of its evaluations no longer gets better: an option of `fit`.
import {ArgumentError, checkCount, checkNumber, checkOptions} from "./errors.ts";
import {cloneState, disposeState, type TrainState} from "./train-step.ts";
import type {Params} from "./tree.ts";

export interface EarlyStoppingOptions {
  /** The figure of a row to follow, "testLoss" by default. */
  metric?: string;
  /** Evaluations in a row without a better figure after which training ends, 5 by default. */
  patience?: number;
  /** How much better counts, 0 by default. */
  minDelta?: number;
  /** Which way is better; "min" for names that end in loss, error or perplexity, else "max". */
  mode?: "min" | "max";
  /** At the end, go back to the parameters and states of the best evaluation; true by default. */
  restoreBest?: boolean;
}

const optionNames: Readonly<Record<keyof EarlyStoppingOptions, true>> = {
  metric: true,
  patience: true,
  minDelta: true,
  mode: true,
  restoreBest: true
};

/** Throws an ArgumentError for options that make no sense, and for a metric that is none of the figures of evaluations. */
export function checkEarlyStopping(options: EarlyStoppingOptions, figures: readonly string[]): void {
  checkOptions("earlyStopping", options, optionNames);
  const {metric = "testLoss", patience = 5, minDelta = 0, mode} = options;
  checkCount("earlyStopping.patience", patience);
  checkNumber("earlyStopping.minDelta", minDelta, 0);
  if (mode !== undefined && mode !== "min" && mode !== "max") {
    throw new ArgumentError(`earlyStopping.mode must be "min" or "max", got ${String(mode)}.`);
  }
  if (!figures.includes(metric)) {
    throw new ArgumentError(
      `earlyStopping follows ${metric}, which no evaluation gives. ${figures.length > 0 ? `There are ${figures.join(", ")}.` : "Pass a `test` dataset, or `evaluations`."}`
    );
  }
}

/** What early stopping has seen so far; part of a checkpoint. */
export interface StoppingRecord<P extends Params = Params> {
  /** The best figure, null before the first. */
  best: number | null;
  /** Evaluations since then. */
  waited: number;
  /** The state at the best figure, where it is to be restored. */
  state?: TrainState<P>;
}

/** Follows one figure of the rows and keeps the best state. */
export class EarlyStopping<P extends Params> {
  record: StoppingRecord<P>;
  private readonly options: EarlyStoppingOptions;

  /** It takes over the tensors of the record. */
  constructor(options: EarlyStoppingOptions, record: StoppingRecord<P> = {best: null, waited: 0}) {
    this.options = options;
    this.record = record;
  }

  /** True when the figure has not been better for as long as there is patience. */
  get isOver(): boolean {
    return this.record.waited >= (this.options.patience ?? 5);
  }

  /** Sees a row and the state it belongs to; true when training should end. */
  see(row: Readonly<Record<string, number | undefined>>, state: TrainState<P>): boolean {
    const {metric = "testLoss", restoreBest = true} = this.options;
    const value = row[metric];
    if (value === undefined) return false;
    if (!this.isBetter(value)) {
      this.record = {...this.record, waited: this.record.waited + 1};
      return this.isOver;
    }
    this.dispose();
    this.record = {best: value, waited: 0, ...(restoreBest && {state: cloneState(state)})};
    return false;
  }

  /**
   * A copy of the best state, the caller's; undefined when there is none to go back to. The record goes back with it, so that
   * a training that is saved then and resumed sees the same evaluations again.
   */
  goBack(): TrainState<P> | undefined {
    const {state} = this.record;
    if (!state) return undefined;
    this.record = {...this.record, waited: 0};
    return cloneState(state);
  }

  dispose(): void {
    const {state} = this.record;
    if (state) disposeState(state);
    this.record = {best: this.record.best, waited: this.record.waited};
  }

  private isBetter(value: number): boolean {
    const {metric = "testLoss", minDelta = 0, mode = modeOf(metric)} = this.options;
    if (Number.isNaN(value)) return false;
    const {best} = this.record;
    if (best === null) return true;
    return mode === "min" ? value < best - minDelta : value > best + minDelta;
  }
}

function modeOf(metric: string): "min" | "max" {
  return /(loss|error|perplexity)$/i.test(metric) ? "min" : "max";
}
