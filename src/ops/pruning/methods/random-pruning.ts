import {ArgumentError} from "../../core/errors.ts";
import {type Key, key as keyOf} from "../../core/key.ts";
import type {Params} from "../../core/tree.ts";
import {type Distribution, erdosRenyi, erdosRenyiKernel, uniform} from "../distributions.ts";
import {disposeMasks, type Masks, sparsityByLayer} from "../masks.ts";
import {prune} from "../prune.ts";
import type {Evidence} from "../scores/evidence.ts";
import {grasp} from "../scores/grasp.ts";
import {random} from "../scores/random.ts";
import {snip} from "../scores/snip.ts";

const RATIOS = {uniform, er: erdosRenyi(), erk: erdosRenyiKernel()};
const CRITERIA = {snip, grasp: grasp()};

/** How sparse each layer is: by a rule, as a criterion would have it, as a distribution says, or as in given masks. */
export type Ratios = keyof typeof RATIOS | keyof typeof CRITERIA | Distribution | {masks: Masks};

export interface RandomPruningOptions extends Evidence {
  /** Share of the prunable weights that are zero, in [0, 1); masks to take the ratios from bring their own. */
  sparsity?: number;
  /** "erk" by default. "snip" and "grasp" need a model and data to look at. */
  ratios?: Ratios;
  /** The source of the masks; key(0) by default. */
  key?: Key;
}

/**
 * Random pruning at the start (Liu et al. 2022): masks that know nothing but how sparse each layer is. Train under them with
 * `staticSparse(optimizer, {sparsity, masks})`. Ratios come from "uniform", "er", "erk", from the masks that "snip" or "grasp" would choose (only
 * how many weights a layer has, never which), from a distribution, or from {masks}. A layer that a criterion empties keeps one weight. The caller owns
 * the masks.
 *
 * @example
 * import {key, mlp} from "petri/core";
 * import {digits} from "petri/datasets";
 * import {randomPruning, sparsityByLayer} from "petri/pruning";
 *
 * const model = mlp([64, 100, 10]);
 * const params = model.init(key(0));
 * const data = await digits();
 * const layers = [];
 * for (const ratios of ["uniform", "er", "erk", "snip"])
 *   layers.push({ratios, ...await sparsityByLayer(await randomPruning(params, {sparsity: 0.9, ratios, model, data}))});
 * display(Inputs.table(layers));
 */
export async function randomPruning(params: Params, options: RandomPruningOptions): Promise<Masks> {
  const {ratios = "erk", key = keyOf(0)} = options;
  return prune(params, {
    ...options,
    score: random(key),
    scope: "local",
    distribution: await distributionOf(ratios, params, options)
  });
}

async function distributionOf(ratios: Ratios, params: Params, options: RandomPruningOptions) {
  if (typeof ratios === "function") return ratios;
  if (typeof ratios === "object") return sharesOf(ratios.masks);
  if (Object.hasOwn(RATIOS, ratios)) return RATIOS[ratios as keyof typeof RATIOS];
  if (!Object.hasOwn(CRITERIA, ratios))
    throw new ArgumentError(
      `ratios must be "uniform", "er", "erk", "snip", "grasp", a distribution or {masks}, got ${JSON.stringify(ratios)}.`
    );
  const chosen = await prune(params, {...options, score: CRITERIA[ratios as keyof typeof CRITERIA]});
  try {
    return await sharesOf(chosen);
  } finally {
    disposeMasks(chosen);
  }
}

/** The sparsity of every layer, just under 1 where nothing is left: a weight stays. */
async function sharesOf(masks: Masks): Promise<Record<string, number>> {
  const shares = Object.entries(await sparsityByLayer(masks, () => true));
  return Object.fromEntries(shares.map(([path, share]) => [path, Math.min(share, 1 - Number.EPSILON)]));
}
