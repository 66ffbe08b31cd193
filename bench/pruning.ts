import {adapterOf, isSoftware} from "./gpu/adapter.ts";
import type {Bench, Measurement} from "./measurement.ts";
import type {LayerTimes} from "./pruning/time-sparse.ts";
import type {Place} from "./steps/place.ts";
import {within} from "./steps/within.ts";

type Backend = "webgpu" | "wasm";

/** The k-th magnitude and new masks at 90% sparsity, against sorting all magnitudes. */
async function selection(place: Place, backend: Backend, quick: boolean): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const size of [1e6, 1e7]) {
    const {adapter, result} = await place.measure({
      backend,
      name: "timeSelection",
      args: [size, quick ? 2 : 5]
    });
    const {selected, updated, sorted} = result;
    for (const [metric, value] of [
      ["masks from magnitudes", selected],
      ["masks from parameters", updated]
    ] as const)
      measurements.push({
        subject: "pruning",
        case: `${size / 1e6}M weights`,
        metric,
        value,
        unit: "ms",
        against: "sorting all magnitudes",
        ratio: value / sorted,
        better: "lower",
        adapter
      });
  }
  return measurements;
}

/** Sparsities of every format; n of m patterns have those of 2:4, 1:4, 1:8 and 1:16. */
const SPARSITIES = {
  csr: [0.5, 0.7, 0.8, 0.9, 0.95, 0.99],
  bits: [0.5, 0.7, 0.8, 0.9, 0.95, 0.99],
  block: [0.5, 0.7, 0.8, 0.9, 0.95, 0.99],
  nm: [0.5, 0.75, 0.875, 0.9375]
} as const;

type Format = keyof typeof SPARSITIES;

/** A linear layer in a format against the dense one, and the sparsity from which it is faster. */
async function layers(
  format: Format,
  place: Place,
  backend: Backend,
  quick: boolean
): Promise<Measurement[]> {
  const slow = backend === "webgpu" && isSoftware(await adapterOf(place, "webgpu"));
  const size = slow ? 256 : 1024;
  const batch = slow ? 32 : 128;
  const measurements: Measurement[] = [];
  const points: {sparsity: number; ratios: LayerTimes}[] = [];
  let device = "";
  for (const sparsity of SPARSITIES[format].filter((_, i) => !quick || i % 2 === 1)) {
    const {adapter, result} = await place.measure({
      backend,
      name: "timeSparse",
      args: [{format, sparsity, size, batch, rounds: quick ? 5 : 15}]
    });
    device = adapter;
    const {sparse, dense, bytes} = result;
    const shared = {
      subject: "pruning",
      case: `${format}, ${size} x ${size}, batch ${batch}, ${sparsity * 100}% pruned`,
      against: "the dense layer",
      better: "lower",
      adapter
    } as const;
    const ratios = {forward: sparse.forward / dense.forward, both: sparse.both / dense.both};
    points.push({sparsity, ratios});
    measurements.push(
      {...shared, metric: "forward", value: sparse.forward, unit: "ms", ratio: ratios.forward},
      {...shared, metric: "forward and backward", value: sparse.both, unit: "ms", ratio: ratios.both},
      {...shared, metric: "bytes", value: bytes.sparse, unit: "B", ratio: bytes.sparse / bytes.dense}
    );
  }
  for (const [metric, pass] of [
    ["forward", "forward"],
    ["forward and backward", "both"]
  ] as const)
    measurements.push({
      subject: "pruning",
      case: `${format}, ${size} x ${size}, batch ${batch}`,
      metric: `break-even sparsity, ${metric}`,
      value: breakEven(points.map(({sparsity, ratios}) => [sparsity, ratios[pass]])),
      unit: "",
      against: "",
      ratio: null,
      better: "lower",
      adapter: device
    });
  return measurements;
}

/** Where the ratio of times falls through 1, on a line between its neighbours; 1 where it does not, the first sparsity where it begins below. */
function breakEven(points: readonly (readonly [sparsity: number, ratio: number])[]): number {
  const at = points.findIndex((_, i) => points.slice(i).every(([, ratio]) => ratio <= 1));
  if (at < 0) return 1;
  const [[sparsity, ratio], before] = [points[at] as readonly [number, number], points[at - 1]];
  if (!before) return sparsity;
  return before[0] + ((sparsity - before[0]) * (before[1] - 1)) / (before[1] - ratio);
}

/** LeNet-5 without half and three quarters of its channels and units, against the whole. */
async function lenet5(place: Place, backend: Backend, quick: boolean): Promise<Measurement[]> {
  const slow = backend === "webgpu" && isSoftware(await adapterOf(place, "webgpu"));
  const batch = slow ? 16 : 64;
  const measurements: Measurement[] = [];
  for (const sparsity of quick ? [0.5] : [0.5, 0.75]) {
    const task = {sparsity, batch, steps: slow ? 4 : 20, rounds: quick ? 1 : 5};
    const {adapter, result} = await place.measure({backend, name: "timeShrunk", args: [task]});
    const {shrunk, dense} = result;
    for (const [metric, name, unit] of [
      ["outputs of a batch", "outputs", "ms"],
      ["training step", "step", "ms"],
      ["file", "bytes", "B"]
    ] as const)
      measurements.push({
        subject: "pruning",
        case: `LeNet-5 without ${sparsity * 100}% of its channels and units, batch ${batch}`,
        metric,
        value: shrunk[name],
        unit,
        against: "LeNet-5",
        ratio: shrunk[name] / dense[name],
        better: "lower",
        adapter
      });
  }
  return measurements;
}

const layersOn = (backend: Backend): Record<string, Bench> =>
  Object.fromEntries(
    (Object.keys(SPARSITIES) as Format[]).map((format) => [
      `${format} layers on ${backend}`,
      within((place, quick) => layers(format, place, backend, quick))
    ])
  );

/** What pruning costs, and what it saves. */
export const pruning: Record<string, Bench> = {
  selection: within((place, quick) => selection(place, "wasm", quick)),
  ...layersOn("wasm"),
  ...layersOn("webgpu"),
  "LeNet-5 on wasm": within((place, quick) => lenet5(place, "wasm", quick)),
  "LeNet-5 on webgpu": within((place, quick) => lenet5(place, "webgpu", quick))
};
