import {type ActivationName, activationOf} from "../../core/activations.ts";
import {ArgumentError, checkCount} from "../../core/errors.ts";
import type {Key} from "../../core/key.ts";
import type {Layer} from "../../core/layer.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";

/**
 * A nonlinearity whose scales are learned: outer f(inner x), a number each, both 1 at the start. [batch, ...shape] -> the same.
 *
 * @example
 * import {key, tf} from "petri/core";
 * import {scaledActivation} from "petri/pruning";
 *
 * const layer = scaledActivation("silu");
 * display(Object.keys(layer.init(key(0), [3])));
 * display(layer.apply({outer: tf.scalar(2), inner: tf.scalar(0.5)}, tf.tensor1d([-2, 0, 2])).arraySync());
 */
export function scaledActivation(
  nonlinearity: ActivationName | ((x: Tensor) => Tensor)
): Layer<{outer: Tensor; inner: Tensor}> {
  const f = activationOf(nonlinearity);
  return {
    name: "scaledActivation",
    init: () => ({outer: tf.scalar(1), inner: tf.scalar(1)}),
    apply: ({outer, inner}, x) => tidy(() => tf.mul(outer, f(tf.mul(inner, x)))),
    flops: (shape) => 3 * shape.reduce((size, dim) => size * dim, 1)
  };
}

export interface ActivationSearchOptions {
  /** How many layers get a nonlinearity. */
  layers: number;
  /** The cost of a choice, lower is better: the validation error of the pruned network, trained for a while with these. */
  cost(choice: readonly ActivationName[]): number | Promise<number>;
  /** What there is to choose from. */
  pool?: readonly ActivationName[];
  /** Where the search begins: relu everywhere by default. */
  first?: readonly ActivationName[];
  /** Neighbours that are tried. */
  iterations: number;
  /** A neighbour is compared with the cost of so many iterations ago, 5 by default. 1 is plain hill climbing. */
  memory?: number;
  key: Key;
}

/** An iteration of the search; the last row has the best choice of all. */
export interface ActivationSearchRow {
  iteration: number;
  cost: number;
  choice: readonly ActivationName[];
  isAccepted: boolean;
  best: readonly ActivationName[];
  bestCost: number;
}

const POOL = ["relu", "elu", "selu", "gelu", "silu", "tanh", "softplus", "mish"] as const;

/**
 * Activations for sparse networks, the search of the first stage (Loni et al. 2023): late acceptance hill climbing (Burke & Bykov 2017) over one nonlinearity a layer. A neighbour differs in one
 * layer, and is accepted when it costs no more than the present choice or than the one of `memory` iterations ago. Choices that were seen before are not computed again. The second stage
 * is training the network with `scaledActivation` of what was found, and a recipe of its own. Left out: the search of that recipe, and the further functions of the paper's pool.
 *
 * @example
 * import {key} from "petri/core";
 * import {searchActivations} from "petri/pruning";
 *
 * // A toy cost: tanh in every layer is best.
 * const cost = (choice) => choice.filter((name) => name !== "tanh").length;
 * const rows = [];
 * for await (const row of searchActivations({layers: 3, cost, iterations: 60, key: key(1)})) rows.push(row);
 * display(Plot.lineY(rows, {x: "iteration", y: "bestCost", curve: "step"}).plot({height: 160}));
 * display(rows.at(-1).best);
 */
export async function* searchActivations(
  options: ActivationSearchOptions
): AsyncGenerator<ActivationSearchRow, void, undefined> {
  const {layers, cost, pool = POOL, iterations, memory = 5, key} = options;
  checkCount("layers", layers);
  checkCount("iterations", iterations);
  checkCount("memory", memory);
  for (const name of pool) activationOf(name);
  if (pool.length < 2) throw new ArgumentError(`pool needs two nonlinearities at least, got ${pool.length}.`);
  const {first = Array<ActivationName>(layers).fill("relu")} = options;
  if (first.length !== layers)
    throw new ArgumentError(
      `first must have a nonlinearity for each of ${layers} layers, got ${first.length}.`
    );
  const known = new Map<string, number>();
  const costOf = async (choice: readonly ActivationName[]) => {
    const found = known.get(choice.join()) ?? (await cost(choice));
    if (!Number.isFinite(found) && found !== Infinity)
      throw new ArgumentError(`The cost of ${choice.join(", ")} must be a number, got ${String(found)}.`);
    known.set(choice.join(), found);
    return found;
  };
  let now = {choice: [...first], cost: await costOf(first)};
  let best = now;
  const history = Array<number>(memory).fill(now.cost);
  const row = (iteration: number, tried: typeof now, isAccepted: boolean) => ({
    ...{iteration, isAccepted, cost: tried.cost, choice: tried.choice},
    ...{best: best.choice, bestCost: best.cost}
  });
  yield row(0, now, true);
  for (let iteration = 1; iteration <= iterations; ++iteration) {
    const choice = neighbour(now.choice, pool, key.fold(iteration));
    const tried = {choice, cost: await costOf(choice)};
    const slot = iteration % memory;
    const isAccepted = tried.cost <= now.cost || tried.cost <= (history[slot] as number);
    if (isAccepted) now = tried;
    if (now.cost < best.cost) best = now;
    if (now.cost < (history[slot] as number)) history[slot] = now.cost;
    yield row(iteration, tried, isAccepted);
  }
}

/** The same choice with another nonlinearity in one layer. */
function neighbour(
  choice: readonly ActivationName[],
  pool: readonly ActivationName[],
  key: Key
): ActivationName[] {
  const [where = 0, which = 0] = key.uniform(2);
  const layer = Math.floor(where * choice.length);
  const others = pool.filter((name) => name !== choice[layer]);
  const other = others[Math.floor(which * others.length)] as ActivationName;
  return choice.map((name, i) => (i === layer ? other : name));
}
