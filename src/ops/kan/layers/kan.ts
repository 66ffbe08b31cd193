import {ArgumentError, checkCount} from "../../core/errors.ts";
import type {Key} from "../../core/key.ts";
import type {Layer, Shape} from "../../core/layer.ts";
import {flatten} from "../../core/layers/flatten.ts";
import {layerNorm} from "../../core/layers/layer-norm.ts";
import {sequential} from "../../core/layers/sequential.ts";
import type {Params} from "../../core/tree.ts";
import {sizeOf} from "../../datasets/dataset.ts";
import {bspline} from "../bases/bspline.ts";
import {CHEBYSHEV_OPTIONS, type ChebyshevOptions, chebyshev} from "../bases/chebyshev.ts";
import {RBF_OPTIONS, type RbfOptions, rbf} from "../bases/rbf.ts";
import {type KanLevel, nodeCount} from "../network.ts";
import {checkLayerNames, checkOptionNames} from "../option-names.ts";
import {torchLinear} from "./initializers.ts";
import {type KanLayerOptions, kanLayer, SHARED_OPTIONS} from "./kan-layer.ts";
import {levelOf, multiplyNodes, type Width} from "./multiply-nodes.ts";

export interface KanModelOptions extends Omit<KanLayerOptions, "units"> {
  /** Layer normalisation between the layers, as ChebyKAN has it; false by default. */
  normalise?: boolean;
  /** Numbers that a node multiplies, 2 by default. */
  arity?: number;
}

/** A network whose `init` needs no shape: it knows the size of its inputs. */
export interface Kan extends Layer<Record<string, Params>> {
  readonly widths: readonly Width[];
  readonly options: KanModelOptions;
  init(key: Key, inputShape?: Shape): Record<string, Params>;
}

/**
 * A Kolmogorov-Arnold network (Liu et al. 2024): kan([2, 5, 1]) has two inputs, five nodes that add up functions of them, and an output that
 * adds up functions of those; [2, [3, 2], 1] has two nodes that multiply besides. Options are those of `kanLayer`; without any this is pykan's
 * network. Inputs of any shape with that many numbers are flattened.
 *
 * @example
 * import {bspline, kan} from "petri/kan";
 * import {fit} from "petri/core";
 * import {split, twoMoons} from "petri/datasets";
 *
 * const {train, test} = split(twoMoons({n: 300}), {test: 0.3});
 * const training = fit(kan([2, 4, 2], {basis: bspline({grid: 5, range: [-2, 2]})}), train, {test, steps: 150, logEvery: 10});
 * const rows = [];
 * for await (const row of training) rows.push(row);
 * training.dispose();
 * display(rows.at(-1).testAccuracy);
 */
export function kan(widths: readonly Width[], options: KanModelOptions = {}): Kan {
  checkLayerNames("kan", options, {...SHARED_OPTIONS, normalise: true, arity: true});
  const {normalise = false, arity = 2, ...layerOptions} = options;
  if (!Array.isArray(widths) || widths.length < 2)
    throw new ArgumentError(
      `kan needs the sizes of inputs and outputs at least, e.g. [2, 5, 1]; got ${JSON.stringify(widths)}.`
    );
  checkCount("arity", arity, 2);
  const [first, ...levels] = widths.map(levelOf);
  if (first && first.multiply > 0)
    throw new ArgumentError(
      `The first level are the inputs: they cannot multiply, got ${first.multiply} that should.`
    );
  const inputs = nodeCount(first as ReturnType<typeof levelOf>);
  const layers = levels.flatMap((level, i): Layer[] => {
    const edges: Layer = kanLayer({...layerOptions, units: level.sum + arity * level.multiply});
    const nodes = level.multiply > 0 ? [multiplyNodes(level, arity)] : [];
    // One number alone would always be 0 after its normalisation.
    const isNormalised = normalise && i > 0 && nodeCount(levels[i - 1] as KanLevel) > 1;
    return isNormalised ? [layerNorm(), edges, ...nodes] : [edges, ...nodes];
  });
  const network = sequential([flatten(), ...layers]);
  return {
    ...network,
    name: "kan",
    widths,
    options,
    init: (key, inputShape = [inputs]) => network.init(key, checked(inputShape, inputs))
  };
}

function checked(inputShape: Shape, inputs: number): Shape {
  if (sizeOf(inputShape) === inputs) return inputShape;
  throw new ArgumentError(
    `This kan takes ${inputs} numbers an example, the data has ${sizeOf(inputShape)} ([${inputShape.join(", ")}]): make ${sizeOf(inputShape)} its first size.`
  );
}

export interface EfficientKanOptions {
  /** Intervals, 5 by default. */
  grid?: number;
  /** Degree of the splines, 3 by default. */
  order?: number;
  /** Ends of the grid, [-1, 1] by default. */
  range?: readonly [number, number];
  /** Grids follow the data in `updateGrids`; false by default. */
  adaptive?: boolean;
  /** A factor of its own for each edge's spline, as enable_standalone_scale_spline; true by default. */
  useScale?: boolean;
}

const EFFICIENT_OPTIONS: Readonly<Record<keyof EfficientKanOptions, true>> = {
  grid: true,
  order: true,
  range: true,
  adaptive: true,
  useScale: true
};

/**
 * efficient-kan's network (Blealtan 2024): the same functions as pykan's with weights that begin as those of linear layers, which is what makes
 * it learn images; grid 5, noise 0.1. Its penalty on weights is `weightPenalty`.
 *
 * @example
 * import {efficientKan} from "petri/kan";
 * import {key, tree} from "petri/core";
 *
 * display(tree.size(efficientKan([784, 64, 10]).init(key(0))));
 */
export function efficientKan(widths: readonly Width[], options: EfficientKanOptions = {}): Kan {
  checkOptionNames("efficientKan", options, EFFICIENT_OPTIONS);
  const {grid = 5, order = 3, range = [-1, 1], adaptive = false, useScale = true} = options;
  const basis = bspline({grid, order, range, adaptive, noise: 0.1});
  return kan(widths, {basis, useScale, baseInit: torchLinear, scaleInit: torchLinear});
}

/**
 * FastKAN's network (Li 2024): Gaussian bumps of layer-normalised inputs, and silu of the inputs as they are through a linear layer.
 *
 * @example
 * import {fastKan} from "petri/kan";
 * import {key, tree} from "petri/core";
 *
 * display(tree.size(fastKan([784, 64, 10]).init(key(0))));
 */
export function fastKan(widths: readonly Width[], options: RbfOptions = {}): Kan {
  checkOptionNames("fastKan", options, RBF_OPTIONS);
  return kan(widths, {basis: rbf(options), baseInit: torchLinear, useBias: true});
}

/**
 * ChebyKAN's network (SynodicMonth 2024): Chebyshev polynomials of tanh(x), no residual function, layer normalisation between the layers.
 *
 * @example
 * import {chebyKan} from "petri/kan";
 * import {key, tree} from "petri/core";
 *
 * display(tree.size(chebyKan([784, 32, 16, 10]).init(key(0))));
 */
export function chebyKan(widths: readonly Width[], options: ChebyshevOptions = {}): Kan {
  checkOptionNames("chebyKan", options, CHEBYSHEV_OPTIONS);
  return kan(widths, {basis: chebyshev(options), normalise: true});
}
