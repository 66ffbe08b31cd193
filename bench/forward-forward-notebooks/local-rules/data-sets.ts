// What the rules are compared on: the digits that Petri ships, or MNIST, which lies beside the project or where PETRI_DATA says.
import type {Dataset} from "../../../src/ops/datasets/dataset.ts";
import {ops} from "../../../src/ops/index.ts";
import {mnistInNode, notebookFiles} from "../../support/recorded-in-node.ts";

const {digits, normalise, split} = ops.datasets;

export interface Sets {
  train: Dataset;
  test: Dataset;
}

export interface DataSet {
  /** Of an image: height and width. */
  size: readonly [number, number];
  /** What a recurrent layer reads of it at a time: how often, and how many numbers. */
  read: readonly [number, number];
  /** How often the masks of hybrid images are blurred, so that their regions have about the size of strokes. */
  blurs: number;
  /** Inputs as they are, in rows. */
  sets(): Promise<Sets>;
  /** Inputs as networks get them. */
  scaled(sets: Sets): Sets;
  /**
   * Share of the training rows that the search looks at, share of the steps that it makes, and the rules for which it makes all:
   * with what is ahead sooner they go astray later.
   */
  search: {heldOut: number; steps: number; inFull: readonly string[]};
  /** Rows that block coordinate descent passes over several times, where passes over all are too few. */
  descentRows?: number;
}

const ASTRAY = ["PEPITA", "PEPITA, linearised", "PEPITA, mirrored", "predictive coding"];

const DIGITS: DataSet = {
  size: [8, 8],
  read: [8, 8],
  blurs: 2,
  async sets() {
    notebookFiles();
    return split(await digits(), {test: 0.25, seed: 1});
  },
  scaled: normalise,
  search: {heldOut: 1 / 5, steps: 1 / 3, inFull: [...ASTRAY, "seeded perturbations, 3"]}
};

const MNIST: DataSet = {
  size: [28, 28],
  read: [7, 112],
  blurs: 6,
  sets: mnistInNode,
  // From 0 to 1, as they are read: pixels at the edge hardly vary, and would become large numbers by their own deviations.
  scaled: (sets) => sets,
  search: {heldOut: 1 / 40, steps: 1 / 6, inFull: ASTRAY},
  descentRows: 3200
};

export const DATA_SETS = {digits: DIGITS, MNIST};
