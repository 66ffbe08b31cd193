import type {Measurement} from "../measurement.ts";
import {type ModelName, modelNames} from "../steps/models/names.ts";
import type {JaxDevice} from "../steps/peers/jax-js.ts";
import type {Place} from "../steps/place.ts";
import type {Effort, Timing} from "../steps/time-steps.ts";
import {median} from "../support/median.ts";
import {adapterOf, isSoftware} from "./adapter.ts";

/** The losses of contenders that compute the same agree so far after a few steps in float32. */
const AGREEMENT = 2e-3;

/** A training step of some models beside the same in plain tfjs and in jax-js, all with Adam. */
export const modelSteps =
  (backend: JaxDevice, models: readonly ModelName[] = modelNames) =>
  async (place: Place, quick: boolean): Promise<Measurement[]> => {
    const slow = backend === "webgpu" && isSoftware(await adapterOf(place, backend));
    const measurements: Measurement[] = [];
    for (const model of models) {
      const effort = effortFor(model, quick, slow);
      const {adapter, result} = await place.measure({
        backend,
        name: "timeSteps",
        args: [backend, model, effort]
      });
      const shared = {subject: "gpu", case: `${model}, Adam, batch ${effort.batch}, ${backend}`, adapter};
      const {timings, failed} = result;
      const [own] = timings;
      for (const {name, reason} of failed) console.error(`${model}: ${name} cannot do this here: ${reason}`);
      if (backend === "webgpu" && own?.note !== "recorded") console.error(`${model}: ${own?.note}`);
      measurements.push(...compare(timings, {...shared, better: "lower"}, backend));
    }
    return measurements;
  };

/** A step of tfjs's takes ten seconds and more on a software adapter. */
function effortFor(model: ModelName, quick: boolean, slow: boolean): Effort {
  const isSmall = model === "MLP 784-300-100-10" || !slow;
  return {
    batch: quick && !isSmall ? 8 : 128,
    rounds: isSmall ? (quick ? 3 : 9) : quick ? 1 : 2,
    roundMs: quick ? 150 : 400
  };
}

type Shared = Pick<Measurement, "subject" | "case" | "adapter" | "better">;

function compare(timings: Timing[], shared: Shared, backend: JaxDevice): Measurement[] {
  const [own, ...peers] = timings as [Timing, ...Timing[]];
  const rows = peers.flatMap((peer) => {
    checkLosses(own, peer, shared.case);
    const versus = (metric: string, unit: string, figure: (timing: Timing) => number): Measurement => {
      const [value, theirs] = [figure(own), figure(peer)];
      return {...shared, metric, unit, value, against: peer.name, ratio: theirs > 0 ? value / theirs : null};
    };
    const time = versus("training step", "ms", ({stepMs}) => median(stepMs));
    if (backend === "wasm") return [time];
    const thread = versus("JavaScript a step", "us", ({threadUs}) => threadUs);
    return [
      time,
      // jax-js puts it off until a result is read.
      ...(peer.name === "jax-js" ? [] : [thread]),
      versus("dispatches a step", "", ({counts}) => counts.dispatches),
      versus("submits a step", "", ({counts}) => counts.submits),
      versus("buffers and bind groups made a step", "", ({counts}) => counts.made),
      versus("bytes of buffers made a step", "B", ({counts}) => counts.bytes)
    ];
  });
  return rows;
}

function checkLosses(own: Timing, peer: Timing, name: string): void {
  for (let step = 0; step < Math.min(own.losses.length, peer.losses.length); ++step) {
    const [ours, theirs] = [own.losses[step] as number, peer.losses[step] as number];
    if (Math.abs(ours - theirs) < AGREEMENT * Math.max(1, Math.abs(theirs))) continue;
    throw new Error(
      `${name}: ${peer.name} has the loss ${theirs} at step ${step + 1}, ours ${ours}: not the same step.`
    );
  }
}
