// Regularisation of pykan: an L1 norm and entropies of how strong edges or nodes are, by one of five measures, and norms of
// coefficients and of their differences. With gradients, all of them true ones (pykan stops some at deviations).
import type {KanLayer, KanLevel, KanNetwork} from "../network.ts";
import {nodeCount} from "../network.ts";
import type {Spread} from "./backward.ts";
import {deviationsOf, intoGains, slopesLike} from "./deviations.ts";
import type {LayerParameters} from "./parameters.ts";
import type {Pass} from "./pass.ts";
import {diagonal, meanOfRows, type Scores, scoresBackward, scoresBelow} from "./scores.ts";

/**
 * What a penalty measures, by pykan's names: the deviation of an edge's numeric part, of all of it, each over its input's
 * ("spline_n", "sum"), the deviation itself ("spline_u"), or what attribution says of edges or nodes ("backward").
 */
export type KanMetric =
  | "edge_forward_spline_n"
  | "edge_forward_sum"
  | "edge_forward_spline_u"
  | "edge_backward"
  | "node_backward";

/** Weights of the parts of a penalty; `lamb` multiplies all of them. */
export interface KanPenalty {
  /** 0 by default: no penalty. */
  lamb?: number;
  /** Of the sum of strengths, 1 by default. */
  lambL1?: number;
  /** Of the entropies of strengths, over the edges from a node and over those into one, 2 by default. */
  lambEntropy?: number;
  /** Of the mean absolute coefficients, 0 by default. */
  lambCoef?: number;
  /** Of the mean absolute differences of neighbouring coefficients, 0 by default. */
  lambCoefDiff?: number;
  /** What strength is, "edge_forward_spline_n" by default. */
  metric?: KanMetric;
}

/** The metrics. */
export const METRICS: readonly KanMetric[] = [
  "edge_forward_spline_n",
  "edge_forward_sum",
  "edge_forward_spline_u",
  "edge_backward",
  "node_backward"
];

/** Added to an input's deviation before a strength is divided by it. */
const LEAST_INPUT = 0.1;

/** Added to a share before its logarithm. */
const LEAST_SHARE = 1e-4;

/** Strengths as a matrix, with room for derivatives. */
interface Matrix {
  readonly values: Float64Array;
  readonly rows: number;
  readonly slopes: Float64Array;
}

/** The value of a penalty on activations, without `lamb`, after a forward pass that kept edges; gains for `backward`, times `weight`. */
export function activationPenalty(
  network: KanNetwork,
  pass: Pass,
  {lambL1 = 1, lambEntropy = 2, metric = "edge_forward_spline_n"}: KanPenalty,
  weight: number
): {value: number; spreads: Spread[]} {
  const spreads = deviationsOf(network, pass);
  const slopes = spreads.map(slopesLike);
  const strengths = strengthsOf(network, spreads, metric);
  let value = 0;
  for (const matrix of strengths.matrices) {
    value += strengthPenalty(matrix, lambL1, lambEntropy);
    for (let i = 0; i < matrix.slopes.length; ++i) matrix.slopes[i] = (matrix.slopes[i] as number) * weight;
  }
  strengths.backward(slopes);
  for (const [l, own] of slopes.entries()) intoGains(own, spreads[l] as Spread, pass.samples);
  return {value, spreads: slopes};
}

/** The value of a penalty on coefficients, without `lamb`; its gradient times `weight` is added to `gradient`. */
export function coefficientPenalty(
  network: KanNetwork,
  {lambCoef = 0, lambCoefDiff = 0}: KanPenalty,
  gradient: readonly LayerParameters[],
  weight: number
): number {
  let value = 0;
  for (const [l, {coefficients, outputs, intervals}] of network.layers.entries()) {
    const {coefficients: slopes} = gradient[l] as LayerParameters;
    const each = intervals + network.order;
    for (let c = 0; c < coefficients.length; ++c) {
      const own = coefficients[c] as number;
      value += (lambCoef * Math.abs(own)) / outputs;
      slopes[c] = (slopes[c] as number) + (weight * lambCoef * Math.sign(own)) / outputs;
      if ((c + 1) % each === 0) continue;
      const rise = (coefficients[c + 1] as number) - own;
      value += (lambCoefDiff * Math.abs(rise)) / outputs;
      const slope = (weight * lambCoefDiff * Math.sign(rise)) / outputs;
      slopes[c] = (slopes[c] as number) - slope;
      slopes[c + 1] = (slopes[c + 1] as number) + slope;
    }
  }
  return value;
}

/** L1 and entropies of strengths; writes the derivatives. */
function strengthPenalty({values, rows, slopes}: Matrix, lambL1: number, lambEntropy: number): number {
  const columns = values.length / rows;
  let value = 0;
  for (let i = 0; i < values.length; ++i) {
    value += lambL1 * (values[i] as number);
    slopes[i] = lambL1;
  }
  for (let row = 0; row < rows; ++row) {
    const line = {start: row * columns, stride: 1, count: columns};
    value += entropy(values, line, lambEntropy / rows, slopes);
  }
  for (let column = 0; column < columns; ++column) {
    const line = {start: column, stride: columns, count: rows};
    value += entropy(values, line, lambEntropy / columns, slopes);
  }
  return value;
}

/** -weight sum p log2(p + 1e-4) with p = v / (sum v + 1) along a line of a matrix; adds the derivatives by v to `slopes`. */
function entropy(
  values: Float64Array,
  {start, stride, count}: {start: number; stride: number; count: number},
  weight: number,
  slopes: Float64Array
): number {
  let total = 1;
  for (let i = 0; i < count; ++i) total += values[start + i * stride] as number;
  let value = 0;
  let mean = 0;
  for (let i = 0; i < count; ++i) {
    const share = (values[start + i * stride] as number) / total;
    value -= weight * share * Math.log2(share + LEAST_SHARE);
    mean += share * entropySlope(share);
  }
  for (let i = 0; i < count; ++i) {
    const at = start + i * stride;
    const slope = entropySlope((values[at] as number) / total) - mean;
    slopes[at] = (slopes[at] as number) + (weight * slope) / total;
  }
  return value;
}

/** d/dp of -p log2(p + 1e-4). */
function entropySlope(share: number): number {
  const raised = share + LEAST_SHARE;
  return -(Math.log2(raised) + share / (raised * Math.LN2));
}

/** Strengths, and how derivatives by them become derivatives by deviations. */
interface Strengths {
  matrices: Matrix[];
  backward(into: readonly Spread[]): void;
}

function strengthsOf(network: KanNetwork, spreads: readonly Spread[], metric: KanMetric): Strengths {
  if (metric === "edge_backward") return edgeScores(network, spreads);
  if (metric === "node_backward") return nodeScores(network, spreads);
  const part = metric === "edge_forward_spline_n" ? "numeric" : "whole";
  const isRelative = metric !== "edge_forward_spline_u";
  const matrices = spreads.map((spread) => {
    const rows = spread.input.length;
    const outputs = spread[part].length / rows;
    const values = spread[part].map((each, e) =>
      isRelative ? each / inputWidth(spread, Math.floor(e / outputs)) : each
    );
    return {values, rows, slopes: new Float64Array(values.length)};
  });
  const backward = (into: readonly Spread[]) => {
    for (const [l, {values, rows, slopes}] of matrices.entries()) {
      const [spread, own] = [spreads[l] as Spread, into[l] as Spread];
      for (let e = 0; e < values.length; ++e) {
        const i = Math.floor((e * rows) / values.length);
        const width = isRelative ? inputWidth(spread, i) : 1;
        const slope = (slopes[e] as number) / width;
        own[part][e] = (own[part][e] as number) + slope;
        if (isRelative) own.input[i] = (own.input[i] as number) - slope * (values[e] as number);
      }
    }
  };
  return {matrices, backward};
}

function inputWidth(spread: Spread, input: number): number {
  return (spread.input[input] as number) + LEAST_INPUT;
}

/** Scores with every output worth 1. */
export function outputScores(network: KanNetwork, spreads: readonly Spread[]): Scores {
  const top = network.layers.length;
  const worth = new Float64Array(nodeCount(network.levels[top] as KanLevel)).fill(1);
  return scoresBelow(network, spreads, top, diagonal(worth));
}

function edgeScores(network: KanNetwork, spreads: readonly Spread[]): Strengths {
  const scores = outputScores(network, spreads);
  const matrices = scores.edges.map((edges, l) => {
    const values = meanOfRows(edges, scores.rows);
    return {values, rows: (network.layers[l] as KanLayer).inputs, slopes: new Float64Array(values.length)};
  });
  const backward = (into: readonly Spread[]) => {
    const edges = matrices.map(({slopes}) => repeated(slopes, scores.rows));
    scoresBackward(network, spreads, scores, {edges}, into);
  };
  return {matrices, backward};
}

/** For each level above the inputs, what each of its nodes owes to each input, weighted by what the node is worth. */
function nodeScores(network: KanNetwork, spreads: readonly Spread[]): Strengths {
  const scores = outputScores(network, spreads);
  const levels = network.layers.map((_, l) => {
    const worth = meanOfRows(scores.nodes[l + 1] as Float64Array, scores.rows);
    return scoresBelow(network, spreads, l + 1, diagonal(worth));
  });
  const matrices = levels.map(({nodes, rows}) => {
    const values = nodes[0] as Float64Array;
    return {values, rows, slopes: new Float64Array(values.length)};
  });
  const backward = (into: readonly Spread[]) => {
    const nodes: (Float64Array | undefined)[] = [undefined];
    for (const [l, own] of levels.entries()) {
      const slopes = scoresBackward(network, spreads, own, {nodes: [matrices[l]?.slopes]}, into);
      const worth = Float64Array.from({length: own.rows}, (_, i) => slopes[i * (own.rows + 1)] as number);
      nodes.push(repeated(worth, scores.rows));
    }
    scoresBackward(network, spreads, scores, {nodes}, into);
  };
  return {matrices, backward};
}

/** Derivatives by a mean of rows as derivatives by each row. */
function repeated(slopes: Float64Array, rows: number): Float64Array {
  const out = new Float64Array(slopes.length * rows);
  for (let row = 0; row < rows; ++row)
    out.set(
      slopes.map((slope) => slope / rows),
      row * slopes.length
    );
  return out;
}
