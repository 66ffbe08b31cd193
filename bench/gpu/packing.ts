import type {Measurement} from "../measurement.ts";
import type {Place} from "../steps/place.ts";
import {median} from "../support/median.ts";
import {adapterOf, isSoftware} from "./adapter.ts";

const RUNS = 16;

/** A sweep of sixteen runs trained side by side as one recorded step, against the same runs one after the other. */
export async function packing(place: Place, quick: boolean): Promise<Measurement[]> {
  const slow = isSoftware(await adapterOf(place, "webgpu"));
  const steps = slow ? (quick ? 6 : 12) : quick ? 100 : 500;
  const {adapter, result} = await place.measure({
    backend: "webgpu",
    name: "timePacking",
    args: [{runs: RUNS, steps, rows: 1024, rounds: quick || slow ? 1 : 3}]
  });
  const value = median(result.packed);
  return [
    {
      subject: "gpu",
      case: `${RUNS} runs of LeNet-300-100, Adam, batch 128, ${steps} steps, ${result.report}`,
      metric: "wall time",
      value,
      unit: "s",
      against: "the runs one by one",
      ratio: value / median(result.single),
      better: "lower",
      adapter
    }
  ];
}
