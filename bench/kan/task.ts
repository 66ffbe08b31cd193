// The networks that all contenders compute, made without any of them.
import {generator, type Numbers} from "../steps/task.ts";

/** A network of splines on uniform grids from -1 to 1, with silu beside them. */
export interface KanTask {
  widths: readonly number[];
  batch: number;
  order: number;
  intervals: number;
}

export const GRID = {low: -1, high: 1} as const;

export interface KanNumbers {
  x: Numbers;
  /** One a layer. */
  layers: {coefficients: Numbers; baseWeights: Numbers}[];
}

export function numbersOf({widths, batch, order, intervals}: KanTask): KanNumbers {
  const random = generator(1);
  const bases = intervals + order;
  return {
    x: random.uniform([batch, widths[0] as number], 1),
    layers: widths.slice(1).map((outputs, i) => {
      const inputs = widths[i] as number;
      const limit = 1 / Math.sqrt(inputs);
      return {
        coefficients: random.uniform([inputs, bases, outputs], limit),
        baseWeights: random.uniform([inputs, outputs], limit)
      };
    })
  };
}

/** Knots of a grid, those beyond its ends too. */
export function knotsOf({order, intervals}: KanTask): number[] {
  const step = (GRID.high - GRID.low) / intervals;
  return Array.from({length: intervals + 2 * order + 1}, (_, i) => GRID.low + (i - order) * step);
}

/** One library at work: the loss is the mean of the squared outputs. */
export interface KanContender {
  /** Gives the loss. */
  forward(): Promise<number>;
  /** The loss with the gradients of all parameters, which are thrown away; gives the loss. */
  both(): Promise<number>;
}
