import type * as tf from "../tfjs.ts";
import {doubts} from "./doubts.ts";
import {PackedSteps} from "./packed-steps.ts";
import type {Plan} from "./plan.ts";

/** What a step hands on: tensors, and numbers that count steps. */
export type Leaf = tf.Tensor | number;

/** Values for a step, of a shape that is the same for all steps of one kind. */
export interface StepInput {
  values: Float32Array | Int32Array;
  shape: readonly number[];
}

/**
 * One step in ordinary operations: the state's leaves and the inputs as tensors -> the next leaves and what else came out. It
 * frees neither what it is given nor what it returns.
 */
export type StepFunction = (
  state: readonly Leaf[],
  inputs: readonly tf.Tensor[]
) => {state: readonly Leaf[]; outputs: readonly tf.Tensor[]};

/** What became of the steps of one kind. */
export interface PlanReport {
  /** recorded: steps are replayed. waiting: two equal steps have not been seen yet. refused: they never will be. */
  status: "recorded" | "waiting" | "refused";
  /** Why steps are done one by one. */
  reason?: string;
  /** Dispatches and bytes of a recorded step. */
  dispatches?: number;
  bytes?: number;
}

/** Every plan compares itself with an ordinary step before it goes on: something was changed that a step may have read. */
export function doubtPlans(): void {
  ++doubts.count;
}

/** The steps of one run, replayed where that can be had: see PackedSteps, which does so for several. */
export class PlannedSteps {
  private readonly steps: PackedSteps;

  /** The state's tensors are taken over and freed. */
  constructor(run: StepFunction, state: readonly Leaf[], options: {plan?: boolean} = {}) {
    this.steps = new PackedSteps([{run, state}], options);
  }

  /** Steps done. */
  get done(): number {
    return this.steps.done;
  }

  /** The state's leaves now. They live until the next step and belong to this object: clone what is to stay. */
  get state(): readonly Leaf[] {
    return this.steps.state(0);
  }

  /** How the steps are done, for people. */
  get report(): PlanReport {
    return this.steps.report;
  }

  /** The plan whose step was the last one, for measurements. */
  get lastPlan(): Plan | undefined {
    return this.steps.lastPlan;
  }

  /** Does a step. */
  step(inputs: readonly StepInput[]): void {
    this.steps.step([inputs]);
  }

  /** Waits until the GPU is no more than some steps behind; undefined where it is. */
  room(): Promise<unknown> | undefined {
    return this.steps.room();
  }

  /** An output of the last step, which belongs to the caller. */
  takeOutput(index: number): tf.Tensor {
    return this.steps.takeOutput(index, 0);
  }

  dispose(): void {
    this.steps.dispose();
  }
}
