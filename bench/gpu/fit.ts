import type {Measurement} from "../measurement.ts";
import type {Place} from "../steps/place.ts";
import {median} from "../support/median.ts";
import {adapterOf, isSoftware} from "./adapter.ts";
import type {FitTask} from "./time-fit.ts";

/** Of the size of the two sets of handwritten digits that people begin with. */
const TASKS: Record<string, Pick<FitTask, "rows" | "features" | "hidden" | "batchSize">> = {
  "fit, digits, MLP 64-32-10, batch 32": {rows: 1797, features: 64, hidden: [32], batchSize: 32},
  "fit, MNIST, MLP 784-300-100-10, batch 128": {
    rows: 10_000,
    features: 784,
    hidden: [300, 100],
    batchSize: 128
  }
};

/** Whole trainings by `fit`, rows and all, with plans and without. */
export async function fit(place: Place, quick: boolean): Promise<Measurement[]> {
  const slow = isSoftware(await adapterOf(place, "webgpu"));
  const effort = {steps: slow ? (quick ? 30 : 100) : quick ? 200 : 1000, rounds: quick ? 1 : 3};
  const measurements: Measurement[] = [];
  for (const [name, task] of Object.entries(TASKS)) {
    const {adapter, result} = await place.measure({
      backend: "webgpu",
      name: "timeFit",
      args: [{...task, ...effort}]
    });
    const rate = (stepMs: number[]) => 1000 / median(stepMs);
    const value = rate(result.planned);
    measurements.push({
      subject: "gpu",
      case: name,
      metric: `steps a second, plan ${result.report}`,
      value,
      unit: "1/s",
      against: "fit without plans",
      ratio: value / rate(result.unplanned),
      better: "higher",
      adapter
    });
  }
  return measurements;
}
