import type {Bench, Measurement} from "../measurement.ts";
import {bundledForNode} from "../support/bundled-for-node.ts";
import type {Recorded} from "./in-node.ts";

/** Which way each figure is good. */
const LOWER =
  /operations|parameters|entropy of decisions|largest|difference|dropped|unused|without an expert|loss|time|bits a character/;

/** Trainings of some seeds, each in a process of its own; `--json` writes what lies in notebooks/data. */
const recording =
  (script: string, {seeds, steps}: {seeds: number; steps: number}): Bench =>
  async ({quick}) => {
    const {run} = await bundledForNode(script, [`bench/moe-notebooks/${script}.ts`]);
    const measurements: Measurement[] = [];
    for (let seed = 0; seed < (quick ? 1 : seeds); ++seed)
      measurements.push(...rowsOf(await run<Recorded>([`${seed}`, `${quick ? 60 : steps}`]), seed));
    return measurements;
  };

function rowsOf({adapter, figures, cpuSeconds}: Recorded, seed: number): Measurement[] {
  const time = {case: `all trainings, seed ${seed}`, metric: "processor time", value: cpuSeconds};
  return [...figures, time].map((figure) => ({
    subject: "moe-notebooks",
    ...figure,
    value: Number(figure.value.toPrecision(6)),
    unit: figure === time ? "s" : "",
    against: "",
    ratio: null,
    better: LOWER.test(figure.metric) ? "lower" : "higher",
    adapter
  }));
}

/** The figures that the notebooks on mixtures of experts begin with. */
export const moeNotebooks: Record<string, Bench> = {
  "fast feedforward": recording("train-fast-feedforward", {seeds: 3, steps: 2000}),
  "language model": recording("train-language-models", {seeds: 3, steps: 1000}),
  "router zoo": recording("train-routers", {seeds: 3, steps: 600}),
  upcycling: recording("train-upcycled", {seeds: 5, steps: 800})
};
