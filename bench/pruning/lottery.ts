import {existsSync} from "node:fs";
import {join} from "node:path";
import {projectRoot} from "../../src/cli/project.ts";
import type {Bench, Measurement} from "../measurement.ts";
import {bundledForNode} from "../support/bundled-for-node.ts";
import type {Tickets} from "./train-tickets.ts";

/** MNIST lies beside the project, or where PETRI_DATA says. */
const dataFolder = process.env.PETRI_DATA ?? join(projectRoot, "../shared/data");

/**
 * The lottery ticket experiment on LeNet-300-100, on wasm in Node: a row for every network that was trained, with its accuracy on the
 * test data and the step at which it should have stopped, each against the dense network of the same seed; and the time it took.
 */
export const lottery: Bench = async ({quick}) => {
  const {run} = await bundledForNode("tickets", ["bench/pruning/train-tickets.ts"]);
  const mnist = existsSync(join(dataFolder, "mnist")) ? dataFolder : "";
  const measurements: Measurement[] = [];
  for (const seed of quick ? [0] : [0, 1, 2])
    measurements.push(...rowsOf(seed, await run<Tickets>([`${seed}`, quick ? "quick" : "whole", mnist])));
  return measurements;
};

function rowsOf(seed: number, {data, steps, batchSize, results, cpuSeconds, adapter}: Tickets) {
  const training = `LeNet-300-100 on ${data}, ${steps.toLocaleString("en")} steps of ${batchSize}, seed ${seed}`;
  const dense = results.find(({round}) => round === 0) as Tickets["results"][number];
  const rows = results.flatMap((result) => {
    const shared = {
      subject: "pruning",
      case: `${training}, ${result.arm}, sparsity ${result.sparsity}`,
      against: "dense",
      adapter
    };
    const figure = (
      metric: string,
      name: "accuracy" | "earlyStopAccuracy" | "earlyStopStep",
      unit: string
    ) => ({...shared, metric, value: result[name], unit, ratio: result[name] / dense[name]});
    return [
      {...figure("test accuracy at the early stop", "earlyStopAccuracy", ""), better: "higher" as const},
      {...figure("test accuracy in the end", "accuracy", ""), better: "higher" as const},
      {...figure("early stop", "earlyStopStep", "steps"), better: "lower" as const}
    ];
  });
  const time = {
    subject: "pruning",
    case: training,
    metric: "training, processor time",
    value: cpuSeconds,
    unit: "s",
    against: "",
    ratio: null,
    better: "lower" as const,
    adapter
  };
  return [...rows, time];
}
