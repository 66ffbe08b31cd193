// How a training finds the run that it is a part of. A run that loses its device is started again on another: its
// trainings then repeat the rows that they had given and go on from where they were saved last.
import type {FitRow} from "./fit-options.ts";

/** Why a training ended before its last step. */
export interface Stopped {
  by: "early stopping" | "callback";
  step: number;
}

/** A training as it was kept. */
export interface KeptTraining {
  /** What `save()` wrote. */
  file: Uint8Array;
  /** The last step that callbacks had seen, and all rows until then. */
  step: number;
  rows: readonly FitRow[];
  /** Set when the training was over. */
  ended?: {stopped: Stopped | undefined};
}

/** Keeps one training of a run. */
export interface TrainingKeeper {
  /** What an earlier attempt of the run kept of this training; undefined in the first. */
  readonly kept: KeptTraining | undefined;
  /** Whether to keep the training now, which takes as long as reading its state from the device. */
  wants(isOver: boolean): boolean;
  keep(training: KeptTraining): void;
}

/** A run that can be continued elsewhere. */
export interface RunContext {
  /** The keeper of the run's next training: those of a run are told apart by their order. */
  nextTraining(): TrainingKeeper;
}

let current: RunContext | undefined;

/** Called before each step of a run: trainings that begin from now on are this run's; undefined for nobody's. */
export function enterRun(context: RunContext | undefined): void {
  current = context;
}

/** The run whose step is under way. */
export function currentRun(): RunContext | undefined {
  return current;
}
