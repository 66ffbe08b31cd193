// A layer's grid made anew from samples, its curves kept.
import {ArgumentError} from "../../core/errors.ts";
import {checkOptionNames} from "../option-names.ts";
import type {Edges} from "../spline/coefficients.ts";
import {intervalCount} from "../spline/knots.ts";
import {adaptedKnots} from "./adapted.ts";
import {refitted} from "./refitted.ts";

/** What `updatedGrid` takes. */
export interface GridUpdate extends Edges {
  readonly coefficients: Float64Array;
  /** Share of even width: see `adaptedKnots`. 0.02. */
  readonly blend?: number;
  /** Where the curves are kept: at the samples, or at the points of a grid twice as fine. "samples". */
  readonly at?: "samples" | "grid";
}

const OPTIONS: Readonly<Record<keyof GridUpdate, true>> = {
  x: true,
  knots: true,
  coefficients: true,
  inputs: true,
  outputs: true,
  order: true,
  blend: true,
  at: true
};

/** Knots and coefficients of a layer, or of a part of one. */
export interface Splines {
  readonly knots: Float64Array;
  readonly coefficients: Float64Array;
}

/**
 * The knots that samples x [samples, inputs] ask for and the coefficients that keep the curves (pykan's
 * update_grid_from_samples, modes sample and grid). @throws ShapeError, ArgumentError
 *
 * @example
 * import {uniformKnots, updatedGrid} from "petri/kan";
 *
 * const x = Float64Array.from({length: 100}, (_, i) => 3 + i / 50);
 * const coefficients = Float64Array.of(0, 1, -1, 2, 0, 1);
 * const knots = uniformKnots({intervals: 3, order: 3, range: [2, 6]});
 * display(updatedGrid({x, knots, coefficients, inputs: 1, outputs: 1, order: 3}));
 */
export function updatedGrid(update: GridUpdate): Splines {
  checkOptionNames("updatedGrid", update, OPTIONS);
  const {x, knots, coefficients, inputs, outputs, order, blend = 0.02, at = "samples"} = update;
  if (at !== "samples" && at !== "grid")
    throw new ArgumentError(`at must be "samples" or "grid", got ${String(at)}.`);
  const newKnots = adaptedKnots({x, knots, inputs, order, blend});
  const places = at === "samples" ? x : twiceAsFine({x, knots, inputs, order, blend});
  return {
    knots: newKnots,
    coefficients: refitted({x: places, knots, coefficients, newKnots, inputs, outputs, order})
  };
}

function twiceAsFine({
  x,
  knots,
  inputs,
  order,
  blend
}: Pick<GridUpdate, "x" | "knots" | "inputs" | "order" | "blend">): Float64Array {
  const intervals = 2 * intervalCount(knots.length / inputs, order);
  return interiorPoints(adaptedKnots({x, knots, inputs, order, blend, intervals}), inputs, order);
}

/** Knots without those beyond the ends, as points to compute curves at: [intervals + 1, inputs]. @throws ArgumentError */
export function interiorPoints(knots: Float64Array, inputs: number, order: number): Float64Array {
  const count = knots.length / inputs;
  const points = intervalCount(count, order) + 1;
  return Float64Array.from(
    {length: points * inputs},
    (_, at) => knots[(at % inputs) * count + order + Math.floor(at / inputs)] as number
  );
}
