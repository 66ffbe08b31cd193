// Networks whose weights are solved for, on all rows at once: they have no learning rate, and another number is searched.
import type {Key} from "../../../src/ops/core/key.ts";
import type {Dataset} from "../../../src/ops/datasets/dataset.ts";
import {ops} from "../../../src/ops/index.ts";
import type {Figure} from "../../support/recorded-in-node.ts";
import type {DataSet} from "./data-sets.ts";

const {affineOutputs, blockCoordinateDescent, boostedOutputs, randomFeatureBoosting} = ops.forwardForward;

type Matrix = ReturnType<typeof boostedOutputs>;

/** What was solved: the share of rows it tells rightly, how many numbers it has, and what it went through. */
interface Solved {
  accuracy(data: Dataset): number;
  parameters: number;
  course?: readonly Figure[];
}

export interface SolvedArm {
  /** What is searched, and with which values. */
  option: string;
  values: readonly number[];
  /** How many of the rows it takes: all where it is left out. */
  rows?: number;
  solve(data: Dataset, value: number, budget: {key: Key; passes: number}): Solved;
}

const HIDDEN = [128, 128, 128];

const inputsOf = (data: Dataset): Matrix => ({
  rows: data.labels.length,
  columns: data.inputs.length / data.labels.length,
  values: Float64Array.from(data.inputs)
});

/** Rows of zeros and a one. */
const wantedOf = ({labels}: Dataset): Matrix => ({
  rows: labels.length,
  columns: 10,
  values: Float64Array.from({length: 10 * labels.length}, (_, i) =>
    labels[Math.floor(i / 10)] === i % 10 ? 1 : 0
  )
});

function shareRight({columns, values}: Matrix, {labels}: Dataset): number {
  const told = (row: number) => {
    const scores = values.subarray(row * columns, (row + 1) * columns);
    return scores.indexOf(Math.max(...scores));
  };
  return labels.reduce((right, label, row) => right + (told(row) === label ? 1 : 0), 0) / labels.length;
}

const boosting = (layers: number): SolvedArm => ({
  option: "penalty",
  values: [1e-5, 1e-4, 1e-3, 1e-2, 1e-1],
  solve(data, penalty, {key}) {
    const options = {layers, features: 128, width: 128, penalty, key};
    const fitted = randomFeatureBoosting(inputsOf(data), wantedOf(data), options);
    const matrices = [
      fitted.first,
      fitted.head,
      ...fitted.steps.flatMap((step) => [step.features, step.map])
    ];
    return {
      accuracy: (rows) => shareRight(boostedOutputs(fitted, inputsOf(rows)), rows),
      parameters: matrices.reduce((sum, {values}) => sum + values.length, 0)
    };
  }
});

export const solvedOf = ({descentRows}: DataSet): Record<string, SolvedArm> => ({
  "random feature boosting": boosting(HIDDEN.length),
  "random features": boosting(0),
  "block coordinate descent": {
    option: "alpha",
    values: [0.1, 1, 10, 100, 1000],
    rows: descentRows,
    solve(data, alpha, {key, passes}) {
      const descent = blockCoordinateDescent(data, {hidden: HIDDEN, epochs: passes, alpha, key});
      const course: Figure[] = [];
      let next = descent.next();
      for (; !next.done; next = descent.next()) {
        const {epoch, objective, moved} = next.value;
        course.push({case: `pass ${epoch}`, metric: "objective", value: objective});
        if (epoch > 0) course.push({case: `pass ${epoch}`, metric: "moved", value: moved});
      }
      const weights = next.value;
      return {
        course,
        accuracy: (rows) => shareRight(affineOutputs(weights, inputsOf(rows)), rows),
        parameters: weights.reduce((sum, {values}) => sum + values.length, 0)
      };
    }
  }
});
