// What a basis is: the functions of one number that an edge is a sum of.
import type {SplineBase} from "../../../gpu/kernels/spline-grid.ts";
import {ArgumentError} from "../../core/errors.ts";
import type {Key} from "../../core/key.ts";
import type {Params} from "../../core/tree.ts";
import {type Tensor, tf} from "../../tf.ts";

/** What belongs to a basis in one layer: trained shapes of its functions, and what is kept beside them. */
export interface BasisValues {
  /** What `init` made. */
  params?: Params | undefined;
  /** What `initState` made, or a grid update since. */
  state?: Params | undefined;
}

/** What an input passes first, so that it comes to lie where the functions are. */
export type Squash = "none" | "tanh" | "layerNorm";

/**
 * Functions B_0 ... B_(size - 1) of one number. An edge from input i to unit j is the sum of coefficients[i, b, j] B_b(x_i).
 */
export interface Basis {
  readonly name: string;
  /** How many functions there are. */
  readonly size: number;
  /** What an input passes first unless the layer is told otherwise; "none" by default. */
  readonly squash?: Squash;
  /** Whether edges have a residual function and a common factor by default, as pykan's. */
  readonly isResidual?: boolean;
  /** Trained parameters of the functions themselves, for so many inputs. */
  init?(key: Key, inputs: number): Params;
  /** What is kept beside the parameters: adaptive knots. */
  initState?(inputs: number): Params;
  /** The functions at x [rows, inputs]: [rows, inputs, size], differentiable as often as one likes. */
  features(x: Tensor, own: BasisValues): Tensor;
  /** All edges of a layer in one pass, [rows, units], where the basis has a kernel for that. */
  dense?(edges: DenseEdges): Tensor;
  /** Fresh coefficients, [inputs, size, units]. */
  coefficients(key: Key, inputs: number, units: number): Tensor;
}

/** The edges from x [rows, inputs] to units. */
export interface DenseEdges {
  x: Tensor;
  /** [inputs, size, units]. */
  coefficients: Tensor;
  /** [inputs, units]: factors of the residual function. */
  baseWeights: Tensor | undefined;
  base: SplineBase;
  own: BasisValues;
}

/** Throws unless `range` is two finite numbers, the lower one first. */
export function checkRange([low, high]: readonly [number, number]): void {
  if (Number.isFinite(low) && Number.isFinite(high) && low < high) return;
  throw new ArgumentError(
    `range must be two finite numbers, the lower one first, e.g. [-1, 1]; got [${low}, ${high}].`
  );
}

/** Numbers of any precision as a float32 tensor. */
export function constant(values: ArrayLike<number>, shape: readonly number[]): Tensor {
  return tf.tensor(Float32Array.from(values), [...shape]);
}

/** `count` numbers of even distance from low to high. */
export function linspace([low, high]: readonly [number, number], count: number): number[] {
  return Array.from({length: count}, (_, i) => low + ((high - low) * i) / (count - 1));
}
