// Some of the shipped digits as a graph: each is linked to those that look most like it.
import type {Dataset} from "../../../src/ops/datasets/dataset.ts";
import {ops} from "../../../src/ops/index.ts";

const {key} = ops;

const NODES = 240;
const NEIGHBOURS = 5;
const PIXELS = 64;
/** The last ones choose learning rates, and are neither trained on nor tested. */
const VALIDATION = 40;
/** Nodes of each class whose label is known. */
const LABELLED = 3;

/** One row: the pixels of all nodes, a class for each, and pairs of neighbours. */
export interface DigitsGraph extends Dataset {
  nodes: number;
  classes: number;
  labels: Int32Array;
  edges: [number, number][];
}

/** The first of the digits, and links from each to its nearest neighbours. */
export async function digitsGraph(): Promise<DigitsGraph> {
  const all = await ops.datasets.digits();
  const inputs = Float32Array.from(all.inputs.subarray(0, NODES * PIXELS));
  return {
    name: "digits and their neighbours",
    nodes: NODES,
    inputs,
    inputShape: [NODES, PIXELS],
    labels: Int32Array.from((all.labels as Int32Array).subarray(0, NODES)),
    labelShape: [NODES],
    classes: 10,
    edges: neighbours(inputs)
  };
}

/** Numbers of nodes: those whose label is known, drawn anew with each seed, and what else there is. */
export interface NodeSets {
  labelled: number[];
  test: number[];
  validation: number[];
}

export function nodeSets({labels}: DigitsGraph, seed: number): NodeSets {
  const others = NODES - VALIDATION;
  const seen = new Map<number, number>();
  const labelled = Array.from(key(seed).permutation(others)).filter((node) => {
    const label = labels[node] as number;
    const count = (seen.get(label) ?? 0) + 1;
    seen.set(label, count);
    return count <= LABELLED;
  });
  const test = Array.from({length: others}, (_, node) => node).filter((node) => !labelled.includes(node));
  return {labelled, test, validation: Array.from({length: VALIDATION}, (_, i) => others + i)};
}

/** Each pair once, in which one is among the nearest of the other. */
function neighbours(inputs: Float32Array): [number, number][] {
  const rows = Array.from({length: NODES}, (_, node) => inputs.subarray(node * PIXELS, (node + 1) * PIXELS));
  const pairs = new Map<string, [number, number]>();
  for (const [node, own] of rows.entries()) {
    const distances = rows.map((other) =>
      other.reduce((sum, value, pixel) => sum + (value - (own[pixel] as number)) ** 2, 0)
    );
    const byDistance = Array.from(distances.keys()).sort(
      (a, b) => (distances[a] as number) - (distances[b] as number)
    );
    // The first is the digit itself.
    for (const other of byDistance.slice(1, 1 + NEIGHBOURS)) {
      const pair: [number, number] = node < other ? [node, other] : [other, node];
      pairs.set(pair.join(), pair);
    }
  }
  return [...pairs.values()];
}
