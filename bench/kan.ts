import {adapterOf, isSoftware} from "./gpu/adapter.ts";
import type {KanTask} from "./kan/task.ts";
import type {KanContenderName, KanTiming} from "./kan/time-kan.ts";
import type {Bench, Measurement} from "./measurement.ts";
import type {Place} from "./steps/place.ts";
import {within} from "./steps/within.ts";

type Backend = "webgpu" | "wasm";

const NETWORKS = [
  {widths: [1000, 1000, 1], batch: 100},
  {widths: [784, 64, 10], batch: 128}
] as const;

type Network = (typeof NETWORKS)[number];

/** Every order at one grid, every grid at one order, and the largest of both. */
function sweep(quick: boolean): Pick<KanTask, "order" | "intervals">[] {
  const orders = quick ? [3, 10] : [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  const grids = quick ? [3] : [3, 10, 30, 100];
  return [
    ...orders.map((order) => ({order, intervals: 5})),
    ...grids.map((intervals) => ({order: 3, intervals})),
    ...(quick ? [] : [{order: 10, intervals: 100}])
  ];
}

/** Numbers in all bases at once, and multiplications of a pass: what composed versions make and a page can stand in seconds. */
const MOST_BASES = 3e7;
const MOST_PRODUCTS = {tfjs: 4e9, tfjsOnSoftware: 1.2e8, jax: 4e9, jaxOnSoftware: 1e9};

const productsOf = ({widths, batch, order, intervals}: KanTask) =>
  widths.slice(1).reduce((sum, units, i) => sum + (widths[i] as number) * units, 0) *
  (intervals + order + 1) *
  batch;

/** Contenders that can do a task in the time and memory of a page. */
function contendersFor(task: KanTask, slow: boolean): KanContenderName[] {
  const bases = task.batch * (task.widths[0] as number) * (task.intervals + task.order) * task.order;
  const can = (most: number) => bases <= MOST_BASES && productsOf(task) <= most;
  return [
    "petri",
    "MLP",
    ...(can(slow ? MOST_PRODUCTS.tfjsOnSoftware : MOST_PRODUCTS.tfjs) ? (["plain tfjs"] as const) : []),
    ...(can(slow ? MOST_PRODUCTS.jaxOnSoftware : MOST_PRODUCTS.jax) ? (["jax-js"] as const) : [])
  ];
}

/** Losses of contenders that compute the same agree so far. */
const AGREEMENT = 1e-3;

async function splines(
  place: Place,
  backend: Backend,
  network: Network,
  quick: boolean
): Promise<Measurement[]> {
  const slow = backend === "webgpu" && isSoftware(await adapterOf(place, backend));
  const measurements: Measurement[] = [];
  const own = new Map<string, number>();
  let device = "";
  const name = `${network.widths.join("-")}, batch ${network.batch}`;
  for (const point of sweep(quick)) {
    const task = {...network, ...point};
    const effort = {task, backend, contenders: contendersFor(task, slow), rounds: quick || slow ? 2 : 5};
    const {adapter, result} = await place.measure({backend, name: "timeKan", args: [effort]});
    device = adapter;
    const title = `${name}, order ${point.order}, ${point.intervals} intervals`;
    for (const {name: peer, reason} of result.failed)
      console.error(`${title}: ${peer} cannot do this here: ${reason}`);
    measurements.push(...compare(result.timings, title, adapter));
    own.set(`${point.order} ${point.intervals}`, result.timings[0]?.both ?? 0);
  }
  const [high = 0, usual = 1] = [own.get("10 5"), own.get("3 5")];
  return [
    ...measurements,
    {
      subject: "kan",
      case: `${name}, 5 intervals`,
      metric: "order 10, forward and backward",
      value: high,
      unit: "ms",
      against: "order 3",
      ratio: high / usual,
      better: "lower",
      adapter: device
    }
  ];
}

function compare([own, ...peers]: KanTiming[], title: string, adapter: string): Measurement[] {
  if (!own) return [];
  const shared = {subject: "kan", case: title, better: "lower", adapter} as const;
  const alone = {...shared, against: "", ratio: null};
  if (peers.length === 0)
    return [
      {...alone, metric: "forward", value: own.forward, unit: "ms"},
      {...alone, metric: "forward and backward", value: own.both, unit: "ms"},
      {...alone, metric: "memory", value: own.peakBytes ?? 0, unit: "B"}
    ];
  return peers.flatMap((peer) => {
    if (peer.name !== "MLP" && Math.abs(peer.loss - own.loss) > AGREEMENT * Math.max(1, Math.abs(own.loss)))
      throw new Error(
        `${title}: ${peer.name} has the loss ${peer.loss}, ours ${own.loss}: not the same network.`
      );
    const versus = (metric: string, unit: string, of: "forward" | "both" | "peakBytes"): Measurement => {
      const [value, theirs] = [own[of] ?? 0, peer[of] ?? 0];
      const against = peer.name === "MLP" ? "an MLP of as many parameters" : peer.name;
      return {...shared, metric, unit, value, against, ratio: theirs > 0 ? value / theirs : null};
    };
    return [
      versus("forward", "ms", "forward"),
      versus("forward and backward", "ms", "both"),
      ...(peer.peakBytes === undefined ? [] : [versus("memory", "B", "peakBytes")])
    ];
  });
}

const partsOf = (backend: Backend): [string, Bench][] =>
  NETWORKS.map((network) => [
    `${network.widths.join("-")} on ${backend}`,
    within((place, quick) => splines(place, backend, network, quick))
  ]);

/** Layers of splines beside the same in plain tfjs and jax-js, and beside dense layers of as many parameters; each takes minutes. */
export const kan: Record<string, Bench> = Object.fromEntries([...partsOf("webgpu"), ...partsOf("wasm")]);
