import {ArgumentError, checkCount, checkNumber} from "../../core/errors.ts";
import {Key, key as keyOf} from "../../core/key.ts";
import {
  type KanBase,
  type KanLayer,
  type KanLevel,
  type KanNetwork,
  nodeCount,
  subnodeCount
} from "../network.ts";
import {checkOptionNames} from "../option-names.ts";
import {coefficientsFrom} from "../spline/coefficients.ts";
import {checkGrid, uniformKnots} from "../spline/knots.ts";

/** A network to make. The defaults are pykan's. */
export interface KanOptions {
  /**
   * Nodes of each level from the inputs: how many add, or [how many add, how many multiply]: [2, [3, 1], 1]. [3, [2, 4]] are
   * three that add, one that multiplies two subnodes and one that multiplies four.
   */
  width: readonly (number | readonly [number, number | readonly number[]])[];
  /** Intervals of each edge's grid, 3 by default. */
  grid?: number;
  /** Degree of the splines, 3 by default. */
  order?: number;
  /** The function beside each spline, "silu" by default. */
  base?: KanBase;
  /** Subnodes that a node multiplies, 2 by default. */
  arity?: number;
  /** Where the grids begin and end, [-1, 1] by default. */
  range?: readonly [number, number];
  /** Size of the noise that splines begin with, 0.3 by default: uniform, noise / grid wide. */
  noise?: number;
  /** The base functions' scales are uniform: this mean and half this width, both over sqrt(inputs). 0 and 1 by default. */
  baseMean?: number;
  baseSpread?: number;
  /** The splines' scale, over sqrt(inputs), 1 by default. */
  splineScale?: number;
  /** Source of the numbers: a seed, 1 by default, or a key. */
  seed?: number;
  key?: Key;
}

const OPTIONS: Readonly<Record<keyof KanOptions, true>> = {
  width: true,
  grid: true,
  order: true,
  base: true,
  arity: true,
  range: true,
  noise: true,
  baseMean: true,
  baseSpread: true,
  splineScale: true,
  seed: true,
  key: true
};

const BASES: readonly KanBase[] = ["silu", "identity", "zero"];

/**
 * A network in float64, as pykan begins one: splines of small noise (of all that pass through it at the knots, those with the
 * smallest coefficients), and uniform scales of the base function. @throws ArgumentError
 *
 * @example
 * import {kanNetwork, predict} from "petri/kan";
 *
 * const network = kanNetwork({width: [2, 5, 1], grid: 5, seed: 42});
 * display(network.levels);
 * display(predict(network, [0.5, -0.5]));
 */
export function kanNetwork(options: KanOptions): KanNetwork {
  checkOptionNames("kanNetwork", options, OPTIONS);
  const {width, grid = 3, order = 3, base = "silu", arity = 2, range = [-1, 1], seed = 1} = options;
  const {noise = 0.3, baseMean = 0, baseSpread = 1, splineScale = 1, key = keyOf(seed)} = options;
  if (!(key instanceof Key))
    throw new ArgumentError(`key must be a key, such as key(1), got ${String(key)}.`);
  if (!BASES.includes(base))
    throw new ArgumentError(`base must be one of ${BASES.join(", ")}, got ${String(base)}.`);
  checkGrid(grid, order);
  checkCount("arity", arity, 2);
  checkNumber("noise", noise, 0);
  for (const [name, value] of Object.entries({baseMean, baseSpread, splineScale})) checkNumber(name, value);
  const levels = levelsOf(width);
  const layers = levels.slice(1).map((level, l) => {
    const [inputs, outputs] = [nodeCount(levels[l] as KanLevel), subnodeCount(level, arity)];
    const [forNoise, forBase] = key.fold(l).split(2) as [Key, Key];
    return freshLayer({
      ...{
        inputs,
        outputs,
        nodes: nodeCount(level),
        grid,
        order,
        range,
        noise,
        baseMean,
        baseSpread,
        splineScale
      },
      noiseDraws: forNoise.uniform((grid + 1) * inputs * outputs),
      baseDraws: forBase.uniform(inputs * outputs)
    });
  });
  return {levels, arity, order, base, layers};
}

/** What a layer is made of: sizes, and uniform numbers in [0, 1) for its noise [grid + 1, inputs, outputs] and its base scales. */
export interface FreshLayer {
  inputs: number;
  outputs: number;
  /** Nodes of the next level. */
  nodes: number;
  grid: number;
  order: number;
  range: readonly [number, number];
  noise: number;
  baseMean: number;
  baseSpread: number;
  splineScale: number;
  noiseDraws: Numbers;
  baseDraws: Numbers;
}

type Numbers = ArrayLike<number>;

/** A layer before training, from the uniform numbers given. @throws ArgumentError */
export function freshLayer(wanted: FreshLayer): KanLayer {
  const {inputs, outputs, nodes, grid, order, range, noise, noiseDraws, baseDraws} = wanted;
  const knots = uniformKnots({inputs, intervals: grid, order, range});
  const count = knots.length / inputs;
  const x = Float64Array.from(
    {length: (grid + 1) * inputs},
    (_, at) => knots[(at % inputs) * count + order + Math.floor(at / inputs)] as number
  );
  const y = Float64Array.from(noiseDraws, (draw) => ((draw - 0.5) * noise) / grid);
  const root = Math.sqrt(inputs);
  const edges = inputs * outputs;
  return {
    inputs,
    outputs,
    intervals: grid,
    knots,
    coefficients: coefficientsFrom({x, y, knots, inputs, outputs, order}),
    baseScale: Float64Array.from(
      baseDraws,
      (u) => wanted.baseMean / root + (wanted.baseSpread * (2 * u - 1)) / root
    ),
    splineScale: new Float64Array(edges).fill(wanted.splineScale / root),
    mask: new Float64Array(edges).fill(1),
    symbolic: new Array<null>(edges).fill(null),
    subnodeScale: new Float64Array(outputs).fill(1),
    subnodeBias: new Float64Array(outputs),
    nodeScale: new Float64Array(nodes).fill(1),
    nodeBias: new Float64Array(nodes)
  };
}

function levelsOf(width: KanOptions["width"]): KanLevel[] {
  if (!Array.isArray(width) || width.length < 2)
    throw new ArgumentError(
      `width must be a list of two levels at least, inputs first, such as [2, 5, 1], got ${JSON.stringify(width)}.`
    );
  return width.map((level, l) => {
    const pair: unknown = typeof level === "number" ? [level, 0] : level;
    if (!Array.isArray(pair) || pair.length !== 2)
      throw new ArgumentError(
        `width[${l}] must be a number of nodes, or [those that add, those that multiply], got ${JSON.stringify(level)}.`
      );
    const [sum, products] = pair as [number, number | readonly number[]];
    const arities = typeof products === "number" ? undefined : products;
    const multiply = arities?.length ?? (products as number);
    arities?.forEach((each, i) => {
      checkCount(`width[${l}][1][${i}], what a node multiplies,`, each, 2);
    });
    checkCount(`width[${l}]`, sum, 0);
    checkCount(`width[${l}][1]`, multiply, 0);
    if (sum + multiply === 0) throw new ArgumentError(`width[${l}] must have a node at least, got none.`);
    if (l === 0 && multiply > 0)
      throw new ArgumentError(`width[0] are the inputs: they cannot multiply, got ${multiply} that should.`);
    return {sum, multiply, ...(arities && {arities})};
  });
}
