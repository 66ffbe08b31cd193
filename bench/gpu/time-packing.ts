import {ops} from "../../src/ops/index.ts";
import {chance} from "./chance.ts";

/** Sixteen trainings at once and one after the other; seconds, one number a round. The first round compiles the shaders. */
export interface PackingTimings {
  packed: number[];
  single: number[];
  /** Dispatches of a packed step, all runs together, and of a step of one run. */
  dispatches: {packed: number; single: number};
  /** How the packed ones were done, as `fitAll` reports it. */
  report: string;
}

export interface PackingTask {
  runs: number;
  steps: number;
  rows: number;
  batchSize: number;
  /** After the first one, in which shaders are compiled. */
  rounds: number;
}

/** A sweep over learning rates of LeNet-300-100, packed by `fitAll` and one run after the other by `fit`. */
export async function timePacking({
  runs,
  steps,
  rows,
  batchSize,
  rounds
}: PackingTask): Promise<PackingTimings> {
  const data = chance(rows, 784);
  const options = Array.from({length: runs}, (_, run) => ({
    key: ops.key(run),
    optimizer: ops.adam({learningRate: 1e-3 * (1 + run / runs)}),
    batchSize,
    steps
  }));
  const model = ops.zoo.lenet300100();
  const timings: PackingTimings = {
    packed: [],
    single: [],
    dispatches: {packed: 0, single: 0},
    report: ""
  };
  for (let round = 0; round <= rounds; ++round) {
    const start = performance.now();
    const sweep = ops.fitAll(model, data, options);
    for await (const row of sweep) void row;
    const {status = "", reason = "", dispatches = 0} = sweep.plan ?? {};
    timings.dispatches.packed = dispatches;
    timings.report = [status, reason].filter(Boolean).join(": ");
    sweep.dispose();
    const between = performance.now();
    for (const each of options) {
      const training = ops.fit(model, data, each);
      for await (const row of training) void row;
      timings.dispatches.single = training.plan?.dispatches ?? 0;
      training.dispose();
    }
    timings.packed.push((between - start) / 1000);
    timings.single.push((performance.now() - between) / 1000);
  }
  return timings;
}
