// What L-BFGS takes and gives.
import type {Tree} from "../../tree.ts";

/** A loss of plain numbers: the value and the gradient, in the tree of the parameters. */
export type Float64Loss<P extends Tree<Float64Array>> = (
  params: P
) => readonly [number, P] | Promise<readonly [number, P]>;

export interface LbfgsOptions {
  /** Pairs of steps and gradient changes that stand for the Hessian, 10 by default, at most 100. */
  historySize?: number;
  /** The first step length that a line search tries, 1 by default; in the very first iteration divided by sum |g| if that is above 1. */
  learningRate?: number;
  /** Share of the promised decrease that a step has to bring, 1e-4 by default. */
  c1?: number;
  /** Share of the slope that a step may leave, 0.9 by default. */
  c2?: number;
  /** Evaluations of a line search, 25 by default. */
  maxLineSearch?: number;
  /** Stop where no entry of the gradient is larger, 1e-7 by default. */
  toleranceGradient?: number;
  /** Stop where neither the loss nor any parameter changes by more, 1e-9 by default. */
  toleranceChange?: number;
  /** Steps that change the gradient by less along them, as a product, are not remembered, 1e-10 by default. Losses near 0 need less. */
  leastCurvature?: number;
}

/** What L-BFGS remembers from step to step: a tree, whose vectors are [] before there are any. */
export type LbfgsState<V> = {
  /** Iterations so far. */
  readonly iterations: number;
  /** Differences of parameters and of gradients, oldest first. */
  readonly s: V | readonly [];
  readonly y: V | readonly [];
  /** Gradient, direction and step length of the last iteration. */
  readonly gradient: V | readonly [];
  readonly direction: V | readonly [];
  readonly stepLength: number;
};

/** What an iteration came to. */
export interface LbfgsIteration {
  /** From 1 for each call. */
  iteration: number;
  loss: number;
  stepLength: number;
  /** Evaluations of loss and gradient so far. */
  evaluations: number;
  /** The largest absolute entry of the gradient. */
  largestGradient: number;
}

/**
 * Why an iteration was the last: the tolerance for the gradient or for the change is met, no direction leads down, the
 * evaluations are used up, the loss is not a finite number, or onIteration said so.
 */
export type LbfgsStop = "gradient" | "change" | "descent" | "evaluations" | "not finite" | "asked";

export interface MinimizeOptions {
  /** 100 by default. */
  maxIterations?: number;
  /** Evaluations of loss and gradient in all, unlimited by default. */
  maxEvaluations?: number;
  /** Called after each iteration; false ends the minimisation. */
  onIteration?: (iteration: LbfgsIteration) => unknown;
}

/** Where one or more iterations came to. The parameters, and tensors of the state, belong to the caller. */
export interface LbfgsStep<P, V> {
  params: P;
  state: LbfgsState<V>;
  /** The loss at the parameters. */
  loss: number;
  /** Iterations that were made. */
  iterations: number;
  /** Evaluations of loss and gradient. */
  evaluations: number;
  /** Why no further iteration would help; undefined where more were left to do. */
  stopped: LbfgsStop | undefined;
}

/** Where a minimisation ended. */
export interface Minimum<P> {
  params: P;
  loss: number;
  iterations: number;
  evaluations: number;
  /** See LbfgsStop; "iterations" where they ran out. */
  stopped: LbfgsStop | "iterations";
}
