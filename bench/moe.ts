import {adapterOf, isSoftware} from "./gpu/adapter.ts";
import type {Bench, Measurement} from "./measurement.ts";
import type {MoeTask} from "./moe/task.ts";
import type {ProductTimes} from "./moe/time-grouped.ts";
import type {MoeTiming} from "./moe/time-moe.ts";
import type {Place} from "./steps/place.ts";
import {within} from "./steps/within.ts";

type Backend = "webgpu" | "wasm";

const EXPERTS = [8, 64];
const SIZE = {tokens: 4096, features: 256, hidden: 512, k: 2};

const titleOf = ({experts, k, features, hidden, tokens}: MoeTask) =>
  `${experts} experts, top ${k}, ${features} features, ${hidden} hidden, ${tokens} tokens`;

/** The products by themselves: what sorting rows by expert costs beside a dense product of as many rows. */
async function products(place: Place, backend: Backend, quick: boolean): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const experts of EXPERTS) {
    const task = {...SIZE, experts};
    const {adapter, result} = await place.measure({
      backend,
      name: "timeGrouped",
      args: [task, quick ? 3 : 7]
    });
    const {grouped, dense} = result;
    for (const product of Object.keys(grouped) as (keyof ProductTimes)[])
      measurements.push({
        subject: "moe",
        case: titleOf(task),
        metric: `grouped product, ${product}`,
        value: grouped[product],
        unit: "ms",
        against: "a dense product of as much work",
        ratio: grouped[product] / dense[product],
        better: "lower",
        adapter
      });
  }
  return measurements;
}

/** Losses of contenders that compute the same agree so far. */
const AGREEMENT = 1e-3;

const layersOf =
  (experts: number) =>
  async (place: Place, backend: Backend, quick: boolean): Promise<Measurement[]> => {
    const slow = backend === "webgpu" && isSoftware(await adapterOf(place, backend));
    // The einsum dispatch alone would take a software adapter a minute a pass: its work grows with the square of the tokens.
    const task = {...SIZE, experts, ...(slow && {tokens: 1024})};
    // Its passes take minutes where many experts have many slots.
    const isQuickEnough = !quick || experts <= 8;
    const effort = {
      task,
      contenders: [
        "petri",
        "a loop in plain tfjs",
        "dense",
        ...(isQuickEnough ? ["einsum dispatch" as const] : [])
      ] as const,
      rounds: quick ? 1 : 5
    };
    const {adapter, result} = await place.measure({backend, name: "timeMoe", args: [effort]});
    for (const {name, reason} of result.failed)
      console.error(`${titleOf(task)}: ${name} cannot do this here: ${reason}`);
    return compare(result.timings, titleOf(task), adapter, backend);
  };

function compare(
  [own, ...peers]: MoeTiming[],
  title: string,
  adapter: string,
  backend: Backend
): Measurement[] {
  if (!own) return [];
  const shared = {subject: "moe", case: title, better: "lower", adapter} as const;
  const alone = {...shared, against: "", ratio: null, unit: ""};
  return [
    ...(backend === "webgpu"
      ? [
          {...alone, metric: "dispatches forward", value: own.dispatches.outputs},
          {...alone, metric: "dispatches forward and backward, loss included", value: own.dispatches.both}
        ]
      : []),
    ...peers.flatMap((peer) => {
      const isSame = peer.name !== "dense";
      if (isSame && Math.abs(peer.loss - own.loss) > AGREEMENT * Math.max(1, Math.abs(own.loss)))
        throw new Error(
          `${title}: ${peer.name} has the loss ${peer.loss}, ours ${own.loss}: not the same mixture.`
        );
      const against = peer.name === "dense" ? "a dense layer of as much work" : peer.name;
      const versus = (metric: string, unit: string, of: "forward" | "both" | "peakBytes"): Measurement => ({
        ...shared,
        metric,
        unit,
        value: own[of],
        against,
        ratio: own[of] / peer[of]
      });
      return [
        versus("forward", "ms", "forward"),
        versus("forward and backward", "ms", "both"),
        versus("memory", "B", "peakBytes")
      ];
    })
  ];
}

const onBoth = (
  name: string,
  measure: (place: Place, backend: Backend, quick: boolean) => Promise<Measurement[]>
): Record<string, Bench> => ({
  [`${name} on webgpu`]: within((place, quick) => measure(place, "webgpu", quick)),
  [`${name} on wasm`]: within((place, quick) => measure(place, "wasm", quick))
});

/** Mixtures of experts beside the ways to compute them without kernels of their own, and beside dense layers of as much work. */
export const moe: Record<string, Bench> = {
  ...onBoth("products", products),
  ...onBoth("layers of 8", layersOf(8)),
  ...onBoth("layers of 64", layersOf(64))
};
