// What `fitKan` can be asked for, and the rows that come out.
import {ArgumentError, checkCount, checkNumber} from "../../core/errors.ts";
import {type Key, key as keyOf} from "../../core/key.ts";
import type {KanNetwork} from "../network.ts";
import {checkOptionNames} from "../option-names.ts";
import {type KanParameter, TRAINED} from "./parameters.ts";
import {type KanPenalty, METRICS} from "./penalty.ts";
import {countSamples, type KanSamples} from "./samples.ts";

/** How a network is trained. The defaults are pykan's, but for Adam's rate. */
export interface KanFitOptions extends KanPenalty {
  /** Samples that are only looked at. */
  test?: KanSamples;
  /** Steps, 100 by default. One of L-BFGS is up to `iterations` iterations of it. */
  steps?: number;
  /** "lbfgs" by default. */
  optimizer?: "lbfgs" | "adam";
  /** First step length of L-BFGS's line searches, 1 by default, or the rate of Adam, 0.01 by default. */
  learningRate?: number;
  /** Whether the grids follow the samples at the beginning, true by default. */
  updateGrid?: boolean;
  /** How many times they do, 10 by default: evenly spread from step `gridUpdateStart` (0) to `gridUpdateStop` (50). */
  gridUpdates?: number;
  gridUpdateStart?: number;
  gridUpdateStop?: number;
  /** Share of even width in the grids, 0.02 by default: see `updateGrid`. */
  blend?: number;
  /** Samples of each step, a new random choice of that many; all of them by default. */
  batchSize?: number;
  /** Source of the choice; key(0) by default. */
  key?: Key;
  /** What is changed: coefficients, both scales and symbolic numbers by default; nodes have scales and biases too. */
  trained?: readonly KanParameter[];
  /** Iterations and evaluations of the loss in a step of L-BFGS, 20 and about 25 by default. */
  iterations?: number;
  maxEvaluations?: number;
  /** Steps that L-BFGS remembers, 10 by default. */
  historySize?: number;
  /** Steps between the rows that come out, 1 by default; the first and the last always give one. */
  logEvery?: number;
  /** Ends the training: the iteration throws the signal's reason. */
  signal?: AbortSignal;
}

/** What comes out of a step. */
export type KanFitRow = {
  /** Steps made, from 1. */
  step: number;
  /** Share of the training done, 0 to 1. */
  progress: number;
  /** What is minimised: the mean squared error plus lamb times the penalty. After a step of L-BFGS, before one of Adam. */
  loss: number;
  /** The root of the mean squared error there. */
  rmse: number;
  /** The same of the test samples, after the step. */
  testRmse?: number;
  /** The penalty, without lamb, where there is one. */
  penalty?: number;
  /** Evaluations of the loss so far. */
  evaluations: number;
};

const OPTIONS: Readonly<Record<keyof KanFitOptions, true>> = {
  test: true,
  steps: true,
  optimizer: true,
  learningRate: true,
  updateGrid: true,
  gridUpdates: true,
  gridUpdateStart: true,
  gridUpdateStop: true,
  blend: true,
  batchSize: true,
  key: true,
  trained: true,
  iterations: true,
  maxEvaluations: true,
  historySize: true,
  logEvery: true,
  signal: true,
  lamb: true,
  lambL1: true,
  lambEntropy: true,
  lambCoef: true,
  lambCoefDiff: true,
  metric: true
};

const PARAMETERS: readonly KanParameter[] = [
  ...TRAINED,
  "subnodeScale",
  "subnodeBias",
  "nodeScale",
  "nodeBias"
];

/** Options with their defaults, checked. */
export type KanFitSettings = ReturnType<typeof fitSettings>;

/** Checks options and samples. @throws ArgumentError, ShapeError */
export function fitSettings(network: KanNetwork, data: KanSamples, options: KanFitOptions) {
  checkOptionNames("fitKan", options, OPTIONS);
  const samples = countSamples(network, data);
  const {
    test,
    steps = 100,
    optimizer = "lbfgs",
    trained = TRAINED,
    logEvery = 1,
    batchSize = samples
  } = options;
  const {
    blend = 0.02,
    iterations = 20,
    maxEvaluations = 25,
    historySize = 10,
    key = keyOf(0),
    signal
  } = options;
  const {lamb = 0, lambL1 = 1, lambEntropy = 2, lambCoef = 0, lambCoefDiff = 0} = options;
  const {metric = "edge_forward_spline_n"} = options;
  if (optimizer !== "lbfgs" && optimizer !== "adam")
    throw new ArgumentError(`optimizer must be "lbfgs" or "adam", got ${String(optimizer)}.`);
  const {learningRate = optimizer === "adam" ? 0.01 : 1} = options;
  for (const [name, count] of Object.entries({
    steps,
    logEvery,
    batchSize,
    iterations,
    maxEvaluations,
    historySize
  }))
    checkCount(name, count);
  for (const [name, weight] of Object.entries({lamb, lambL1, lambEntropy, lambCoef, lambCoefDiff}))
    checkNumber(name, weight, 0);
  checkNumber("learningRate", learningRate, Number.MIN_VALUE);
  checkNumber("batchSize", batchSize, 1, samples);
  if (!METRICS.includes(metric))
    throw new ArgumentError(`metric must be one of ${METRICS.join(", ")}, got ${String(metric)}.`);
  checkNumber("blend", blend, 0, 1);
  if (!Array.isArray(trained))
    throw new ArgumentError(
      `trained must be a list of parts, such as ["coefficients"], got ${String(trained)}.`
    );
  const other = trained.find((part) => !PARAMETERS.includes(part));
  if (other !== undefined)
    throw new ArgumentError(`trained must be some of ${PARAMETERS.join(", ")}, got ${String(other)}.`);
  const testSamples = test ? countSamples(network, test, "test") : 0;
  return {
    ...{samples, test, testSamples, steps, optimizer, learningRate, trained, logEvery},
    ...{batchSize, key, signal, iterations, maxEvaluations, historySize, blend},
    penalty: {lamb, lambL1, lambEntropy, lambCoef, lambCoefDiff, metric},
    movesGrid: gridMoves(options)
  };
}

/** Whether grids follow the samples before a step, numbered from 0. */
function gridMoves(options: KanFitOptions): (step: number) => boolean {
  const {updateGrid = true, gridUpdates = 10, gridUpdateStart = 0, gridUpdateStop = 50} = options;
  for (const [name, count] of Object.entries({gridUpdates, gridUpdateStart, gridUpdateStop}))
    checkCount(name, count, 0);
  if (!updateGrid || gridUpdates === 0) return () => false;
  const every = Math.max(1, Math.floor(gridUpdateStop / gridUpdates));
  return (step) => step >= gridUpdateStart && step < gridUpdateStop && step % every === 0;
}
