import type {DepthTiming, Method} from "./forward-forward/time-depth.ts";
import type {Bench, Measurement} from "./measurement.ts";
import {openStepsPage} from "./steps/open-page.ts";
import type {Place} from "./steps/place.ts";

type Backend = "webgpu" | "wasm";

const SIZE = {width: 256, batch: 128};
const METHODS: readonly Method[] = ["backprop", "forward-forward", "mono-forward"];

/** Losses of steps that compute the same agree so far. */
const AGREEMENT = 1e-3;

/** A dense layer's step of Forward-Forward, in kernels of its own and in operations of tfjs. */
async function layer(place: Place, backend: Backend, quick: boolean): Promise<Measurement[]> {
  const effort = {...SIZE, rounds: quick ? 5 : 25};
  const {adapter, result} = await place.measure({backend, name: "timeGoodness", args: [effort]});
  const [own, peer] = result;
  if (!own || !peer || Math.abs(own.loss - peer.loss) > AGREEMENT * Math.max(1, Math.abs(peer.loss)))
    throw new Error(`The layer's loss is ${own?.loss}, and ${peer?.loss} in plain tfjs: not the same step.`);
  const title = `a dense layer of ${SIZE.width}, ${SIZE.batch} positives and negatives`;
  const versus = (metric: string, unit: string, of: "step" | "dispatches"): Measurement => ({
    subject: "forward-forward",
    case: title,
    metric,
    value: own[of],
    unit,
    against: peer.name,
    ratio: own[of] / peer[of],
    better: "lower",
    adapter
  });
  return [
    versus("step", "ms", "step"),
    ...(backend === "webgpu" ? [versus("dispatches", "", "dispatches")] : [])
  ];
}

/** Whole networks: time and memory of a step against their depth. */
async function depth(place: Place, backend: Backend, quick: boolean): Promise<Measurement[]> {
  const depths = quick ? [2, 8] : [2, 4, 8, 16, 32];
  const effort = {...SIZE, methods: METHODS, depths, rounds: quick ? 2 : backend === "wasm" ? 7 : 3};
  const {adapter, result} = await place.measure({backend, name: "timeDepth", args: [effort]});
  const shared = {subject: "forward-forward", better: "lower", adapter} as const;
  const of = (method: Method, layers: number) =>
    result.find((each) => each.method === method && each.depth === layers) as DepthTiming;
  const others = METHODS.slice(1);
  const versus = (method: Method, layers: number, metric: string, unit: string, key: "step" | "bytes") => {
    const [own, peer] = [of(method, layers)[key], of("backprop", layers)[key]];
    const name = `${layers} layers of ${SIZE.width}, batch ${SIZE.batch}, ${method}`;
    return {...shared, case: name, metric, value: own, unit, against: "backprop", ratio: own / peer};
  };
  const slope = (method: Method) => {
    const [first, last] = [depths[0] as number, depths.at(-1) as number];
    return (of(method, last).bytes - of(method, first).bytes) / (last - first);
  };
  return [
    ...others.flatMap((method) =>
      depths.flatMap((layers) => [
        versus(method, layers, "step", "ms", "step"),
        versus(method, layers, "memory besides parameters and optimizer", "B", "bytes")
      ])
    ),
    ...others.map((method) => ({
      ...shared,
      case: `${depths[0]} to ${depths.at(-1)} layers of ${SIZE.width}, batch ${SIZE.batch}, ${method}`,
      metric: "memory for one more layer",
      value: slope(method),
      unit: "B",
      against: "backprop",
      ratio: slope(method) / slope("backprop")
    }))
  ];
}

const within =
  (
    measure: (place: Place, backend: Backend, quick: boolean) => Promise<Measurement[]>,
    backend: Backend
  ): Bench =>
  async ({quick}) => {
    const place = await openStepsPage();
    try {
      return await measure(place, backend, quick);
    } finally {
      await place.close();
    }
  };

/** Layers that learn by themselves beside backpropagation, and the fused step of one beside plain tfjs. */
export const forwardForward: Record<string, Bench> = {
  "a layer on wasm": within(layer, "wasm"),
  "a layer on webgpu": within(layer, "webgpu"),
  "depth on wasm": within(depth, "wasm"),
  "depth on webgpu": within(depth, "webgpu")
};
