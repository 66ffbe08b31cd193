import type {Measurement} from "../measurement.ts";
import type {Place} from "../steps/place.ts";
import {median} from "../support/median.ts";
import {adapterOf, isSoftware} from "./adapter.ts";

const RUNS = 16;

/** A sweep of sixteen runs trained side by side as one recorded step, against the same runs one after the other. */
export async function packing(place: Place, quick: boolean): Promise<Measurement[]> {
  const slow = isSoftware(await adapterOf(place, "webgpu"));
  const measurements: Measurement[] = [];
  for (const batchSize of [32, 128]) measurements.push(...(await packedAt(batchSize, place, quick, slow)));
  return measurements;
}

async function packedAt(
  batchSize: number,
  place: Place,
  quick: boolean,
  slow: boolean
): Promise<Measurement[]> {
  const slowSteps = quick || batchSize > 32 ? 6 : 12;
  const steps = slow ? slowSteps : quick ? 100 : 500;
  const {adapter, result} = await place.measure({
    backend: "webgpu",
    name: "timePacking",
    args: [{runs: RUNS, steps, rows: 1024, batchSize, rounds: quick || slow ? 1 : 3}]
  });
  const {packed, single} = result.dispatches;
  const shared = {
    subject: "gpu",
    case: `${RUNS} runs of LeNet-300-100, Adam, batch ${batchSize}, ${steps} steps, ${result.report}`,
    against: "the runs one by one",
    better: "lower",
    adapter
  } as const;
  const seconds = (metric: string, packedTimes: number[], singleTimes: number[]): Measurement => {
    const value = median(packedTimes);
    return {...shared, metric, value, unit: "s", ratio: value / median(singleTimes)};
  };
  return [
    seconds("wall time, the first time", result.packed.slice(0, 1), result.single.slice(0, 1)),
    seconds("wall time, shaders compiled", result.packed.slice(1), result.single.slice(1)),
    {...shared, metric: "dispatches a step", value: packed, unit: "", ratio: packed / (RUNS * single)}
  ];
}
