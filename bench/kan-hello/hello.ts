import {availableParallelism} from "node:os";
import type {Bench, Measurement} from "../measurement.ts";
import {bundledForNode} from "../support/bundled-for-node.ts";
import type {Tour} from "./tour.ts";

/** A formula is the same where its largest error beyond the data is no larger than this share. */
const SAME = 1e-6;

/**
 * pykan's tour from twenty seeds, in float64 in Node: the error after each of its parts, the formula that it ends with, and whether
 * that is the one that the data came from. `notebooks/data/hello-kan.jsonl` is what it printed.
 */
export const hello: Bench = async ({quick}) => {
  const {run} = await bundledForNode("hello-kan", ["bench/kan-hello/tour.ts"]);
  const tours: Tour[] = [];
  const waiting = Array.from({length: quick ? 1 : 20}, (_, seed) => seed);
  const walk = async () => {
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift())
      tours.push(await run<Tour>([`${seed}`]));
  };
  await Promise.all(Array.from({length: availableParallelism()}, walk));
  return tours.sort((a, b) => a.seed - b.seed).flatMap(rowsOf);
};

function rowsOf({seed, parts, text, beyond, cpuSeconds}: Tour): Measurement[] {
  const shared = {
    subject: "kan",
    unit: "",
    against: "",
    ratio: null,
    better: "lower",
    adapter: "float64"
  } as const;
  const tour = `hello-kan, seed ${seed}`;
  const figures = parts.flatMap(({part, rmse, testRmse, nodes, edges}) => {
    const of = (metric: string, value: number) => ({...shared, case: `${tour}, ${part}`, metric, value});
    return [of("train RMSE", rmse), of("test RMSE", testRmse), of("hidden nodes", nodes), of("edges", edges)];
  });
  const whole = {...shared, case: `${tour}: ${text}`};
  return [
    ...figures,
    {...whole, metric: "largest relative error twice as far as the data", value: beyond},
    {...whole, metric: "formula recovered", value: beyond <= SAME ? 1 : 0, better: "higher"},
    {...whole, metric: "processor time", value: cpuSeconds, unit: "s"}
  ];
}
