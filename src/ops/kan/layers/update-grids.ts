import {ArgumentError} from "../../core/errors.ts";
import {initState, type Layer, type ModelState} from "../../core/layer.ts";
import {clone, dispose, type Params} from "../../core/tree.ts";
import {type Tensor, tidy} from "../../tf.ts";
import {constant} from "../bases/basis.ts";
import {type BSpline, isBSpline} from "../bases/bspline.ts";
import {refitted, type Splines, updatedGrid} from "../grid/index.ts";
import {checkOptionNames} from "../option-names.ts";
import {efficientKnots} from "./efficient-knots.ts";
import {
  float64,
  inputOf,
  kanLayersIn,
  type PlacedKanLayer,
  paramsAt,
  stateAt,
  swapped,
  withParamsAt
} from "./inside.ts";

export interface GridUpdateOptions {
  /** Share of even width in the new knots, from 0 to 1; 0.02 by default. */
  blend?: number;
  /** Where the curves are kept: at the "samples" (the default), or at the points of a "grid" twice as fine. */
  at?: "samples" | "grid";
  /** "pykan" (the default), or "efficient": efficient-kan's, whose knots reach `margin` beyond the samples. */
  rule?: "pykan" | "efficient";
  /** For efficient-kan's rule, 0.01 by default. */
  margin?: number;
}

/**
 * Knots that follow what the layers of a network are given for a batch x: layer by layer from the first, the network run again before each. Coefficients
 * are fitted anew so that the edges stay what they are. Only layers with `bspline({adaptive: true})` change. The parameters and states that come back are
 * new; those given stay. efficient-kan applies its factors twice after its own update; here the curves stay.
 *
 * Throws an ArgumentError where no layer has an adaptive grid, or where samples are not finite.
 *
 * @example
 * import {bspline, kan, updateGrids} from "petri/kan";
 * import {initState, key, random} from "petri/core";
 *
 * const model = kan([1, 3, 1], {basis: bspline({grid: 4, adaptive: true})});
 * const x = random.normal(key(1), [200, 1], 0, 2);
 * const {state} = await updateGrids(model, model.init(key(0)), initState(model, [1]), x);
 * display(state.kan1.knots.arraySync());
 */
export async function updateGrids<P extends Params>(
  model: Layer<P>,
  params: P,
  state: ModelState,
  x: Tensor,
  options: GridUpdateOptions = {}
): Promise<{params: P; state: ModelState}> {
  checkOptionNames("updateGrids", options, {blend: true, at: true, rule: true, margin: true});
  const {rule = "pykan"} = options;
  if (rule !== "pykan" && rule !== "efficient")
    throw new ArgumentError(`rule must be "pykan" or "efficient", got ${JSON.stringify(rule)}.`);
  const inputShape = x.shape.slice(1);
  const adaptive = kanLayersIn(model as Layer, inputShape).filter(
    ({layer: {options: own}}) => isBSpline(own.basis) && own.basis.options.adaptive
  );
  if (adaptive.length === 0)
    throw new ArgumentError(
      "No layer of this network has an adaptive grid: make it with bspline({adaptive: true})."
    );
  let trained: Trained = tidy(() => ({
    params: clone(params as Params),
    state: clone({...initState(model as Layer, inputShape), ...state} as Params) as ModelState
  }));
  try {
    for (const placed of adaptive) {
      const splines = await splinesFor(model as Layer, trained, placed, x, options);
      const next = tidy(() => withSplines(trained, placed, splines));
      dispose([trained.params, trained.state as Params], [next.params, next.state as Params]);
      trained = next;
    }
  } catch (error) {
    dispose([trained.params, trained.state as Params]);
    throw error;
  }
  return trained as {params: P; state: ModelState};
}

interface Trained {
  params: Params;
  state: ModelState;
}

/** New knots and coefficients of one layer, in the order of KanNetwork. */
async function splinesFor(
  model: Layer,
  {params, state}: Trained,
  placed: PlacedKanLayer,
  x: Tensor,
  options: GridUpdateOptions
): Promise<Splines> {
  const {path, layer, inputs} = placed;
  const {basis, units} = layer.options;
  const own = paramsAt(params, path);
  const seen = tidy(() => layer.squash(own, inputOf(model, params, state, x, path)).clone());
  const samples = await float64(seen);
  seen.dispose();
  const splines = {
    x: samples,
    knots: await float64(stateAt(state, placed).knots as Tensor),
    coefficients: swapped(await own.coefficients.data(), [inputs, basis.size, units]),
    inputs,
    outputs: units,
    order: (basis as BSpline).options.order
  };
  const {blend = 0.02, at = "samples", rule = "pykan", margin = 0.01} = options;
  if (rule === "pykan") return updatedGrid({...splines, blend, at});
  const newKnots = efficientKnots(splines, {blend, margin});
  return {knots: newKnots, coefficients: refitted({...splines, newKnots})};
}

function withSplines({params, state}: Trained, placed: PlacedKanLayer, splines: Splines): Trained {
  const {path, layer, inputs} = placed;
  const {basis, units} = layer.options;
  const coefficients = constant(swapped(splines.coefficients, [inputs, units, basis.size]), [
    inputs,
    basis.size,
    units
  ]);
  const knots = constant(splines.knots, [inputs, splines.knots.length / inputs]);
  return {
    params: withParamsAt(params, path, {...paramsAt(params, path), coefficients}),
    state: {...state, [path || layer.name]: {...stateAt(state, placed), knots} as Params}
  };
}
