import {denseProduct} from "../../../gpu/kernels/dense.ts";
import {ArgumentError, checkCount, ShapeError} from "../../core/errors.ts";
import {type Initializer, lecunNormal} from "../../core/initializers.ts";
import type {Key} from "../../core/key.ts";
import type {Context} from "../../core/layer.ts";
import {gru, gruCell} from "../../core/layers/gru.ts";
import type {RecurrentParams} from "../../core/layers/recurrent.ts";
import {stopGradient} from "../../core/stop-gradient.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {Choices, Router} from "../routing.ts";
import {checkChoices, checkRouter, routerInit} from "./logits.ts";
import {topChoices} from "./top-k-router.ts";

export interface RecurrentRouterOptions {
  /** Size of the state that goes from layer to layer. */
  units: number;
  /** Experts for each token; 2 by default. */
  k?: number;
  /** "own" (the default), whose weights it leaves for later layers, or "before", the one of a layer before: one for all layers, as in the paper. */
  cell?: "own" | "before";
  /** Lets no gradient go back to the routers of earlier layers. */
  detach?: boolean;
  kernelInit?: Initializer;
}

/** Tokens to units, [features, units]; the cell, where it is its own; units to experts, [units, experts]. */
export type RecurrentRouterParams = {project: Tensor; cell?: RecurrentParams; kernel: Tensor};

/** Names under which routers leave their states and the weights of their cell. */
const STATE = "routerState";
const CELL = "routerCell/";

/**
 * A router that knows what those of earlier layers decided (layerwise recurrent router, Qiu et al. 2024): each token has a state that
 * goes through a gated recurrent unit from layer to layer, h = GRU(x P, h of the layer before), zeros before the first, and its experts are the top k of
 * the softmax of h W. The state goes over depth, not over time, so tokens are still computed together. Layers of one network find each
 * other through the context; the first has the cell.
 *
 * @example
 * import {fit, residual, sequential, dense} from "petri/core";
 * import {gaussians} from "petri/datasets";
 * import {mlpExpert, moe, recurrentRouter} from "petri/moe";
 *
 * const mixture = (cell) => residual(moe({experts: 4, expert: mlpExpert({hidden: 8}), router: recurrentRouter({units: 8, cell})}));
 * const model = sequential([dense({units: 8}), mixture("own"), mixture("before"), dense({units: 3})]);
 * const training = fit(model, gaussians({n: 300, classes: 3}), {steps: 40, logEvery: 20});
 * for await (const row of training) display(row);
 * training.dispose();
 */
export function recurrentRouter(options: RecurrentRouterOptions): Router<RecurrentRouterParams> {
  checkRouter("recurrentRouter", options, {units: true, k: true, cell: true, detach: true, kernelInit: true});
  const {units, k = 2, cell = "own", detach = false, kernelInit = lecunNormal} = options;
  checkCount("units", units);
  if (cell !== "own" && cell !== "before")
    throw new ArgumentError(`cell must be "own" or "before", got ${String(cell)}.`);
  return {
    name: "recurrentRouter",
    k,
    // The cell is two products with three columns for each unit.
    flops: ({features, experts}) => 2 * units * (features + 6 * units + experts),
    init(key, shape, path = "router") {
      checkChoices(k, shape, path);
      return {
        project: kernelInit(key.fold(0), [shape.features, units]),
        ...(cell === "own" && {cell: initCell(key.fold(1), units)}),
        kernel: routerInit(key.fold(2), [units, shape.experts])
      };
    },
    route(params, x, shape, context) {
      const path = context?.path ?? "router";
      checkChoices(k, shape, path);
      const weights = cell === "own" ? (params.cell as RecurrentParams) : cellBefore(context, path);
      const before = stateBefore(context, [x.shape[0] as number, units], path);
      const [choices, state] = tidy((): [Choices, Tensor] => {
        const first = before ?? tf.zeros([x.shape[0] as number, units]);
        const seen = denseProduct(x, params.project, undefined, "linear");
        const next = gruCell(weights, seen, detach ? stopGradient(first) : first);
        const logits = denseProduct(next, params.kernel, undefined, "linear");
        return [topChoices(logits, {k, weights: "renormalised"}, context), next];
      });
      if (!context?.leave) state.dispose();
      context?.leave?.(STATE, state);
      if (cell === "own")
        for (const [name, weight] of Object.entries(weights)) context?.leave?.(CELL + name, weight);
      return choices;
    }
  };
}

function initCell(key: Key, units: number): RecurrentParams {
  return gru({units}).init(key, [1, units]);
}

/** The cell of the layer before. */
function cellBefore(context: Context | undefined, path: string): RecurrentParams {
  const names = ["kernel", "recurrentKernel", "bias", "recurrentBias"];
  const found = names.map((name) => [name, context?.left?.(CELL + name)]);
  if (found.some(([, weight]) => !weight))
    throw new ArgumentError(
      `${path} goes on with the cell of a layer before it, and there is none. Give the first one {cell: "own"}, in the same network.`
    );
  return Object.fromEntries(found) as RecurrentParams;
}

function stateBefore(
  context: Context | undefined,
  shape: [number, number],
  path: string
): Tensor | undefined {
  const state = context?.left?.(STATE);
  if (!state || state.shape.join() === shape.join()) return state;
  throw new ShapeError(
    `${path}: the router before left states of shape [${state.shape.join(", ")}], expected [${shape.join(", ")}]. Keep the tokens and use the same units in all layers.`
  );
}
