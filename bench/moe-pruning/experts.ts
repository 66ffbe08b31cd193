import type {Bench, Measurement} from "../measurement.ts";
import {bundledForNode} from "../support/bundled-for-node.ts";
import type {ExpertPruning} from "./prune-experts.ts";

/**
 * Pruning experts of a mixture that was trained on all digits and fine-tuned on four of them, on wasm in Node: the accuracy on the
 * test data for every way of choosing experts and every number of them, against the network with all.
 */
export const expertPruning: Bench = async ({quick}) => {
  const {run} = await bundledForNode("experts", ["bench/moe-pruning/prune-experts.ts"]);
  const measurements: Measurement[] = [];
  for (const k of [1, 2])
    for (const seed of quick ? [0] : [0, 1, 2, 3, 4, 5, 6, 7, 8]) {
      const found = await run<ExpertPruning>([`${seed}`, quick ? "quick" : "whole", `${k}`]);
      measurements.push(...rowsOf(k, seed, found));
    }
  return measurements;
};

function rowsOf(
  k: number,
  seed: number,
  {adapter, whole, pretrained, results, steps, cpuSeconds}: ExpertPruning
) {
  const training = `16 experts, ${k} a token, ${steps[0]} steps on all digits, ${steps[1]} on four, seed ${seed}`;
  const shared = {subject: "moe", unit: "", adapter, better: "higher"} as const;
  const accuracy = (name: string, value: number): Measurement => ({
    ...shared,
    case: `${training}, ${name}`,
    metric: "test accuracy",
    value: Number(value.toFixed(6)),
    against: "all experts",
    ratio: value / whole
  });
  return [
    accuracy("all experts", whole),
    {...accuracy("before fine-tuning, all digits", pretrained), against: "", ratio: null},
    ...results.map(({arm, kept, accuracy: value}) => accuracy(`${arm}, ${kept} kept`, value)),
    {
      ...shared,
      case: training,
      metric: "processor time",
      value: cpuSeconds,
      unit: "s",
      against: "",
      ratio: null,
      better: "lower" as const
    }
  ];
}
