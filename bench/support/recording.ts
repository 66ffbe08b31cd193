import type {Bench, Measurement} from "../measurement.ts";
import {bundledForNode} from "./bundled-for-node.ts";
import type {Recorded} from "./recorded-in-node.ts";

interface Recordings {
  /** Of the bench, and the folder of its scripts. */
  subject: string;
  /** Metrics that are good when they are low. */
  lower: RegExp;
}

/** Trainings of some seeds, each in a process of its own; `--json` writes what lies in notebooks/data. */
export const recordings =
  ({subject, lower}: Recordings) =>
  (script: string, {seeds, steps}: {seeds: number; steps: number}): Bench =>
  async ({quick}) => {
    const {run} = await bundledForNode(script, [`bench/${subject}/${script}.ts`]);
    const measurements: Measurement[] = [];
    for (let seed = 0; seed < (quick ? 1 : seeds); ++seed) {
      const {adapter, figures, cpuSeconds} = await run<Recorded>([`${seed}`, `${quick ? 60 : steps}`]);
      const time = {case: `all trainings, seed ${seed}`, metric: "processor time", value: cpuSeconds};
      for (const figure of [...figures, time])
        measurements.push({
          subject,
          ...figure,
          value: Number(figure.value.toPrecision(6)),
          unit: figure === time ? "s" : "",
          against: "",
          ratio: null,
          better: lower.test(figure.metric) ? "lower" : "higher",
          adapter
        });
    }
    return measurements;
  };
